"""Light on surfaces: Lambert, GGX highlights, clear coat, mirrored sky, lamps.

Reflectance after Walter et al. 2007 (GGX) with Schlick's Fresnel term; units are lux in and cd/m²
out. What the sky cannot reach is lit by the street around it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from isthmus.synth.world.mesh import Floats

BOUNCE = 0.18
"""Albedo of the street at large, as a source of light from below and from the sides."""
LEAF = (0.45, 0.5, 0.2)
"""Share of light that falls through a leaf, relative to what it throws back."""
FAINTEST = 0.01
"""Illuminance, lux, that is let go."""
SHARP = 0.3
"""Roughness up to which mirrored light is the business of `mirrors`."""


class Lights(NamedTuple):
    """Constants of a scene's light.

    Attributes:
        sun: (3,) towards the sun. sun_lux: (3,).
        ground_sun, ground_sky: (3,) illuminance of open ground, lux.
        levels, harmonics: see `SkyMap`.
        lamps: (k, 12) place 0–2, axis 3–5, cd 6–8, narrowness 9 (0: all round), squared
            reach 10 (m²), 1 or 2 for a low beam 11
            (2: the camera car's own).
    """

    sun: Floats
    sun_lux: Floats
    ground_sun: Floats
    ground_sky: Floats
    levels: Floats
    harmonics: Floats
    lamps: Floats


@njit(cache=True, nogil=True, error_model="numpy")
def _ggx(cosine_h, alpha):  # type: ignore[no-untyped-def]
    a2 = alpha * alpha
    t = cosine_h * cosine_h * (a2 - 1) + 1
    return a2 / (np.pi * t * t)


@njit(cache=True, nogil=True, error_model="numpy")
def _visible(nl, nv, alpha):  # type: ignore[no-untyped-def]
    """Smith's shadowing over 4·nl·nv (Hammon's approximation)."""
    return 0.5 / (alpha * (nl + nv) + (1 - alpha) * 2 * nl * nv + 1e-6)


@njit(cache=True, nogil=True, error_model="numpy")
def _lobes(nl, nv, nh, vh, finish):  # type: ignore[no-untyped-def]
    """Weights of a surface's answer to light: (body, gloss, Fresnel's part of it, coat).

    Luminance per lux, before nl: albedo·body + f0·gloss + (1 − f0)·edge + coat. `finish` is
    (roughness, metallic, coat, the coat's roughness).
    """
    rough, metal, coat, coat_rough = finish
    body = (1 - metal) / np.pi
    if coat <= 0 and rough > 0.8:  # chalky: no highlight to speak of
        return body, 0.0, 0.0, 0.0
    q = 1 - vh
    fresnel = q * q * q * q * q
    alpha = max(rough * rough, 0.012)
    gloss = _ggx(nh, alpha) * _visible(nl, nv, alpha)
    clear, under = 0.0, 1.0
    if coat > 0:
        f_coat = (0.04 + 0.96 * fresnel) * coat
        smooth = max(coat_rough * coat_rough, 0.012)
        clear = f_coat * _ggx(nh, smooth) * _visible(nl, nv, smooth)
        under = 1 - f_coat
    body *= under * (1 - 0.04 - 0.96 * fresnel)
    gloss *= under * (1 - coat * (1 - metal))
    return body, gloss * (1 - fresnel), gloss * fresnel, clear


@njit(cache=True, nogil=True, error_model="numpy")
def sun_light(surfaces, pane, sky_and_sun, lights, out):  # type: ignore[no-untyped-def]
    """Luminance (n, 3) by the sun, at first hand and from the street.

    `sky_and_sun` is the shares (n,) of sky and of the sun's disc that are seen.
    """
    place, normal, sight, albedo, finish, _ = surfaces
    open_sky, lit = sky_and_sun
    sun, lux, ground, _, _, _, _ = lights
    sx, sy, sz = sun[0], sun[1], sun[2]
    for i in range(len(place)):
        nx, ny, nz = normal[i, 0], normal[i, 1], normal[i, 2]
        vx, vy, vz = sight[i, 0], sight[i, 1], sight[i, 2]
        metal, leaf = finish[i, 1], finish[i, 3]
        around = BOUNCE * (0.55 * (0.5 - 0.5 * ny) + 0.28 * (1 - open_sky[i])) * 0.6
        share = lit[i] * (0.75 if pane[i] == 2 else 1.0)
        if pane[i] == 2:
            around *= 0.35
        nl = nx * sx + ny * sy + nz * sz
        body, gloss, edge, clear = 0.0, 0.0, 0.0, 0.0
        if nl > 0 and share > 0:
            hx, hy, hz = sx + vx, sy + vy, sz + vz
            length = np.sqrt(hx * hx + hy * hy + hz * hz) + 1e-9
            nh = min(max((nx * hx + ny * hy + nz * hz) / length, 0.0), 1.0)
            vh = min(max((vx * hx + vy * hy + vz * hz) / length, 0.0), 1.0)
            nv = max(nx * vx + ny * vy + nz * vz, 0.02)
            own = (finish[i, 0], metal, finish[i, 2], finish[i, 4])
            body, gloss, edge, clear = _lobes(nl, nv, nh, vh, own)
        through = -nl * leaf * share if nl < 0 else 0.0
        through *= 1 / np.pi
        around *= (1 - metal) * (1 / np.pi)
        for c in range(3):
            a = albedo[i, c]
            f0 = 0.04 * (1 - metal) + a * metal
            light = nl * share * (a * body + f0 * gloss + edge + clear) if nl > 0 else 0.0
            light += through * a * LEAF[c]
            out[i, c] += light * lux[c] + a * around * ground[c]


@njit(cache=True, nogil=True, error_model="numpy")
def _height(y):  # type: ignore[no-untyped-def]
    """arcsin(y) over π/2 for 0–1, 0 below (Abramowitz and Stegun 1964, 4.4.45)."""
    y = min(max(y, 0.0), 1.0)
    poly = 1.5707288 - y * (0.2121144 - y * (0.0742610 - 0.0187293 * y))
    return max(1 - np.sqrt(1 - y) * poly * (2 / np.pi), 0.0)


@njit(cache=True, nogil=True, error_model="numpy")
def _azimuth(x, z):  # type: ignore[no-untyped-def]
    """arctan2(x, z) over 2π, to 0.0006: less than a cell of the sky map (Rajan et al. 2006)."""
    a, b = abs(x), abs(z)
    t = min(a, b) / (max(a, b) + 1e-12)
    angle = t * (0.125 + 0.0434 * (1 - t))
    angle = 0.25 - angle if a > b else angle
    angle = 0.5 - angle if z < 0 else angle
    return -angle if x < 0 else angle


@njit(cache=True, nogil=True, error_model="numpy")
def sky_light(surfaces, pane, open_sky, lights, out):  # type: ignore[no-untyped-def]
    """Luminance (n, 3) by the sky: from its dome, from the street, and the gloss of rough stuff."""
    _, _, _, ground, levels, harmonics, _ = lights
    _, normal, sight, albedo, finish, _ = surfaces
    _, rows, columns, _ = levels.shape
    for i in range(len(albedo)):
        nx, ny, nz = normal[i, 0], normal[i, 1], normal[i, 2]
        vx, vy, vz = sight[i, 0], sight[i, 1], sight[i, 2]
        xy, yz, zz, xz, xx = nx * ny, ny * nz, 3 * nz * nz - 1, nx * nz, nx * nx - ny * ny
        seen = open_sky[i] * (0.45 if pane[i] == 2 else 1.0)
        around = BOUNCE * (0.55 * (0.5 - 0.5 * ny) + 0.5 * (1 - open_sky[i]))
        if pane[i] == 2:
            around *= 0.5
        nv = max(nx * vx + ny * vy + nz * vz, 0.0)
        rough, metal, coat = finish[i, 0], finish[i, 1], finish[i, 2]
        q = 1 - nv
        schlick = q * q * q * q * q
        f_coat = (0.04 + 0.96 * schlick) * coat
        # The most blurred sky along the mirrored direction is enough for what is rough.
        ry, gloss = 2 * nv * ny - vy, rough >= SHARP
        free = min(max((ry + 0.15) / 0.4, 0.0), 1.0) * seen
        r, s = 0, 0
        if gloss:
            r = min(np.int64(_height(ry) * rows), rows - 1)
            s = np.int64(_azimuth(2 * nv * nx - vx, 2 * nv * nz - vz) * columns) % columns
        body, bare = (1 - metal) * (1 / np.pi), 1 - coat * (1 - metal)
        street = BOUNCE * 0.6 / np.pi * (1 - free)
        for c in range(3):
            lux = harmonics[0, c] + ny * harmonics[1, c] + nz * harmonics[2, c]
            lux += nx * harmonics[3, c] + xy * harmonics[4, c] + yz * harmonics[5, c]
            lux += zz * harmonics[6, c] + xz * harmonics[7, c] + xx * harmonics[8, c]
            lux = max(lux, 0.0) * seen + around * ground[c]
            # Under a clear coat or water only metal throws light back unchanged.
            f0 = 0.04 * (1 - metal) + albedo[i, c] * metal
            f = (f0 + (max(1 - rough, f0) - f0) * schlick) * bare
            light = body * (1 - f) * albedo[i, c] * lux
            if gloss:
                light += f * (levels[3, r, s, c] * free + street * ground[c])
            out[i, c] += light * (1 - f_coat)


@njit(cache=True, nogil=True, error_model="numpy")
def low_beam(x, y, z):  # type: ignore[no-untyped-def]
    """Low beam's share of its peak towards (right, up, ahead): broad, cut off at the horizon.

    Shaped as headlamps with a European cut-off are (UN R112): a kink, rising to the right.
    """
    # The housing lets nothing out to the sides, nor on the ground right below.
    fade = min((z - 0.25 * abs(x) - 0.1) / 0.6, 1.0)
    if fade <= 0:
        return 0.0
    fade = fade * fade * (3 - 2 * fade)
    across, up = x / z, y / z
    edge = -0.010 + min(max(across, 0.0), 0.26) * 0.14
    under = (edge - up) / 0.012
    if under < -2:
        return 0.003 * fade  # stray light
    cut = min(max(0.5 + 0.5 * under, 0.0), 1.0)
    cut = cut * cut * (3 - 2 * cut)
    a, b, c = across / 0.20, (up + 0.022) / 0.045, across / 0.65
    d = max(edge - up, 0.0) / 0.14
    spot = 1 / ((1 + a * a) * (1 + a * a) * (1 + b * b) * (1 + b * b))
    wide = 1 / ((1 + c * c) * (1 + c * c) * (1 + d * d) * (1 + d * d))
    return fade * (cut * (0.82 * spot + 0.18 * wide) + 0.003)


@njit(cache=True, nogil=True, error_model="numpy")
def lamp_light(surfaces, pane, open_sky, lamps, out):  # type: ignore[no-untyped-def]
    """Luminance (n, 3) by lamps and by what shines itself."""
    place, normal, sight, albedo, finish, emission = surfaces
    for i in range(len(place)):
        x, y, z = place[i, 0], place[i, 1], place[i, 2]
        nx, ny, nz = normal[i, 0], normal[i, 1], normal[i, 2]
        vx, vy, vz = sight[i, 0], sight[i, 1], sight[i, 2]
        nv = max(nx * vx + ny * vy + nz * vz, 0.02)
        for c in range(3):
            out[i, c] += emission[i, c] * (0.25 + 0.75 * nv)
        metal, leaf = finish[i, 1], finish[i, 3]
        own = (finish[i, 0], metal, finish[i, 2], finish[i, 4])
        free = 0.3 if pane[i] == 2 else min(0.25 + 1.5 * open_sky[i], 1.0)
        for k in range(len(lamps)):
            lx, ly, lz = lamps[k, 0] - x, lamps[k, 1] - y, lamps[k, 2] - z
            square = lx * lx + ly * ly + lz * lz
            nl = nx * lx + ny * ly + nz * lz
            if square > lamps[k, 10] or (nl <= 0 and leaf == 0):
                continue
            distance = np.sqrt(square) + 1e-6
            lx, ly, lz, nl = lx / distance, ly / distance, lz / distance, nl / distance
            ahead = -(lx * lamps[k, 3] + ly * lamps[k, 4] + lz * lamps[k, 5])
            share = 1.0
            if lamps[k, 11] > 0:
                share = low_beam(lamps[k, 3] * lz - lamps[k, 5] * lx, -ly, ahead)
            elif lamps[k, 9] > 0:
                off = (1 - ahead) * lamps[k, 9]
                share = 1 / (1 + off * off * off)
            share *= free / max(square, 0.05)
            if share * lamps[k, 7] < FAINTEST:
                continue
            if nl <= 0:
                for c in range(3):
                    glow = -nl * leaf * share * LEAF[c] / np.pi
                    out[i, c] += glow * albedo[i, c] * lamps[k, 6 + c]
                continue
            hx, hy, hz = lx + vx, ly + vy, lz + vz
            length = np.sqrt(hx * hx + hy * hy + hz * hz) + 1e-9
            nh = min(max((nx * hx + ny * hy + nz * hz) / length, 0.0), 1.0)
            vh = min(max((vx * hx + vy * hy + vz * hz) / length, 0.0), 1.0)
            body, gloss, edge, clear = _lobes(nl, nv, nh, vh, own)
            for c in range(3):
                a = albedo[i, c]
                f0 = 0.04 * (1 - metal) + a * metal
                light = a * body + f0 * gloss + edge + clear
                out[i, c] += nl * share * light * lamps[k, 6 + c]


@njit(cache=True, nogil=True, error_model="numpy")
def resolve(pixel, weight, values, first_pixel, out):  # type: ignore[no-untyped-def]
    """Add fragments' values (n, 3), by weight, to pixels (p, 3) that begin at `first_pixel`."""
    for i in range(len(values)):
        for c in range(3):
            out[pixel[i] - first_pixel, c] += weight[i] * values[i, c]
