"""From a scene to its light: the order of the passes.

Each pass goes over bands of rows, any of which can be worked on at the same time: it reads what
earlier passes left and writes rows of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from isthmus.synth.annotate.threads import spread, thread_count
from isthmus.synth.annotate.triangles import projection_of
from isthmus.synth.render.fast import air, ambient, light, mirrors, shadows
from isthmus.synth.render.fast.daylight import Daylight, daylight
from isthmus.synth.render.fast.fragments import Fragments, empty_fragments, gather
from isthmus.synth.render.fast.lamps import lamp_table
from isthmus.synth.render.fast.model import Model, make_model
from isthmus.synth.render.fast.sky import Sky, SkyMap, luminance, make_sky, sun_disc
from isthmus.synth.render.fast.surfaces import Surfaces, dress
from isthmus.synth.render.fast.visibility import SAMPLES, Samples, sample
from isthmus.synth.render.fast.weathering import weather
from isthmus.synth.render.renderer import LAYERS, Radiance
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Scene, Soup

BAND = 24
"""Rows of pixels worked on at a time; what they need fits into a core's cache."""
GLOW_STEP = 4
SUN_TANGENT = 0.0093
"""Width of the sun's disc over its distance."""


class FastRenderer:
    """Raster with shadows, sky, mirrored light, fog and lamps.

    Args:
        threads: how many; by default as many as there are cores. The picture does not depend
            on it.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = threads or thread_count()

    def render(self, scene: Scene, soup: Soup, layers: Sequence[str] = LAYERS) -> Radiance:
        """See `isthmus.synth.render.renderer.Renderer`."""
        picture = _Picture(scene, soup, tuple(layers), self.threads)
        picture.ambient_pass()
        picture.bands(picture.surface_band)
        if picture.mirrors.share.any():
            picture.sum_columns()
            picture.bands(picture.mirror_band)
        if "lamps" in layers and picture.day.extinction > air.GLOWING:
            picture.glow_pass()
        picture.bands(picture.air_band)
        return Radiance(dict(zip(layers, picture.base, strict=True)))


class _Picture:
    """All that is worked out once for a picture, and its passes."""

    def __init__(self, scene: Scene, soup: Soup, layers: tuple[str, ...], threads: int) -> None:
        view = scene.view
        self.scene, self.layers, self.threads = scene, layers, threads
        clear = np.array([m.transmission > 0 for m in soup.materials], np.bool_)[soup.material]
        self.day: Daylight = daylight(scene.weather)
        self.sky: Sky
        sky_map: SkyMap
        self.sky, sky_map = make_sky(self.day, scene.seed)
        self.model: Model = make_model(soup)
        self.projection = projection_of(view, SAMPLES)
        self.samples: Samples = sample(soup, clear, self.projection, threads)
        self.shines = "sun" in layers and bool(self.day.sun.max() > 0)
        maps = (
            shadows.sun_maps(
                soup, self.samples, self.projection, self.day.direction, clear, threads=threads
            )
            if self.shines
            else shadows.no_maps()
        )
        self.maps = tuple(tuple(item) for item in maps)
        self.heights = shadows.height_map(soup, view, threads)
        self.lights = light.Lights(
            sun=self.day.direction.astype(np.float32),
            sun_lux=self.day.sun.astype(np.float32),
            ground_sun=self.day.ground - self.day.sky,
            ground_sky=self.day.sky.astype(np.float32),
            levels=sky_map.levels,
            harmonics=sky_map.harmonics,
            lamps=lamp_table(scene),
        )
        p = self.projection
        self.camera = tuple(p)[:5]
        self.base = np.zeros((len(layers), view.height, view.width, 3), np.float32)
        self.mirrored = np.zeros_like(self.base)
        self.rays = np.empty((view.height, view.width, 3), np.float32)
        self.mirrors = mirrors.empty_mirrors(view.height, view.width)
        self.ambient = ambient.empty_ambient(view.height, view.width)
        self.sky_share = np.empty((view.height, view.width), np.float32)
        self.glow: Floats | None = None
        self.distance = np.full((view.height, view.width), np.inf, np.float32)

    def bands(self, work: Callable[[int, int], None], height: int = 0) -> None:
        """Do `work(first, last)` for all bands of rows."""
        height = height or self.scene.view.height
        spread(
            lambda first: work(first, min(first + BAND, height)),
            range(0, height, BAND),
            self.threads,
        )

    def ambient_pass(self) -> None:
        """Find out how much of the sky places see."""
        samples, out = tuple(self.samples), tuple(self.ambient)
        around = (tuple(self.heights), tuple(ambient.search_pattern(self.heights.scale)))
        height = len(self.ambient.share)
        self.bands(
            lambda a, b: ambient.look((a, b), samples, self.model.flat, self.camera, out), height
        )
        self.bands(lambda a, b: ambient.search((a, b), samples, around, self.camera, out), height)
        self.bands(lambda a, b: ambient.smooth((a, b), out), height)

    def surface_band(self, first: int, last: int) -> None:
        """Light on the surfaces of pixel rows, and the sky behind them."""
        width = self.scene.view.width
        fragments = self._gather(first, last)
        surfaces = self._dress(fragments)
        openness = np.empty(len(fragments.face), np.float32)
        ambient.look_up(fragments.spot, surfaces.normal, tuple(self.ambient), openness)
        mirrors.note(tuple(fragments), tuple(surfaces), tuple(self.mirrors))
        air.nearest(fragments.pixel, surfaces.place, self.projection.origin, self.distance.ravel())
        directions = self.rays[first:last].reshape(-1, 3)
        p, view = self.projection, self.scene.view
        camera = (p.turn, p.origin, float(view.focal), width, view.height)
        air.rays((first, last), camera, directions)
        for name, layer in zip(self.layers, self.base, strict=True):
            values = self._light(name, fragments, surfaces, openness)
            rows = layer[first:last].reshape(-1, 3)
            light.resolve(fragments.pixel, fragments.weight, values, first * width, rows)
            self._add_sky(name, self.sky_share[first:last].ravel(), directions, rows)

    def _gather(self, first: int, last: int) -> Fragments:
        room = int(1.7 * (last - first) * self.scene.view.width)
        tables, share = (tuple(self.samples), tuple(self.model)), self.sky_share[first:last]
        while True:
            out = empty_fragments(room)
            count = gather(*tables, (first, last), tuple(out), share)
            if count <= room:
                return Fragments(
                    out.pixel[:count], out.face[:count], out.weight[:count], out.pane[:count],
                    out.spot[:count],
                )  # fmt: skip
            room = count

    def _dress(self, fragments: Fragments) -> Surfaces:
        surfaces = dress(fragments, self.model, self.projection)
        now = self.scene.weather
        shift = float(self.scene.seed % 997) * 1.7
        state = (float(now.wetness), float(now.snow_cover), float(now.rain), shift)
        focal = self.projection.focal / SAMPLES
        weather(
            tuple(fragments),
            tuple(surfaces),
            tuple(self.model),
            state,
            focal=focal,
            ruts=self.scene.ruts,
        )
        return surfaces

    def _light(
        self, name: str, fragments: Fragments, surfaces: Surfaces, openness: Floats
    ) -> Floats:
        values = np.zeros((len(openness), 3), np.float32)
        pane, tables = fragments.pane, tuple(surfaces)
        if name == "sun" and self.shines:
            lit = np.empty(len(openness), np.float32)
            spots = (surfaces.place, surfaces.normal, surfaces.finish, fragments.spot)
            shadows.lit_share(spots, self.maps, SUN_TANGENT, lit)
            light.sun_light(tables, pane, (openness, lit), tuple(self.lights), values)
        elif name == "sky":
            light.sky_light(tables, pane, openness, tuple(self.lights), values)
        elif name == "lamps" and (len(self.lights.lamps) or surfaces.emission.any()):
            light.lamp_light(tables, pane, openness, self.lights.lamps, values)
        return values

    def sum_columns(self) -> None:
        """Make ready for mirrors what is seen without them: wet ground draws it out far."""
        nothing = np.zeros((0, 0, 3))
        self.sums = [
            mirrors.columns_of(base, mirrors.MOST[name]) if self.scene.weather.wetness else nothing
            for name, base in zip(self.layers, self.base, strict=True)
        ]

    def mirror_band(self, first: int, last: int) -> None:
        """Mirrored light of pixel rows."""
        view, width = self.scene.view, self.scene.view.width
        share = self.mirrors.share[first:last]
        chosen = np.flatnonzero(share[..., 1] > mirrors.FAINT) + first * width
        found = tuple(np.empty((len(chosen), k), np.float32) for k in (3, 3, 4))
        mirrors.cast(chosen, tuple(self.mirrors), self.samples.nearness, self.camera, found)
        _, rays, spots = found
        met, sky = np.empty_like(rays), np.empty_like(rays)
        rough = self.mirrors.rough.ravel()[chosen]
        far_map = (*self.maps[1][:4], self.lights.sun)
        mirrors.meet(found, rough, tuple(self.heights), far_map, met)
        mirrors.dome(rays, met, self.lights.levels, sky)
        lit, albedo = met[:, 1:2], met[:, :1] / np.float32(np.pi)
        streak = np.float32(1.4 * view.focal) * rough * rough
        for k, name in enumerate(self.layers):
            if name == "sky":
                around = sky + 0.5 * albedo * self.lights.ground_sky
            elif name == "sun":
                around = albedo * (lit * self.lights.sun_lux + 0.06 * self.lights.ground_sun)
            else:
                around = np.zeros_like(sky)
            seen = (self.base[k], self.sums[k], np.float32(mirrors.MOST[name]), streak)
            mirrors.mix(chosen, spots, seen, around, self.mirrored[k])
        mirrors.soften_across((first, last), tuple(self.mirrors), self.mirrored)

    def glow_pass(self) -> None:
        """Light of lamps in fog, at every fourth pixel."""
        height, width = (max(size // GLOW_STEP, 2) for size in self.sky_share.shape)
        view = self.scene.view
        rays = np.empty((height * width, 3), np.float32)
        coarse = (*self.camera[:2], view.focal / GLOW_STEP, width, height)
        air.rays((0, height), coarse, rays)
        middle = GLOW_STEP // 2
        far = self.distance[middle::GLOW_STEP, middle::GLOW_STEP][:height, :width].ravel()
        far = np.minimum(far, np.float32(400))
        out = np.zeros((height * width, 3), np.float32)
        air.glow(rays, far, self.projection.origin, (self.lights.lamps, self.day.extinction), out)
        self.glow = out.reshape(height, width, 3)

    def air_band(self, first: int, last: int) -> None:
        """Put pixel rows together, with the air between."""
        directions = self.rays[first:last].reshape(-1, 3)
        share, distance = self.sky_share[first:last].ravel(), self.distance[first:last].ravel()
        through = np.empty(len(directions), np.float32)
        air.through_air(directions, distance, share, self.day.extinction, through)
        mirrors.soften((first, last), tuple(self.mirrors), self.mirrored, self.base)
        for k, name in enumerate(self.layers):
            rows = self.base[k, first:last].reshape(-1, 3)
            air.blend(through, self._airlight(name), rows)
            if name == "lamps" and self.glow is not None:
                air.enlarge((first, last), self.glow, GLOW_STEP, self.base[k])

    def _add_sky(self, name: str, share: Floats, directions: Floats, rows: Floats) -> None:
        seen = np.flatnonzero(share > 0)
        if not len(seen):
            return
        if name == "sky":
            colour = np.empty((len(seen), 3), np.float32)
            luminance(directions[seen], tuple(self.sky), 6, colour)
            rows[seen] += colour * share[seen, None]
        elif name == "sun" and self.shines:
            rows[seen] += sun_disc(directions[seen], self.day) * share[seen, None]

    def _airlight(self, name: str) -> Floats:
        """Luminance (3,) of endless air by a layer's light."""
        if name == "sky":
            return np.asarray(self.lights.levels[3, 1].mean(axis=0), np.float32)
        if name == "sun":
            return np.asarray(0.25 * self.lights.ground_sun / np.pi, np.float32)
        return np.zeros(3, np.float32)
