"""Materials of vehicles, and how often which colour is seen on the road."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from isthmus.synth.chance import weighted
from isthmus.synth.world.material import RGB, Material
from isthmus.synth.world.mesh import linear

# sRGB, share per cent, name. Neutral colours are about three quarters of new cars.
COLOURS: Mapping[tuple[int, int, int], tuple[float, str]] = MappingProxyType(
    {
        (238, 239, 238): (22, "white"), (226, 224, 214): (5, "white"),
        (28, 29, 31): (14, "black"), (14, 14, 16): (5, "black"),
        (104, 107, 111): (11, "grey"), (66, 69, 74): (9, "grey"), (146, 148, 148): (3, "grey"),
        (184, 187, 190): (8, "silver"),
        (26, 48, 92): (6, "blue"), (42, 88, 156): (4, "blue"), (104, 142, 176): (1.5, "blue"),
        (142, 20, 26): (5, "red"), (92, 18, 26): (1.5, "red"),
        (62, 76, 62): (1.5, "green"), (38, 66, 52): (1, "green"),
        (166, 150, 124): (1.5, "beige"), (84, 62, 46): (1, "brown"),
        (222, 116, 32): (0.8, "orange"), (236, 196, 44): (0.7, "yellow"),
    }
)  # fmt: skip
_SHARES = {colour: share for colour, (share, _) in COLOURS.items()}
DIRT: RGB = (0.19, 0.165, 0.135)


@dataclass(frozen=True)
class Finish:
    """A vehicle's paint.

    Attributes:
        colour: linear RGB.
        name: its word.
        metallic: flakes under the clear coat.
        dirt: 0 (washed) to 1.
    """

    colour: RGB
    name: str
    metallic: bool
    dirt: float

    @property
    def paint(self) -> Material:
        """The body's material."""
        return self._layer(0.25 * self.dirt)

    @property
    def low(self) -> Material:
        """The spattered foot of the body."""
        return self._layer(0.12 + 0.6 * self.dirt)

    def _layer(self, dirt: float) -> Material:
        base = 0.34 if self.metallic else 0.5
        return Material(
            mixed(self.colour, DIRT, dirt),
            texture="dirt" if dirt > 0.3 else "",
            roughness=base + 0.4 * dirt,
            coat=float(np.round(1 - 0.85 * dirt, 4)),
            porosity=0.05 + 0.3 * dirt,
        )


def mixed(one: RGB, other: RGB, share: float) -> RGB:
    """A colour `share` of the way to another."""
    r, g, b = (
        float(np.round((1 - share) * p + share * q, 5)) for p, q in zip(one, other, strict=True)
    )
    return r, g, b


def rgb(red: float, green: float, blue: float) -> RGB:
    """Linear light of an sRGB colour 0–255."""
    r, g, b = (float(np.round(value, 5)) for value in linear((red, green, blue)))
    return r, g, b


def finish(
    rng: np.random.Generator, colours: Mapping[tuple[int, int, int], float] = _SHARES
) -> Finish:
    """A colour as frequent as on the road, more or less dirty."""
    chosen = weighted(rng, colours)
    name = COLOURS[chosen][1] if chosen in COLOURS else "special"
    tone = float(rng.uniform(0.9, 1.1))
    r, g, b = (min(tone * value, 0.85) for value in rgb(*chosen))
    metallic = name != "white" and bool(rng.random() < 0.7)
    # Most are clean enough; a few are filthy.
    dirt = float(rng.beta(1.2, 4.0))
    return Finish((float(np.round(r, 5)), float(np.round(g, 5)), float(np.round(b, 5))), name,
                  metallic, float(np.round(dirt, 3)))  # fmt: skip


def _dark(value: float, roughness: float = 0.6, porosity: float = 0.3) -> Material:
    return Material((value, value, value * 1.03), roughness=roughness, porosity=porosity)


MATERIALS: Mapping[str, Material] = MappingProxyType(
    {
        "glass": Material((0.75, 0.80, 0.78), roughness=0.02, transmission=0.72, porosity=0.0),
        "glass_back": Material((0.45, 0.48, 0.47), roughness=0.02, transmission=0.6, porosity=0.0),
        "glass_dark": Material((0.10, 0.11, 0.11), roughness=0.02, transmission=0.35, porosity=0.0),
        "glass_far": Material((0.018, 0.021, 0.022), roughness=0.03, porosity=0.0),
        "trim": _dark(0.012, 0.22, porosity=0.05),
        "frit": _dark(0.008, 0.08, porosity=0.0),
        "plastic": _dark(0.030, 0.55),
        "bumper": _dark(0.026, 0.55),
        "grille": _dark(0.012, 0.40),
        "black": _dark(0.014, 0.25, porosity=0.05),
        "gap": _dark(0.004, 0.9, porosity=0.0),
        "well": _dark(0.012, 0.95),
        "floor": _dark(0.020, 0.95),
        "chrome": Material((0.72, 0.73, 0.74), roughness=0.12, metallic=1.0, porosity=0.0),
        "mirror": Material((0.82, 0.84, 0.86), roughness=0.02, metallic=1.0, porosity=0.0),
        "lens": Material((0.9, 0.92, 0.94), roughness=0.03, transmission=0.75, porosity=0.0),
        "lens_far": Material((0.42, 0.44, 0.46), roughness=0.06, porosity=0.0),
        "reflector": Material((0.16, 0.16, 0.17), roughness=0.22, metallic=1.0, porosity=0.0),
        "headlamp": Material((0.85, 0.87, 0.9), roughness=0.05, emission=(6.0e4, 5.9e4, 5.6e4),
                             lamp="head", porosity=0.0),
        "drl": Material((0.80, 0.82, 0.85), roughness=0.15, emission=(9e3, 9e3, 9.4e3),
                        lamp="head", porosity=0.0),
        "tail": Material((0.30, 0.010, 0.012), roughness=0.06, coat=1.0,
                         emission=(520.0, 12.0, 8.0), lamp="tail", porosity=0.0),
        "brake": Material((0.42, 0.014, 0.016), roughness=0.10, coat=1.0,
                          emission=(3000.0, 60.0, 40.0), lamp="brake", porosity=0.0),
        "indicator": Material((0.62, 0.22, 0.03), roughness=0.08, coat=1.0, porosity=0.0),
        "reverse": Material((0.70, 0.70, 0.70), roughness=0.08, coat=1.0, porosity=0.0),
        "tyre": _dark(0.016, 0.85),
        "disc": _dark(0.022, 0.6),
        "ink": _dark(0.012, 0.5),
        "plate": Material((0.72, 0.72, 0.70), roughness=0.35, porosity=0.05),
        "seat": _dark(0.028, 0.9),
        "cabin": _dark(0.022, 0.8),
        "head_small": Material((0.8, 0.82, 0.85), roughness=0.1, emission=(2.0e4, 2.0e4, 1.9e4),
                               lamp="head", porosity=0.0),
        "spoke": Material((0.45, 0.46, 0.47), roughness=0.35, metallic=1.0),
        "sign": Material((0.75, 0.42, 0.06), roughness=0.3, emission=(900.0, 480.0, 40.0),
                         lamp="tail", porosity=0.0),
        "steel": Material((0.30, 0.30, 0.31), roughness=0.45, metallic=1.0),
        "rubber": _dark(0.016, 0.9),
    }
)  # fmt: skip

RIM_COLOURS = MappingProxyType(
    {
        "silver": Material((0.52, 0.53, 0.54), roughness=0.30, metallic=1.0, porosity=0.05),
        "grey": Material((0.20, 0.20, 0.21), roughness=0.32, metallic=1.0, porosity=0.05),
        "black": Material((0.02, 0.02, 0.022), roughness=0.30, coat=0.5, porosity=0.05),
    }
)
SKINS = ((226, 182, 152), (198, 146, 112), (148, 98, 70), (96, 62, 46), (238, 202, 176))
HAIRS = ((32, 26, 22), (58, 42, 30), (96, 72, 48), (150, 146, 140), (24, 22, 22))
CLOTHES = ((40, 44, 60), (90, 92, 98), (30, 30, 32), (196, 196, 190), (110, 40, 40), (50, 76, 110),
           (70, 84, 60), (150, 120, 90))  # fmt: skip


def people(rng: np.random.Generator) -> dict[str, Material]:
    """Materials of a driver: skin, hair, cloth."""
    skin, hair, cloth = (table[int(rng.random() * len(table))] for table in (SKINS, HAIRS, CLOTHES))
    return {
        "driver_skin": Material(rgb(*skin), roughness=0.55),
        "driver_hair": Material(rgb(*hair), roughness=0.6),
        "driver_cloth": Material(rgb(*cloth), texture="cloth", roughness=0.9),
    }
