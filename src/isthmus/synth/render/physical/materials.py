"""Our materials as a few of Mitsuba's: colours are carried by the meshes.

A scene has hundreds of materials but few finishes. One BSDF for each finish keeps compiled kernels
the same from scene to scene; textures are put on afterwards (`picture`), by what the fast
renderer's raster says of each pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Soup, Weather
from isthmus.synth.world.texture import noise
from isthmus.synth.world.thing import SEMANTICS

SNOW = (0.82, 0.85, 0.9)
PUDDLES = 6.0
"""Span in metres of the pattern of puddles."""
GROUND = [SEMANTICS.index(name) for name in ("road", "marking", "sidewalk")]
WARM, COLD = (1.0, 0.76, 0.47), (0.9, 0.95, 1.0)
STEP = 1.7
"""Ratio between levels of luminance that lamps are rounded to: each is an emitter of its own."""


@dataclass(frozen=True, order=True)
class Finish:
    """How a surface reflects, but for its colour.

    Attributes:
        kind: "matt", "gloss", "metal", "coat", "glass", "wet" (ground under puddles), "snow" or
            "light".
        roughness: rounded.
        share: coat's strength, or what passes through glass; rounded.
        emission: cd/m², rounded.
    """

    kind: str
    roughness: float = 1.0
    share: float = 0.0
    emission: tuple[float, float, float] = (0.0, 0.0, 0.0)


def finishes(
    soup: Soup, weather: Weather, up: NDArray[np.bool_]
) -> tuple[list[Finish], NDArray[np.intp]]:
    """Distinct finishes in their order, and (f,) which of them each face has."""
    ground = np.isin(soup.semantic, GROUND) & up
    table = [
        finish(material, weather, ground=flag)
        for material in soup.materials
        for flag in (False, True)
    ]
    distinct = sorted(set(table))
    numbers = {what: k for k, what in enumerate(distinct)}
    lookup = np.array([numbers[what] for what in table], np.intp)
    return distinct, lookup[2 * soup.material + ground]


def finish(material: Material, weather: Weather, *, ground: bool) -> Finish:
    """The finish of a material in a weather; `ground`: water stands on it in puddles."""
    if max(material.emission) > 0:
        return Finish("light", emission=_rounded(material.emission))
    if material.transmission > 0:
        return Finish("glass", 0.05, round(material.transmission * 4) / 4)
    wet = weather.wetness * (material.porosity > 0.02)
    if ground and wet > 0.3:
        return Finish("wet", round(material.roughness * 4) / 4, round(wet * 4) / 4)
    roughness = max(material.roughness * (1 - 0.75 * wet), 0.05)
    roughness = min((0.06, 0.2, 0.4, 0.6, 0.85), key=lambda level: abs(level - roughness))
    if material.metallic > 0.5:
        return Finish("metal", max(roughness, 0.2))
    coat = max(material.coat, min(1.2 * wet * material.porosity, 1.0))
    if coat > 0.25:
        return Finish("coat", max(roughness, 0.2), 1.0)
    return Finish("matt") if roughness > 0.7 else Finish("gloss", roughness)


def _rounded(emission: tuple[float, float, float]) -> tuple[float, float, float]:
    level = max(emission)
    step = float(STEP ** round(np.log(level) / np.log(STEP)))
    r, g, b = (value / level for value in emission)
    if g > 0.6 and r > 0.6 and b > 0.3:  # some white: warm or cold
        r, g, b = WARM if b < 0.7 else COLD
    return (round(r * step, 3), round(g * step, 3), round(b * step, 3))


def bsdf(mi: Any, what: Finish) -> Any:
    """A finish's BSDF; its colour is the meshes' attribute `vertex_color`."""
    colour = {"type": "mesh_attribute", "name": "vertex_color"}
    if what.kind in ("matt", "snow", "light"):
        return _twosided({"type": "diffuse", "reflectance": colour})
    made: dict[str, Any] = {
        "type": "principled",
        "base_color": colour,
        "roughness": what.roughness,
        "specular": 0.5,
    }
    if what.kind == "metal":
        made["metallic"] = 1.0
    elif what.kind == "coat":
        made |= {"clearcoat": what.share, "clearcoat_gloss": 0.96}
    elif what.kind == "wet":
        rough = puddle_roughness(what.share, what.roughness)
        made |= {"roughness": _bitmap(mi, rough), "clearcoat": 1.0, "clearcoat_gloss": 0.93}
    elif what.kind == "glass":
        # Thin glass: straight through or mirrored, no refraction to speak of.
        return {"type": "mask", "opacity": 1 - what.share, "nested": _twosided(made)}
    return _twosided(made)


def colours(soup: Soup, weather: Weather) -> Floats:
    """(v, 3) colour of each corner, the same for all of a face: wet ones darker."""
    table = np.array([m.colour for m in soup.materials], np.float32)
    wet = np.array([m.porosity for m in soup.materials], np.float32) * weather.wetness
    # Water fills the pores: less comes back (Lekner & Dorf, Applied Optics 27, 1988).
    table *= (1 - 0.55 * np.minimum(wet * 1.5, 1.0))[:, None]
    out = np.zeros((len(soup.points), 3), np.float32)
    out[soup.faces.ravel()] = np.repeat(table[soup.material], 3, axis=0)
    return np.clip(out, 0.0, 0.92)


def puddle_roughness(wetness: float, dry: float) -> Floats:
    """(256, 256) roughness: smooth where water stands, for a wetness of 0.3 to 1."""
    level = noise("puddles", 1.7)
    edge = np.quantile(level, 1 - 0.55 * min(max((wetness - 0.3) / 0.7, 0.0), 1.0))
    deep = np.clip((level - edge) * 4 + 0.5, 0, 1)
    film = dry * (1 - 0.75 * wetness)
    return np.asarray(np.maximum(film * (1 - deep) + 0.03 * deep, 0.03), np.float32)


def _twosided(nested: Any) -> Any:
    return {"type": "twosided", "nested": nested}


def _bitmap(mi: Any, values: Floats) -> Any:
    return {
        "type": "bitmap",
        "bitmap": mi.Bitmap(np.ascontiguousarray(values[..., None])),
        "raw": True,
        "wrap_mode": "repeat",
        "to_uv": mi.ScalarTransform3f().scale(1.0 / PUDDLES),
    }
