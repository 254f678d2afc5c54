"""A physical value as people write it: "80m", "5 mm/h", "60m,200m"."""

from __future__ import annotations

import math
import re

from isthmus.augment.effect import Effect
from isthmus.errors import ConfigError


def parse_values(text: str, effect: Effect) -> float | tuple[float, float]:
    """One value in the effect's unit, or two with a comma between them.

    The unit may be left out; another one than the effect's is an error.

    Raises:
        ConfigError: no number, a wrong unit, or more than two values.
    """
    values = [_value(part, text, effect) for part in text.split(",")]
    if len(values) > 2:
        raise ConfigError(f"value {text!r}: one, or two with a comma between them, are needed")
    return values[0] if len(values) == 1 else (min(values), max(values))


def _value(part: str, text: str, effect: Effect) -> float:
    unit = effect.scale.unit
    found = re.fullmatch(r"\s*([0-9.]{1,40}(?:[eE][+-]?[0-9]{1,3})?)\s*(\S*)\s*", part)
    example = f"{effect.scale.ladder[2]:g}{unit}"
    if found is None:
        raise ConfigError(f"value {text!r}: not a number with a unit, as in {example}")
    if found[2] and found[2].lower() != unit.lower():
        raise ConfigError(f"value {text!r}: {effect.name} is stated in {unit}, as in {example}")
    try:
        value = float(found[1])
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ConfigError(f"value {text!r}: a number above 0 is needed, as in {example}")
    return value
