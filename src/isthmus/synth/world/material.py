"""What surfaces are made of: the same few numbers for every renderer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

RGB = tuple[float, float, float]
LampGroup = Literal["", "head", "tail", "brake", "indicator", "street", "window", "signal", "shop"]
"""Which switch lights an emitting surface; "" for what never shines."""


@dataclass(frozen=True, slots=True)
class Material:
    """One surface.

    Attributes:
        colour: albedo in linear light, 0–1, RGB; multiplies the texture.
        texture: name in `isthmus.synth.world.texture.TEXTURES`; "" for none.
        roughness: 0 (mirror) to 1 (chalk): GGX, alpha = roughness².
        metallic: 0 or 1.
        coat: strength of a clear, smooth coat over it (car paint), 0–1.
        transmission: share of light that passes straight through (thin glass), 0–1.
        emission: luminance in cd/m², RGB, when its lamp group is lit; multiplies the texture.
        lamp: the group by which it is switched.
        porosity: how much it darkens and shines when wet, and how readily snow lies on it, 0–1.
    """

    colour: RGB
    texture: str = ""
    roughness: float = 0.8
    metallic: float = 0.0
    coat: float = 0.0
    transmission: float = 0.0
    emission: RGB = (0.0, 0.0, 0.0)
    lamp: LampGroup = ""
    porosity: float = 0.3

    def tinted(self, colour: RGB) -> Material:
        """The same in another colour."""
        return replace(self, colour=colour)
