"""Luminance of every sample: surfaces, windows, shadows, lamps, air and sky.

Works on the buffer of face numbers. Arrays are planar and flat (one value a sample); everything
is in cd/m².
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isthmus.synth import texture
from isthmus.synth.conditions import Light
from isthmus.synth.mesh import Floats, Material
from isthmus.synth.render.raster import FAR, Faces
from isthmus.synth.render.samples import Samples
from isthmus.synth.scene import Scene

HEADLAMP_CD = 8000.0
LAMP_LUX = 22.0
EMISSION = {
    Material.HEADLAMP: np.array([26000, 25000, 21000]),
    Material.TAILLAMP: np.array([140, 3, 2]),
    Material.STREETLAMP: np.array([9000, 7000, 4200]),
    Material.SIGNAL: np.array([60, 60, 60]),
}
WINDOW_CD = np.array([6.5, 4.6, 2.1])


def radiance(
    scene: Scene, faces: Faces, samples: Samples, light: Light, *,
    shadow: tuple[Floats, Floats], shaded: NDArray[np.bool_],
) -> list[Floats]:  # fmt: skip
    """Luminance of R, G and B at each sample, before the air.

    Args:
        scene, faces, samples: geometry.
        light: condition.
        shadow: shares 0–1 by which sun and sky are kept from the ground at each sample.
        shaded: (faces,) faces of actors that stand in a house's shadow.
    """
    face_light, face_gloss = _face_light(faces, light, shaded)
    grain = _grain(scene, samples)
    number = samples.number
    ground = np.flatnonzero(np.take(np.concatenate([[False], faces.ground]), number))
    blocked_sun, blocked_sky = shadow[0][ground], shadow[1][ground]
    glow = _lamp_light(scene, faces, samples) if light.lamps else None
    windows = _windows(scene, faces, samples, light)
    planes = []
    for c in range(3):
        colour = np.concatenate([[0], faces.mesh.colour[:, c]]).astype(np.float32)
        albedo = np.take(colour, number) * grain
        incoming = np.take(np.concatenate([[0], face_light[:, c]]).astype(np.float32), number)
        sky = light.sky[c]
        sun = light.sun[c] * max(float(light.direction[1]), 0.0)
        incoming[ground] = sky * (1 - blocked_sky) + sun * (1 - blocked_sun)
        if glow is not None:
            incoming += glow[c]
        plane = albedo * incoming / np.float32(np.pi)
        plane += np.take(np.concatenate([[0], face_gloss[:, c]]).astype(np.float32), number)
        where, glass, lit, cover = windows
        plane[where] = plane[where] * (1 - cover) + cover * (glass[c] + lit[c])
        planes.append(plane)
    if light.lamps:
        _emit(faces, samples, planes)
    return planes


def _face_light(faces: Faces, light: Light, shaded: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Illuminance (n, 3) and mirrored luminance (n, 3) of each face."""
    up = faces.normal[:, 1:2]
    facing_sun = np.clip(faces.normal @ light.direction, 0, None)[:, None]
    facing_sun = np.where(shaded[:, None], 0.0, facing_sun)
    bodies = np.isin(faces.mesh.material, (Material.LEAF,)) | (faces.actor >= 0)
    # Round things turn part of their surface to the sun whatever their outline does.
    facing_sun = np.where(bodies[:, None] & ~shaded[:, None], 0.75 * facing_sun + 0.12, facing_sun)
    total = light.sky + light.sun * max(float(light.direction[1]), 0.0)
    bounce = 0.22 * total * (0.5 - 0.5 * up)
    illuminance = light.sky * (0.55 + 0.45 * up) + bounce + light.sun * facing_sun
    mirror = np.zeros(len(up))
    material = faces.mesh.material
    mirror[material == Material.GLASS] = 0.16
    mirror[material == Material.PAINT] = 0.035
    steep = 0.35 + 0.65 * np.clip(up[:, 0], 0, 1)
    gloss = (mirror * steep)[:, None] * (0.4 * light.zenith + 0.6 * light.horizon)
    return illuminance.astype(np.float32), gloss.astype(np.float32)


def _grain(scene: Scene, samples: Samples) -> Floats:
    """Factor on albedo: asphalt, paving joints, grass, brick, leaves."""
    fine, coarse = texture.tile("fine", 0.4), texture.tile("coarse", 1.4)
    factor = np.ones(len(samples.number), np.float32)
    material = samples.material
    along = scene.travelled
    fade = 12 / (12 + samples.depth)

    def at(*kinds: Material) -> NDArray[np.intp]:
        return np.flatnonzero(np.isin(material, kinds))

    i = np.flatnonzero((material >= Material.ASPHALT) & (material <= Material.MARKING))
    x, z = samples.x[i], samples.z[i] + along
    factor[i] += 0.13 * fade[i] * texture.sample(fine, x, z, 24)
    factor[i] += 0.06 * texture.sample(coarse, x + 40, z, 5)
    i = at(Material.ASPHALT)
    # Wheel tracks are worn smooth and a little lighter.
    lane = scene.street.lane
    track = np.abs(np.abs(np.abs(samples.x[i]) - 0.5 * lane) - 0.75)
    factor[i] += 0.07 * np.clip(1 - track / 0.4, 0, 1)
    i = at(Material.PAVING)
    joint = ((samples.z[i] + along) % 0.9 < 0.05) | (samples.x[i] % 0.6 < 0.035)
    factor[i] -= 0.3 * fade[i] * joint
    i = at(Material.WALL, Material.ROOF)
    across, up = samples.z[i] + along + samples.x[i], samples.y[i]
    factor[i] += 0.07 * texture.sample(coarse, across, up, 6)
    factor[i] += 0.06 * fade[i] * texture.sample(fine, across, up, 14)
    i = at(Material.LEAF)
    across = samples.z[i] + along + samples.x[i]
    factor[i] += 0.32 * texture.sample(fine, across, samples.y[i], 7)
    i = at(Material.GRASS)
    factor[i] += 0.12 * texture.sample(coarse, samples.x[i], samples.z[i] + along, 2)
    return np.clip(factor, 0.25, 1.9)


def _windows(
    scene: Scene, faces: Faces, samples: Samples, light: Light
) -> tuple[NDArray[np.intp], list[Floats], list[Floats], Floats]:
    """Where façades have glass: indices, mirrored sky and inner light (3 each), cover 0–1."""
    i = np.flatnonzero(samples.material == Material.WALL)
    face = samples.number[i] - 1
    floor_height, spacing, width, height, base, shop, house = (
        np.take(faces.mesh.pattern[:, k], face) for k in range(7)
    )
    facing_x = np.abs(np.take(faces.normal[:, 0], face)) > 0.5
    across = np.where(facing_x, samples.z[i] + np.float32(scene.travelled), samples.x[i])
    up = samples.y[i] - base - 0.6 * shop
    u, v = across / np.maximum(spacing, 0.5), up / np.maximum(floor_height, 1.0)
    column, row = np.floor(u).astype(np.int32), np.floor(v).astype(np.int32)
    fu, fv = np.abs(u - column - 0.5), v - row
    ground = (row <= 0) & (shop > 0)
    half = np.where(ground, np.float32(0.46), 0.5 * width)
    low, high = np.where(ground, 0.06, 0.28), np.where(ground, 0.72, 0.28 + height)
    # Edges are smoothed over a pixel's width; cells under two pixels are left out.
    pixel = scene.view.focal / np.maximum(samples.depth[i], 1)
    slant = np.maximum(np.take(_slant(faces), face), 0.05)
    wide, tall = spacing * pixel * np.where(facing_x, slant, 1), floor_height * pixel
    cover = np.clip((half - fu) * wide + 0.5, 0, 1)
    cover *= np.clip((fv - low) * tall + 0.5, 0, 1) * np.clip((high - fv) * tall + 0.5, 0, 1)
    cover *= np.clip((wide - 1.2) / 4, 0, 1) * (up > -0.5)
    number = house.astype(np.int32)
    # Side walls have few windows.
    cover *= facing_x | (texture.scramble(number, row, column) < 0.35)
    frame = ((fu > half - 0.035) | (fv > high - 0.03) | (fu < 0.018)) & ~ground
    chance = texture.scramble(column, row, number)
    tone = np.where(frame, 0.5, 0.05 + 0.25 * chance * (0.4 + 0.6 * fv))
    mirrored = 0.45 * light.horizon + 0.55 * light.zenith + 0.06 * light.sun / np.pi
    glass = [(tone * mirrored[c]).astype(np.float32) for c in range(3)]
    shining = (chance * 7.3) % 1 < np.where(ground, 2.2 * light.lit_windows, light.lit_windows)
    level = np.where(shining & ~frame, 0.35 + chance, 0.0) * (light.lit_windows > 0)
    tint = np.where(ground, 1.5, 1.0)
    lit = [(level * tint * WINDOW_CD[c]).astype(np.float32) for c in range(3)]
    return i, glass, lit, cover.astype(np.float32)


def _slant(faces: Faces) -> Floats:
    """(n,) how much a wall along the street is foreshortened: cosine to the line of sight."""
    middle = faces.mesh.points.mean(axis=1)
    sight = middle / np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-6)
    return np.asarray(np.abs((faces.normal * sight).sum(axis=1)), np.float32)


def _lamp_light(scene: Scene, faces: Faces, samples: Samples) -> list[Floats]:
    """Illuminance by street lamps and by one's own headlamps, RGB."""
    street = scene.street
    total = np.zeros(len(samples.number), np.float32)
    heads = np.array(scene.lamps, np.float32).reshape(-1, 2)
    height2 = np.float32(6.0**2)
    near = np.flatnonzero((samples.depth < 170) & (samples.number > 0))
    x, y, z = samples.x[near], samples.y[near], samples.z[near]
    pool = np.zeros(len(near), np.float32)
    if len(heads):
        # The nearest lamp on each side gives nearly all of the light.
        for side in (0, 1):
            row = heads[side::2]
            if not len(row):
                continue
            edges = 0.5 * (row[1:, 1] + row[:-1, 1])
            nearest = np.searchsorted(edges, z)
            away = (x - np.take(row[:, 0], nearest)) ** 2 + (z - np.take(row[:, 1], nearest)) ** 2
            drop = np.clip(6.6 - y, 0.5, 6.6) ** 2
            pool += LAMP_LUX * height2 * height2 / (away + drop + 1) ** 2 * np.minimum(drop / 8, 1)
    total[near] = pool
    # Low beam: broad, cut off a little below the horizon, brightest ahead.
    sideways = np.arctan2(samples.x - scene.view.position[0], np.maximum(samples.z, 1))
    rise = (
        (samples.y - 0.65) / np.maximum(samples.z, 1)
        + 0.012
        - 0.03 * np.clip(sideways * street.drive, 0, 0.4)
    )
    beam = np.exp(-((sideways / 0.38) ** 2)) / (1 + np.exp(np.clip(rise / 0.008, -30, 30)))
    beam += 0.035 * np.exp(-((sideways / 0.6) ** 2))
    table = np.concatenate([[0.0], np.clip(-faces.normal[:, 2], 0.0, 1)]).astype(np.float32)
    facing = np.take(table, samples.number)
    ground = np.take(np.concatenate([[False], faces.ground]), samples.number)
    facing = np.where(ground, np.clip(0.9 / np.maximum(samples.z, 2), 0, 0.25), facing)
    own = HEADLAMP_CD * beam * facing / np.maximum(samples.z, 2.5) ** 2
    own = np.minimum(own, 45) * (samples.number > 0)
    return [
        (total * warm + own * white).astype(np.float32)
        for warm, white in ((1.15, 1.0), (0.85, 0.97), (0.5, 0.85))
    ]


def _emit(faces: Faces, samples: Samples, planes: list[Floats]) -> None:
    material = samples.material
    for kind, power in EMISSION.items():
        i = np.flatnonzero(material == kind)
        if not len(i):
            continue
        # A lamp shines along its axis: seen from aside it is weak.
        table = np.concatenate([[0.0], np.clip(-faces.normal[:, 2], 0.03, 1) ** 2])
        strength = np.take(table.astype(np.float32), samples.number[i])
        if kind == Material.SIGNAL:
            for c in range(3):
                table = np.concatenate([[0.0], faces.mesh.colour[:, c]]).astype(np.float32)
                planes[c][i] = power[c] * np.take(table, samples.number[i])
        else:
            for c in range(3):
                planes[c][i] += strength * power[c]


def add_air(planes: list[Floats], samples: Samples, light: Light) -> None:
    """Koschmieder's law in place: L = L₀ t + A (1 − t), t = exp(−β · distance)."""
    solid = samples.number > 0
    distance = np.where(solid, samples.depth, FAR) * samples.stretch
    through = np.exp(-light.extinction * distance)
    for c in range(3):
        seen = planes[c] * through + light.airlight[c] * (1 - through)
        planes[c] = np.where(solid, seen, planes[c])


def add_sky(planes: list[Floats], samples: Samples, scene: Scene, light: Light) -> None:
    """Gradient, clouds and the sun's halo wherever no face is seen, in place."""
    i = np.flatnonzero(samples.number == 0)
    if not len(i):
        return
    far = samples.depth[i] * samples.stretch[i]
    dx, dy, dz = (
        ((axis[i] - offset) / far).astype(np.float32)
        for axis, offset in zip((samples.x, samples.y, samples.z), scene.view.position, strict=True)
    )
    rise = np.clip(dy, 0, 1).astype(np.float32)
    blend = (1 - rise) ** 5
    cover = np.zeros(len(i), np.float32)
    foggy = light.visibility < 1000
    if light.clouds > 0.05 and not foggy:
        flat = np.float32(1) / (rise + np.float32(0.14))
        shift = np.float32(10 * (scene.street.place % 100))
        noise = texture.tile("cloud", 1.7)
        density = texture.sample(noise, dx * flat + shift, dz * flat, 30)
        density += 0.35 * texture.sample(
            texture.tile("wisp", 1.2), dx * flat, dz * flat + shift, 90
        )
        cover = np.clip((density + 2.2 * light.clouds - 1.3) * 0.8, 0, 1)
    towards = np.clip(dx * light.direction[0] + dy * light.direction[1] + dz * light.direction[2],
                      0, 1)  # fmt: skip
    halo = towards**64 * 0.5 + towards**8 * 0.12
    for c in range(3):
        base = light.zenith[c] * (1 - blend) + light.horizon[c] * blend
        base = base + halo * light.sun[c] / np.pi * 0.8
        grey = (light.sky[c] / np.pi * 1.5 + light.sun[c] * 0.09) * (0.75 + 0.25 * (1 - cover))
        planes[c][i] = base * (1 - cover) + np.minimum(grey, grey * 0.9 + 1e9) * cover
