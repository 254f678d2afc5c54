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
SHARP = 0.5
"""Roughness up to which mirrored light is the business of `mirrors`."""


class Lights(NamedTuple):
    """Constants of a scene's light.

    Attributes:
        sun: (3,) towards the sun. sun_lux: (3,).
        ground_sun, ground_sky: (3,) illuminance of open ground, lux.
        lamps: (k, 12) place 0–2, axis 3–5, cd 6–8, exponent of the cosine 9 (0: all round),
            squared reach 10 (m²), 1 for a low beam 11.
    """

    sun: Floats
    sun_lux: Floats
    ground_sun: Floats
    ground_sky: Floats
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
def direct(surfaces, i, to_light, lux, out):  # type: ignore[no-untyped-def]
    """Add to out[i] the luminance by light of `lux` (3,) on a surface facing `to_light` (3,)."""
    n, v, finish = surfaces.normal, surfaces.sight, surfaces.finish
    nl = n[i, 0] * to_light[0] + n[i, 1] * to_light[1] + n[i, 2] * to_light[2]
    nv = max(n[i, 0] * v[i, 0] + n[i, 1] * v[i, 1] + n[i, 2] * v[i, 2], 0.02)
    if nl <= 0:
        if finish[i, 3] > 0:  # through a leaf
            for c in range(3):
                tint = (0.45, 0.5, 0.2)[c]
                out[i, c] += -nl * lux[c] * tint * surfaces.albedo[i, c] / np.pi
        return
    hx, hy, hz = to_light[0] + v[i, 0], to_light[1] + v[i, 1], to_light[2] + v[i, 2]
    length = np.sqrt(hx * hx + hy * hy + hz * hz) + 1e-9
    nh = min(max((n[i, 0] * hx + n[i, 1] * hy + n[i, 2] * hz) / length, 0.0), 1.0)
    vh = min(max((v[i, 0] * hx + v[i, 1] * hy + v[i, 2] * hz) / length, 0.0), 1.0)
    fresnel = (1 - vh) ** 5
    alpha = max(finish[i, 0] * finish[i, 0], 0.012)
    gloss = _ggx(nh, alpha) * _visible(nl, nv, alpha)
    metal, coat = finish[i, 1], finish[i, 2]
    f_coat = (0.04 + 0.96 * fresnel) * coat
    smooth = max(finish[i, 4] * finish[i, 4], 0.012)
    clear = f_coat * _ggx(nh, smooth) * _visible(nl, nv, smooth)
    for c in range(3):
        f0 = 0.04 * (1 - metal) + surfaces.albedo[i, c] * metal
        f = f0 + (1 - f0) * fresnel
        under = (1 - metal) * (1 - f) * surfaces.albedo[i, c] / np.pi + f * gloss
        out[i, c] += nl * lux[c] * (under * (1 - f_coat) + clear)


@njit(cache=True, nogil=True, error_model="numpy")
def sun_light(surfaces, pane, lit, open_sky, lights, out):  # type: ignore[no-untyped-def]
    """Luminance (n, 3) by the sun, at first hand and from the street."""
    lux = np.empty(3)
    for i in range(len(surfaces.place)):
        for c in range(3):
            lux[c] = lights.sun_lux[c] * lit[i] * (0.75 if pane[i] == 2 else 1.0)
        if lit[i] > 0:
            direct(surfaces, i, lights.sun, lux, out)
        up = surfaces.normal[i, 1]
        around = BOUNCE * (0.55 * (0.5 - 0.5 * up) + 0.28 * (1 - open_sky[i])) * 0.6
        if pane[i] == 2:
            around *= 0.35
        for c in range(3):
            body = surfaces.albedo[i, c] * (1 - surfaces.finish[i, 1]) / np.pi
            out[i, c] += body * around * lights.ground_sun[c]


@njit(cache=True, nogil=True, error_model="numpy")
def sky_light(surfaces, pane, open_sky, sky_map, lights, out):  # type: ignore[no-untyped-def]
    """Luminance (n, 3) by the sky: from its dome, from the street, and the gloss of rough stuff."""
    levels, irradiance = sky_map
    _, rows, columns, _ = levels.shape
    for i in range(len(surfaces.place)):
        nx, ny, nz = surfaces.normal[i, 0], surfaces.normal[i, 1], surfaces.normal[i, 2]
        vx, vy, vz = surfaces.sight[i, 0], surfaces.sight[i, 1], surfaces.sight[i, 2]
        row = min(max(np.int64((np.arcsin(min(max(ny, -1.0), 1.0)) / np.pi + 0.5) * 16), 0), 15)
        column = np.int64((np.arctan2(nx, nz) / (2 * np.pi)) * 32) % 32
        seen = open_sky[i] * (0.45 if pane[i] == 2 else 1.0)
        around = BOUNCE * (0.55 * (0.5 - 0.5 * ny) + 0.5 * (1 - open_sky[i]))
        if pane[i] == 2:
            around *= 0.5
        nv = max(nx * vx + ny * vy + nz * vz, 0.0)
        rough, metal, coat = surfaces.finish[i, 0], surfaces.finish[i, 1], surfaces.finish[i, 2]
        schlick = (1 - nv) ** 5
        f_coat = (0.04 + 0.96 * schlick) * coat
        # The most blurred sky along the mirrored direction is enough for what is rough.
        ry, gloss = 2 * nv * ny - vy, rough >= SHARP
        free = min(max((ry + 0.15) / 0.4, 0.0), 1.0) * seen
        r = min(np.int64(np.arcsin(min(max(ry, 0.0), 1.0)) * (2 / np.pi) * rows), rows - 1)
        s = np.int64(np.arctan2(2 * nv * nx - vx, 2 * nv * nz - vz) * (0.5 / np.pi) * columns)
        for c in range(3):
            lux = irradiance[row, column, c] * seen + around * lights.ground_sky[c]
            f0 = 0.04 * (1 - metal) + surfaces.albedo[i, c] * metal
            f = f0 + (max(1 - rough, f0) - f0) * schlick
            light = (1 - metal) * (1 - f) * surfaces.albedo[i, c] * lux / np.pi
            if gloss:
                street = BOUNCE * 0.6 * lights.ground_sky[c] / np.pi
                light += f * (levels[3, r, s % columns, c] * free + street * (1 - free))
            out[i, c] += light * (1 - f_coat)


@njit(cache=True, nogil=True, error_model="numpy")
def _beam(x, y, z):  # type: ignore[no-untyped-def]
    """Low beam's share of its peak towards (right, up, ahead): broad, cut off at the horizon."""
    if z <= 0.05:
        return 0.0
    across, up = np.arctan2(x, z), y / np.sqrt(x * x + z * z)
    edge = -0.010 + min(max(across, 0.0), 0.26) * 0.14
    cut = 1 / (1 + np.exp(min(max((up - edge) / 0.004, -30.0), 30.0)))
    fall = np.exp(-((min(up - edge, 0.0) / 0.10) ** 2))
    spot = np.exp(-((across / 0.16) ** 2)) * np.exp(-(((up + 0.02) / 0.035) ** 2))
    wide = np.exp(-((across / 0.55) ** 2)) * fall
    return cut * (0.75 * spot + 0.25 * wide) + 0.004 * wide


@njit(cache=True, nogil=True, error_model="numpy")
def lamp_light(surfaces, pane, open_sky, lights, out):  # type: ignore[no-untyped-def]
    """Luminance (n, 3) by lamps and by what shines itself."""
    towards, lux = np.empty(3), np.empty(3)
    lamps = lights.lamps
    for i in range(len(surfaces.place)):
        facing = 0.0
        for c in range(3):
            facing += surfaces.normal[i, c] * surfaces.sight[i, c]
        for c in range(3):
            out[i, c] += surfaces.emission[i, c] * (0.25 + 0.75 * max(facing, 0.0))
        for k in range(len(lamps)):
            square = 0.0
            for c in range(3):
                towards[c] = lamps[k, c] - surfaces.place[i, c]
                square += towards[c] * towards[c]
            if square > lamps[k, 10]:
                continue
            distance = np.sqrt(square) + 1e-6
            ahead = 0.0
            for c in range(3):
                towards[c] /= distance
                ahead -= towards[c] * lamps[k, 3 + c]
            if lamps[k, 11] > 0:
                side = lamps[k, 5] * -towards[0] - lamps[k, 3] * -towards[2]
                share = _beam(side, -towards[1], ahead)
            elif lamps[k, 9] > 0:
                share = max(ahead, 0.0) ** lamps[k, 9]
            else:
                share = 1.0
            if share < 1e-4:
                continue
            for c in range(3):
                lux[c] = share * lamps[k, 6 + c] / max(square, 0.05)
                lux[c] *= 0.3 if pane[i] == 2 else min(0.25 + 1.5 * open_sky[i], 1.0)
            direct(surfaces, i, towards, lux, out)


@njit(cache=True, nogil=True, error_model="numpy")
def resolve(fragments, values, first_pixel, out):  # type: ignore[no-untyped-def]
    """Add fragments' values (n, 3), by weight, to pixels (p, 3) that begin at `first_pixel`."""
    for i in range(len(values)):
        for c in range(3):
            out[fragments.pixel[i] - first_pixel, c] += fragments.weight[i] * values[i, c]
