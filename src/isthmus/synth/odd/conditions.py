"""Conditions on factors: when a dependency takes hold, which combinations cannot be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isthmus.errors import ConfigError

BOUNDS = ("below", "above")


@dataclass(frozen=True)
class Condition:
    """Factors with what each must be: all must hold."""

    wanted: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, written: Any, known: tuple[str, ...]) -> Condition:
        """Read a mapping of factors to a value, a list of values, or ``{above: a, below: b}``.

        Raises:
            ConfigError: it is none, or names an unknown factor.
        """
        if not isinstance(written, Mapping) or not written:
            raise ConfigError(f"{written!r} is no condition: it maps factors to values")
        for factor, value in written.items():
            if factor not in known:
                raise ConfigError(f"condition on {factor!r}: no such factor")
            if isinstance(value, Mapping):
                good = value and all(
                    k in BOUNDS and isinstance(v, int | float) for k, v in value.items()
                )
                if not good:
                    raise ConfigError(f"condition on {factor!r}: {value!r} has no above or below")
            elif not isinstance(value, str | int | float | list):
                raise ConfigError(f"condition on {factor!r}: {value!r} is no value")
        return cls(tuple(written.items()))

    @property
    def factors(self) -> tuple[str, ...]:
        """The factors it speaks of."""
        return tuple(name for name, _ in self.wanted)

    def holds(self, row: Mapping[str, Any]) -> bool:
        """True if all of it holds; a factor that the row lacks holds nothing."""
        return all(name in row and _is(row[name], value) for name, value in self.wanted)

    def __str__(self) -> str:
        return ", ".join(f"{name} {_words(value)}" for name, value in self.wanted)


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
