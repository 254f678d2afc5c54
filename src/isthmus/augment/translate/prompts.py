"""What is asked of a diffusion model for each condition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isthmus.errors import ConfigError


@dataclass(frozen=True)
class Prompt:
    """Two ways to ask for the same condition.

    Attributes:
        scene: describes the picture wanted (image to image, control maps).
        edit: says what to change (models that follow instructions).
    """

    scene: str
    edit: str


CAMERA = "photograph taken by the dash camera of a car, street, {scene}, realistic, sharp"
NEGATIVE = "drawing, painting, rendering, cartoon, text, watermark, distorted cars, extra people"
PROMPTS: Mapping[str, Prompt] = {
    "fog": Prompt("dense fog, low visibility, pale grey light", "make the street foggy"),
    "rain": Prompt("heavy rain, wet road with reflections, grey sky", "make it rain heavily"),
    "snow": Prompt("snowfall, snow on road, cars and roofs", "make it snow, cover it in snow"),
    "night": Prompt("at night, street lamps and headlights on", "make it night"),
    "dusk": Prompt("at dusk, dim light, cloudy evening sky", "make it dusk, with little light"),
    "high_illumination": Prompt(
        "low sun ahead, strong glare, overexposed", "put a low blinding sun ahead"
    ),
    "low_light": Prompt("in very little light, underexposed, noisy", "make it very dark"),
    "wet_road": Prompt("after rain, wet asphalt mirrors the street", "make the road wet"),
}
"""Condition → prompts; `scene` is set into `CAMERA`."""


def prompt_for(condition: str | None, prompt: str | None, *, instruct: bool) -> str:
    """The text for a condition, or `prompt` itself where one is given.

    Raises:
        ConfigError: neither is given, or the condition is not known.
    """
    if prompt:
        return prompt
    if condition is None or condition not in PROMPTS:
        given = (
            "no condition" if condition is None else f"condition {condition!r}: no prompt for it"
        )
        raise ConfigError(f"{given}; one of {', '.join(PROMPTS)}, or give a prompt of your own")
    chosen = PROMPTS[condition]
    return chosen.edit if instruct else CAMERA.format(scene=chosen.scene)
