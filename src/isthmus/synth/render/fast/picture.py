"""From a scene to its light: the order of the passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.annotate.threads import spread, thread_count
from isthmus.synth.annotate.triangles import projection_of
from isthmus.synth.render.fast import air, light, shadows
from isthmus.synth.render.fast.daylight import Daylight, daylight
from isthmus.synth.render.fast.fragments import (
    Fragments,
    Stuff,
    Surfaces,
    dress,
    empty_fragments,
    empty_surfaces,
    gather,
    stuff,
)
from isthmus.synth.render.fast.lamps import lamp_table
from isthmus.synth.render.fast.sky import Sky, SkyMap, luminance, make_sky
from isthmus.synth.render.fast.textures import atlas
from isthmus.synth.render.fast.visibility import SAMPLES, Samples, sample
from isthmus.synth.render.renderer import LAYERS, Radiance
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Scene, Soup

BAND = 24
"""Rows of pixels worked on at a time; what they need fits into a core's cache."""


class FastRenderer:
    """Raster with shadows, sky, fog and lamps.

    Args:
        threads: how many; by default as many as there are cores. The picture does not depend
            on it.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads or thread_count()

    def render(self, scene: Scene, soup: Soup, layers: Sequence[str] = LAYERS) -> Radiance:
        """See `isthmus.synth.render.renderer.Renderer`."""
        picture = _Picture(scene, soup, tuple(layers), self.threads)
        height, width = scene.view.height, scene.view.width
        out = {name: np.zeros((height, width, 3), np.float32) for name in layers}
        starts = range(0, height, BAND)
        spread(lambda first: picture.band(first, min(first + BAND, height), out), starts,
               self.threads)  # fmt: skip
        return Radiance(out)


class _Picture:
    """All that is worked out once for a picture."""

    def __init__(self, scene: Scene, soup: Soup, layers: tuple[str, ...], threads: int) -> None:
        self.scene, self.soup, self.layers = scene, soup, layers
        clear = np.array([m.transmission > 0 for m in soup.materials], np.bool_)[soup.material]
        self.day: Daylight = daylight(scene.weather)
        self.sky: Sky
        self.sky_map: SkyMap
        self.sky, self.sky_map = make_sky(self.day, scene.seed)
        self.stuff: Stuff = stuff(soup)
        self.atlas = atlas()
        self.projection = projection_of(scene.view, SAMPLES)
        self.samples: Samples = sample(soup, clear, self.projection, threads)
        shines = "sun" in layers and bool(self.day.sun.max() > 0)
        self.maps = tuple(
            shadows.sun_maps(soup, scene.view, self.day.direction, clear, threads)
            if shines
            else shadows.no_maps()
        )
        self.heights = shadows.height_map(soup, scene.view, threads)
        self.lights = light.Lights(
            sun=self.day.direction.astype(np.float32),
            sun_lux=self.day.sun.astype(np.float32),
            ground_sun=self.day.ground - self.day.sky,
            ground_sky=self.day.sky.astype(np.float32),
            lamps=lamp_table(scene),
        )

    def band(self, first: int, last: int, out: dict[str, Floats]) -> None:
        """Work out pixel rows `first` to `last` of all layers."""
        view, width = self.scene.view, self.scene.view.width
        count = (last - first) * width
        sky_share = np.empty((last - first, width), np.float32)
        fragments = self._gather(first, last, sky_share)
        surfaces = self._dress(fragments)
        p = self.projection
        directions = np.empty((count, 3), np.float32)
        camera = (p.turn, p.origin, float(view.focal), width, view.height)
        air.rays((first, last), camera, directions)
        openness = self._open_sky(fragments, surfaces)
        through = np.empty(count, np.float32)
        distance = np.full(count, np.inf, np.float32)
        gap = surfaces.place - p.origin.astype(np.float32)
        far = np.sqrt((gap * gap).sum(axis=1))
        np.minimum.at(distance, fragments.pixel - first * width, far)
        air.through_air(directions, distance, sky_share.ravel(), self.day.extinction, through)
        for name in self.layers:
            values = self._light(name, fragments, surfaces, openness)
            rows = out[name][first:last].reshape(count, 3)
            light.resolve(fragments, values, first * width, rows)
            self._add_sky(name, sky_share.ravel(), directions, rows)
            air.blend(through, self._airlight(name), rows)

    def _gather(self, first: int, last: int, sky_share: Floats) -> Fragments:
        room = int(1.7 * (last - first) * self.scene.view.width)
        faces = (self.soup.thing, self.soup.material)
        while True:
            fragments = empty_fragments(room)
            count = int(
                gather(self.samples, faces, self.stuff, (first, last), fragments, sky_share)
            )
            if count <= room:
                return Fragments(*(array[:count] for array in fragments))
            room = count

    def _dress(self, fragments: Fragments) -> Surfaces:
        surfaces = empty_surfaces(len(fragments.face))
        soup, p = self.soup, self.projection
        tables = (soup.points, soup.normals, soup.uv, soup.faces, soup.material)
        camera = (p.turn, p.origin, p.focal, p.width, p.height)
        dress(fragments, tables, self.stuff, self.atlas, camera, surfaces)
        return surfaces

    def _open_sky(self, fragments: Fragments, surfaces: Surfaces) -> Floats:
        out = np.empty(len(fragments.face), np.float32)
        jitter = np.full((len(out), 2), 0.5, np.float32)
        shadows.open_sky(surfaces.place, surfaces.normal, jitter, self.heights, out)
        return out

    def _light(
        self, name: str, fragments: Fragments, surfaces: Surfaces, openness: Floats
    ) -> Floats:
        values = np.zeros((len(openness), 3), np.float32)
        pane: NDArray[Any] = fragments.pane
        if name == "sun" and self.day.sun.max() > 0:
            lit = np.empty(len(openness), np.float32)
            depth = 1 / fragments.spot[:, 2]
            shadows.lit_share(surfaces.place, surfaces.normal, depth, self.maps, 0.0093, lit)
            light.sun_light(surfaces, pane, lit, openness, self.lights, values)
        elif name == "sky":
            light.sky_light(surfaces, pane, openness, self.sky_map, self.lights, values)
        elif name == "lamps":
            light.lamp_light(surfaces, pane, self.lights, values)
        return values

    def _add_sky(self, name: str, share: Floats, directions: Floats, rows: Floats) -> None:
        seen = np.flatnonzero(share > 0)
        if not len(seen):
            return
        if name == "sky":
            colour = np.empty((len(seen), 3), np.float32)
            luminance(directions[seen], self.sky, 6, colour)
            rows[seen] += colour * share[seen, None]
        elif name == "sun" and self.day.sun.max() > 0:
            cosine = (directions[seen] * self.day.direction).sum(axis=1)
            disc = cosine > np.cos(np.radians(0.2665))
            solid_angle = 2 * np.pi * (1 - np.cos(np.radians(0.2665)))
            rows[seen[disc]] += self.day.sun / np.float32(solid_angle) * share[seen[disc], None]

    def _airlight(self, name: str) -> Floats:
        """Luminance (3,) of endless air by a layer's light."""
        if name == "sky":
            return np.asarray(self.sky_map.levels[3, 1].mean(axis=0), np.float32)
        if name == "sun":
            return np.asarray(0.25 * self.lights.ground_sun / np.pi, np.float32)
        return np.zeros(3, np.float32)
