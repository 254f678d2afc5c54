"""A picture by path tracing: scene, samples, air, denoising."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isthmus import seeds
from isthmus.synth.render.fast.air import through_air
from isthmus.synth.render.fast.daylight import daylight
from isthmus.synth.render.fast.sky import sun_disc
from isthmus.synth.render.physical.denoise import available, denoised
from isthmus.synth.render.physical.engine import mitsuba
from isthmus.synth.render.physical.guides import Guides, guides
from isthmus.synth.render.physical.headlights import own_light
from isthmus.synth.render.physical.lights import HEIGHT, emitters, is_dim, sky_picture
from isthmus.synth.render.physical.materials import WET
from isthmus.synth.render.physical.shapes import meshes
from isthmus.synth.render.renderer import LAYERS, Radiance
from isthmus.synth.weather.air import extinction
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Scene, Soup

SAMPLES = 4
DEPTH = 4
FOG_DEPTH = 8
THICK = 1500.0
"""Visibility (metres) below which air is traced as a medium; clearer air is put in by formula."""
AIR = np.float32(0.8)
"""Colour that the denoiser is told of fog."""
HORIZON = HEIGHT // 2 - 4
"""Row of the sky's picture a little above the horizon."""
FIREFLY = 60.0
"""Samples are cut off at this many times the picture's median; lamps seen directly are not."""


class PhysicalRenderer:
    """Path tracing by Mitsuba, denoised.

    Args:
        samples: paths for each pixel.
        variant: of Mitsuba; the fastest that works here by default.
        denoise: take the noise away; by default if the library is installed.
        apart: trace each layer by itself, so that light can be mixed anew: three times the work.
            Otherwise all light is in the layer "all".
    """

    def __init__(
        self,
        samples: int = SAMPLES,
        variant: str | None = None,
        denoise: bool | None = None,
        apart: bool = False,
    ) -> None:
        self.samples, self.variant, self.apart = samples, variant, apart
        self.denoise = available() if denoise is None else denoise

    def render(self, scene: Scene, soup: Soup, layers: Sequence[str] = LAYERS) -> Radiance:
        """See `isthmus.synth.render.renderer.Renderer`."""
        mi = mitsuba(self.variant)
        shapes, colour = meshes(mi, scene, soup)
        wanted = [(name,) for name in layers] if self.apart else [tuple(layers)]
        found = {}
        clear = guides(scene, soup, colour)
        about = _through_fog(clear, scene)
        own = own_light(scene, clear.plain, clear.normal, clear.distance)
        if scene.weather.visibility < THICK:
            own *= np.exp(-extinction(scene.weather) * clear.distance)[..., None]
        for group in wanted:
            light = self._trace(mi, scene, shapes, group)
            if self.denoise:
                light = denoised(light, about.plain, about.normal)
            if "lamps" in group and is_dim(scene):
                light = light + own
            # Meshes carry plain colours: what textures, dirt and drifts of snow make of them at
            # first sight is put on after denoising, which therefore cannot blur it.
            light = light * about.detail
            if "lamps" in group and not is_dim(scene):
                light = light + about.glow
            light = _hazy(light, about.distance, scene, group)
            if "sun" in group:
                light = light + seen_sun(scene, about)
            found[group[0] if self.apart else "all"] = light
        return Radiance(found)

    def _trace(
        self, mi: Any, scene: Scene, shapes: dict[str, Any], layers: tuple[str, ...]
    ) -> Floats:
        lights = emitters(mi, scene, layers)
        if not lights and not ("lamps" in layers and is_dim(scene)):
            view = scene.view
            return np.zeros((view.height, view.width, 3), np.float32)
        fog = scene.weather.visibility < THICK
        document: dict[str, Any] = {"type": "scene", **lights, **shapes}
        document["integrator"] = {
            "type": "volpath" if fog else "path",
            "max_depth": FOG_DEPTH if fog else DEPTH,
            # Light that dark surfaces throw back is dim: most such paths are left out, and the
            # others count for them; from the first hit on, but where mirrored lamps would then
            # be seen by few samples.
            "rr_depth": 2 if is_dim(scene) or scene.weather.wetness > WET else 1,
        }
        document["sensor"] = _sensor(mi, scene, self.samples)
        if fog:
            _add_fog(mi, document, scene)
        # One after the other: their numbers, and the order of the lights, depend on nothing else.
        world = mi.load_dict(document, parallel=False)
        seed = seeds.integer(scene.seed, "physical", *layers) & 0x7FFFFFFF
        raw = world.integrator().render(world, seed=seed, spp=self.samples)
        light = np.nan_to_num(np.array(raw, np.float32)[..., :3], posinf=0.0, neginf=0.0)
        return _without_fireflies(light)


def _sensor(mi: Any, scene: Scene, samples: int) -> Any:
    view = scene.view
    eye = np.asarray(view.position, np.float64)
    forward, up = view.rotation[2].astype(np.float64), view.rotation[1].astype(np.float64)
    flip = np.array([1.0, 1.0, -1.0])
    return {
        "type": "perspective",
        "fov_axis": "x",
        "fov": float(np.degrees(2 * np.arctan(view.width / 2 / view.focal))),
        "near_clip": 0.1,
        "far_clip": 5000.0,
        "to_world": mi.ScalarTransform4f().look_at(
            origin=(eye * flip).tolist(),
            target=((eye + forward) * flip).tolist(),
            up=(up * flip).tolist(),
        ),
        "film": {
            "type": "hdrfilm",
            "width": view.width,
            "height": view.height,
            # Box: pixels do not share samples, which the denoiser and repeatable bytes need.
            "rfilter": {"type": "box"},
            "pixel_format": "rgb",
            "component_format": "float32",
        },
        "sampler": {"type": "independent", "sample_count": samples},
    }


def _add_fog(mi: Any, document: dict[str, Any], scene: Scene) -> None:
    """A bank of fog around the camera, 30 m deep, as far as it can be seen through."""
    thick = extinction(scene.weather)
    reach = float(min(6.0 / thick, 800.0))
    x, _, z = scene.view.position
    medium = mi.load_dict(
        {
            "type": "homogeneous",
            "albedo": {"type": "rgb", "value": [0.985, 0.985, 0.985]},
            "sigma_t": thick,
            "phase": {"type": "hg", "g": 0.75},
        }
    )
    document["sensor"]["medium"] = medium
    document["fog"] = {
        "type": "cube",
        "to_world": mi.ScalarTransform4f().translate([x, 14.0, -z]).scale([reach, 16.0, reach]),
        "bsdf": {"type": "null"},
        "interior": medium,
    }


def _through_fog(about: Guides, scene: Scene) -> Guides:
    """Guides as they are seen through air that is traced.

    The denoiser would paint on what the fog hides, and textures lie on the light that comes from
    things, not on that of the air before them.
    """
    if scene.weather.visibility >= THICK:
        return about
    share = np.exp(-extinction(scene.weather) * about.distance)[..., None].astype(np.float32)
    return about._replace(
        plain=about.plain * share + AIR * (1 - share),
        normal=about.normal * share,
        detail=1 + (about.detail - 1) * share,
        glow=about.glow * share,
    )


def seen_sun(scene: Scene, about: Guides) -> Floats:
    """Luminance (h, w, 3) of the sun's disc, where the sky is seen, through the air.

    Mitsuba's light from a direction has no disc. Put on as the fast renderer has it, it is as
    bright, and costs no samples.
    """
    view, light = scene.view, daylight(scene.weather)
    out = np.zeros((view.height * view.width, 3), np.float32)
    seen = np.flatnonzero(about.sky > 0)
    if light.sun.max() > 0 and len(seen):
        x, y = view.rays(1)
        slopes = np.stack(np.broadcast_arrays(x, y, np.float32(1)), axis=-1).reshape(-1, 3)[seen]
        directions = slopes @ view.rotation
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        share, through = about.sky.ravel()[seen], np.empty(len(seen), np.float32)
        through_air(directions, about.distance.ravel()[seen], share, light.extinction, through)
        out[seen] = sun_disc(directions, light) * (share * through)[:, None]
    return out.reshape(view.height, view.width, 3)


def _hazy(light: Floats, distance: Floats, scene: Scene, layers: tuple[str, ...]) -> Floats:
    """Light through clear but not perfect air (Koschmieder); thick air has been traced."""
    if scene.weather.visibility < THICK:
        return light
    through = np.exp(-extinction(scene.weather) * distance)[..., None]
    through = np.where(np.isfinite(distance)[..., None], through, 1.0).astype(np.float32)
    glow = np.zeros(3, np.float32)
    if "sky" in layers:
        glow = sky_picture(scene, daylight(scene.weather))[HORIZON].mean(axis=0)
    return np.asarray(light * through + glow * (1 - through), np.float32)


def _without_fireflies(light: Floats) -> Floats:
    """Lone pixels far above all their neighbours brought down to them."""
    from scipy.ndimage import median_filter

    grey = light.mean(axis=2)
    around = median_filter(grey, 3, mode="nearest")
    limit = np.maximum(around * 12, np.float32(FIREFLY * max(float(np.median(grey)), 1e-9)))
    over = grey > limit
    if over.any():
        scale = np.where(over, around * 3 / np.maximum(grey, 1e-12), 1.0)
        light = light * scale[..., None].astype(np.float32)
    return light
