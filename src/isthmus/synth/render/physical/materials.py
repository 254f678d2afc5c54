"""Our materials as a handful of Mitsuba's, whose numbers the faces carry.

A scene has hundreds of materials. Each BSDF of its own would be code of its own in the compiled
kernel, and each scene's kernel another one, whose compilation costs more than the picture. So
there are four kinds of surfaces, whatever the scene; colour, roughness and the like are attributes
of the faces. Textures are put on afterwards (`picture`), by what the fast renderer's raster says
of each pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.world.material import RGB, Material
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Soup, Weather
from isthmus.synth.world.texture import noise
from isthmus.synth.world.thing import SEMANTICS

Kind = Literal["matt", "shiny", "wet", "glass"]
KINDS: tuple[Kind, ...] = ("matt", "shiny", "wet", "glass")
SNOW = (0.82, 0.85, 0.9)
MATT = 0.7
"""Roughness from which on nothing is mirrored to speak of."""
COATED = 0.25
"""Strength of a coat below which it is left out."""
WET = 0.3
"""Wetness from which on there are puddles."""
PUDDLES = 6.0
"""Span in metres of the pattern of puddles."""
DRY_GROUND = 0.85
"""Roughness of asphalt and pavement."""
GROUND = [SEMANTICS.index(name) for name in ("road", "marking", "sidewalk")]
WARM, COLD = (1.0, 0.76, 0.47), (0.9, 0.95, 1.0)
STEP = 1.7
"""Ratio between levels of luminance that lamps are rounded to: each is an emitter of its own."""
NO_LIGHT = (0.0, 0.0, 0.0)
NUMBERS = ("roughness", "metallic", "clearcoat", "opacity")
"""What faces carry beside their colour, each as the attribute `face_…`."""


@dataclass(frozen=True)
class Finish:
    """How a surface reflects, but for its colour.

    Attributes:
        kind: one of `KINDS`; "wet" is ground under puddles.
        roughness, metallic, clearcoat: of Mitsuba's "principled", 0–1.
        opacity: what does not pass straight through, 0–1.
        emission: cd/m², rounded.
    """

    kind: Kind
    roughness: float = 1.0
    metallic: float = 0.0
    clearcoat: float = 0.0
    opacity: float = 1.0
    emission: RGB = NO_LIGHT


def finish(material: Material, weather: Weather, *, ground: bool, step: float = STEP) -> Finish:
    """The finish of a material in a weather.

    Args:
        ground: road and pavement: water stands on it in puddles.
        step: ratio between levels of luminance that lamps are rounded to; 0: they give no light.
    """
    if max(material.emission) > 0:
        return Finish("matt", emission=_rounded(material.emission, step) if step else NO_LIGHT)
    if material.transmission > 0:
        return Finish("glass", 0.05, opacity=1 - material.transmission)
    wet = weather.wetness * (material.porosity > 0.02)
    if ground and wet > WET:
        return Finish("wet")
    roughness = max(material.roughness * (1 - 0.75 * wet), 0.05)
    metallic = float(material.metallic > 0.5)
    coat = max(material.coat, min(1.2 * wet * material.porosity, 1.0))
    coat = coat if coat > COATED else 0.0
    # Ground is seen at a slant, where even asphalt throws much of a bright sky back.
    if roughness > MATT and not metallic and not coat and not ground:
        return Finish("matt")
    return Finish("shiny", max(roughness, 0.2) if metallic or coat else roughness, metallic, coat)


def finishes(
    soup: Soup, weather: Weather, up: NDArray[np.bool_], *, lamps: int
) -> tuple[list[Finish], NDArray[np.intp]]:
    """A list of finishes, and (f,) which of them each face has.

    Args:
        up: (f,) faces that hold water.
        lamps: the most different lights of lamps; they are rounded until they are no more.
    """
    ground = np.isin(soup.semantic, GROUND) & up
    step = STEP if lamps else 0.0
    while True:
        table = [
            finish(material, weather, ground=flag, step=step)
            for material in soup.materials
            for flag in (False, True)
        ]
        if len({each.emission for each in table} - {NO_LIGHT}) <= lamps:
            return table, 2 * soup.material.astype(np.intp) + ground
        step *= STEP


def _rounded(emission: RGB, step: float) -> RGB:
    level = max(emission)
    near = float(step ** round(np.log(level) / np.log(step)))
    r, g, b = (value / level for value in emission)
    if g > 0.6 and r > 0.6 and b > 0.3:  # some white: warm or cold
        r, g, b = WARM if b < 0.7 else COLD
    elif step > STEP:  # the other colours: red, yellow, green, blue as it were
        r, g, b = (round(value) for value in (r, g, b))
    return (round(r * near, 3), round(g * near, 3), round(b * near, 3))


def bsdf(mi: Any, kind: Kind, weather: Weather) -> Any:
    """A kind's BSDF; its numbers are attributes of the meshes' faces."""
    colour = _carried("color")
    if kind == "matt":
        return _twosided({"type": "diffuse", "reflectance": colour})
    made: dict[str, Any] = {"type": "principled", "base_color": colour, "specular": 0.5}
    if kind == "wet":
        rough = _bitmap(mi, puddle_roughness(weather.wetness, DRY_GROUND))
        return _twosided(made | {"roughness": rough, "clearcoat": 1.0, "clearcoat_gloss": 0.93})
    made["roughness"] = _carried("roughness")
    if kind == "glass":
        # Thin glass: straight through or mirrored, no refraction to speak of.
        return {"type": "mask", "opacity": _carried("opacity"), "nested": _twosided(made)}
    made |= {"metallic": _carried("metallic"), "clearcoat": _carried("clearcoat")}
    return _twosided(made | {"clearcoat_gloss": 0.96})


def colours(soup: Soup, weather: Weather) -> Floats:
    """(f, 3) colour of each face: wet ones darker."""
    table = np.array([m.colour for m in soup.materials], np.float32)
    wet = np.array([m.porosity for m in soup.materials], np.float32) * weather.wetness
    # Water fills the pores: less comes back (Lekner & Dorf, Applied Optics 27, 1988).
    table *= (1 - 0.55 * np.minimum(wet * 1.5, 1.0))[:, None]
    return np.asarray(np.clip(table, 0.0, 0.92)[soup.material], np.float32)


def puddle_roughness(wetness: float, dry: float) -> Floats:
    """(256, 256) roughness: smooth where water stands, for a wetness of `WET` to 1."""
    level = noise("puddles", 1.7)
    edge = np.quantile(level, 1 - 0.55 * min(max((wetness - WET) / (1 - WET), 0.0), 1.0))
    deep = np.clip((level - edge) * 4 + 0.5, 0, 1)
    film = dry * (1 - 0.75 * wetness)
    return np.asarray(np.maximum(film * (1 - deep) + 0.03 * deep, 0.03), np.float32)


def _carried(name: str) -> dict[str, str]:
    return {"type": "mesh_attribute", "name": f"face_{name}"}


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
