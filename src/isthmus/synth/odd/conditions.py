"""Conditions on factors: when a dependency takes hold, which combinations cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isthmus.errors import ConfigError
from isthmus.option_file import nearest
from isthmus.synth.world.factors import FACTORS, checked

BOUNDS = ("below", "above")


@dataclass(frozen=True)
class Condition:
    """Factors with what each must be: all must hold.

    Attributes:
        wanted: factor and a value, a list of values, or ``{above: a, below: b}``.
    """

    wanted: tuple[tuple[str, Any], ...]

    @property
    def factors(self) -> tuple[str, ...]:
        """The factors it speaks of."""
        return tuple(name for name, _ in self.wanted)

    def holds(self, row: Mapping[str, Any]) -> bool:
        """True if all of it holds; a factor that the row lacks holds nothing."""
        return all(name in row and _is(row[name], value) for name, value in self.wanted)

    def __str__(self) -> str:
        return ", ".join(f"{name} {_words(value)}" for name, value in self.wanted)


def condition_faults(written: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with a condition as an ODD file writes it: (factor, sentence) for each fault.

    A value that the factor cannot have is a fault: the condition would never hold.
    """
    faults = []
    for factor, wanted in written.items():
        if factor not in FACTORS:
            faults.append((factor, f"unknown factor{nearest(factor, list(FACTORS))}"))
        elif isinstance(wanted, Mapping):
            faults += [(factor, fault) for fault in _bound_faults(factor, wanted)]
        else:
            values = wanted if isinstance(wanted, list) else [wanted]
            if not values:
                faults.append((factor, "an empty list holds for nothing"))
            for value in values:
                try:
                    checked(factor, value)
                except ConfigError as fault:
                    faults.append((factor, str(fault)))
    return faults


def _bound_faults(factor: str, bounds: Mapping[Any, Any]) -> list[str]:
    if "choices" in FACTORS[factor].metadata:
        choices = ", ".join(FACTORS[factor].metadata["choices"])
        return [f"{dict(bounds)!r}: it has no above and below; one or a list of {choices}"]
    if not bounds:
        return ["{}: neither above nor below"]
    return [
        f"{{{word}: {bound!r}}}: expected above or below, and a number"
        for word, bound in bounds.items()
        if word not in BOUNDS or isinstance(bound, bool) or not isinstance(bound, int | float)
    ]


def _is(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        if isinstance(value, str):
            return False
        high, low = wanted.get("below", float("inf")), wanted.get("above", float("-inf"))
        return bool(low < value < high)
    return bool(value in wanted) if isinstance(wanted, list) else bool(value == wanted)


def _words(wanted: Any) -> str:
    if isinstance(wanted, Mapping):
        return " and ".join(f"{word} {bound}" for word, bound in wanted.items())
    return " or ".join(map(str, wanted)) if isinstance(wanted, list) else f"= {wanted}"
