"""What each pixel shows at first sight: normals, colours with and without their textures.

From the fast renderer's raster, for the denoiser and for putting textures on.

Mitsuba's own passes of that kind cost many times more without LLVM (per ray and shape).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from isthmus.synth.annotate.threads import spread, thread_count
from isthmus.synth.annotate.triangles import projection_of
from isthmus.synth.render.fast.fragments import Fragments, empty_fragments, gather
from isthmus.synth.render.fast.model import make_model
from isthmus.synth.render.fast.surfaces import dress
from isthmus.synth.render.fast.visibility import SAMPLES, sample
from isthmus.synth.render.fast.weathering import weather
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Scene, Soup

BAND = 24
FAINT, STRONG = 0.05, 16.0
"""Bounds of what detail may make of a plain colour."""


class Guides(NamedTuple):
    """Tables (h, w, 3).

    Attributes:
        plain: colours as the meshes carry them, 0 in the sky.
        normal: in world axes, 0 in the sky.
        detail: by which plain colours become textured, weathered ones; 1 in the sky.
        glow: cd/m² by which what is seen shines itself.
        distance: (h, w) metres, inf in the sky.
        sky: (h, w) the sky's share of pixels.
    """

    plain: Floats
    normal: Floats
    detail: Floats
    glow: Floats
    distance: Floats
    sky: Floats


def guides(scene: Scene, soup: Soup, colour: Floats, threads: int | None = None) -> Guides:
    """Guides of a scene, whose faces have been given plain `colour`s (f, 3)."""
    view = scene.view
    count = threads or thread_count()
    clear = np.array([m.transmission > 0 for m in soup.materials], np.bool_)[soup.material]
    projection = projection_of(view, SAMPLES)
    samples = sample(soup, clear, projection, count)
    model = make_model(soup)
    albedo = np.zeros((view.height, view.width, 3), np.float32)
    normal, plain, glow = (np.zeros_like(albedo) for _ in range(3))
    distance = np.full((view.height, view.width), np.inf, np.float32)
    share = np.empty((view.height, view.width), np.float32)
    now = scene.weather
    state = (
        float(now.wetness), float(now.snow_cover), float(now.rain),
        float(scene.seed % 997) * 1.7,
    )  # fmt: skip

    def band(first: int) -> None:
        last = min(first + BAND, view.height)
        room = int(1.7 * (last - first) * view.width)
        while True:
            out = empty_fragments(room)
            rows = (first, last)
            found = int(gather(tuple(samples), tuple(model), rows, tuple(out), share[first:last]))
            if found <= room:
                break
            room = found
        fragments = Fragments(
            out.pixel[:found], out.face[:found], out.weight[:found], out.pane[:found],
            out.spot[:found],
        )  # fmt: skip
        surfaces = dress(fragments, model, projection)
        weather(
            tuple(fragments), tuple(surfaces), tuple(model), state, focal=view.focal,
            ruts=scene.ruts,
        )  # fmt: skip
        weight = fragments.weight[:, None]
        gap = surfaces.place - projection.origin.astype(np.float32)
        np.minimum.at(distance.ravel(), fragments.pixel, np.sqrt((gap * gap).sum(axis=1)))
        mine = colour[fragments.face]
        layers = [(surfaces.albedo, albedo), (surfaces.normal, normal), (mine, plain)]
        if surfaces.emission.any():
            layers.append((surfaces.emission, glow))
        for values, target in layers:
            flat = target[first:last].reshape(-1, 3)
            pixel = fragments.pixel - first * view.width
            for c in range(3):
                flat[:, c] += np.bincount(pixel, (weight * values)[:, c], len(flat))

    spread(band, range(0, view.height, BAND), count)
    # Sky seen between leaves is light that no texture lies on: as bright as something white.
    behind = share[..., None] + np.float32(1e-4)
    detail = np.asarray(np.clip((albedo + behind) / (plain + behind), FAINT, STRONG), np.float32)
    return Guides(plain, normal, detail, glow, distance, share)
