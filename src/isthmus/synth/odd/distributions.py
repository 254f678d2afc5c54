"""Distributions of factors, as quantile functions: a design's points in [0, 1) become values.

A distribution is written as a value (frozen), a list (all alike), or a mapping of one word to its
arguments. A new one is one class and one line of `KINDS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from isthmus.errors import ConfigError

Value = str | float | int


class Distribution(Protocol):
    """A distribution of one factor.

    `values` are the choices of a categorical one, None for a continuous one; `frozen` has one
    value only and takes no dimension of the design; `bounds` are the least and the largest value.
    """

    @property
    def values(self) -> tuple[Value, ...] | None:
        """Its choices, None if it is continuous."""

    @property
    def bounds(self) -> tuple[Value, ...]:
        """Values that lie farthest out, for checks of the range."""

    def at(self, u: float) -> Value:
        """The quantile at `u`, 0 ≤ u < 1."""


@dataclass(frozen=True)
class Choice:
    """Some values, each with its weight."""

    options: tuple[Value, ...]
    weights: tuple[float, ...]

    @property
    def values(self) -> tuple[Value, ...] | None:
        """Its choices."""
        return self.options

    @property
    def bounds(self) -> tuple[Value, ...]:
        """All of them."""
        return self.options

    def at(self, u: float) -> Value:
        """The choice whose share of [0, 1) holds `u`."""
        left = u * sum(self.weights)
        for option, weight in zip(self.options, self.weights, strict=True):
            left -= weight
            if left < 0:
                return option
        return next(o for o, w in zip(self.options[::-1], self.weights[::-1], strict=True) if w)


@dataclass(frozen=True)
class Continuous:
    """A distribution between two bounds, by its quantile function."""

    low: float
    high: float
    quantile: Callable[[float], float]
    whole: bool = False

    @property
    def values(self) -> tuple[Value, ...] | None:
        """The whole numbers, if it has no others and they are few."""
        if self.whole and self.high - self.low < 12:
            return tuple(range(int(self.low), int(self.high) + 1))
        return None

    @property
    def bounds(self) -> tuple[Value, ...]:
        """The least and the largest value."""
        return (self.low, self.high)

    def at(self, u: float) -> Value:
        """The quantile at `u`."""
        value = min(max(self.quantile(u), self.low), self.high)
        return int(value) if self.whole else float(value)


def _numbers(arguments: Any, count: int, what: str) -> list[float]:
    if (
        not isinstance(arguments, Sequence)
        or isinstance(arguments, str)
        or len(arguments) != count
        or not all(isinstance(a, int | float) and math.isfinite(a) for a in arguments)
    ):
        raise ConfigError(f"{what} takes {count} numbers, got {arguments!r}")
    return [float(a) for a in arguments]


def _ordered(low: float, high: float, what: str) -> None:
    if not low < high:
        raise ConfigError(f"{what}: {low:g} is not below {high:g}")


def _uniform(arguments: Any) -> Distribution:
    low, high = _numbers(arguments, 2, "uniform")
    _ordered(low, high, "uniform")
    return Continuous(low, high, lambda u: low + u * (high - low))


def _log_uniform(arguments: Any) -> Distribution:
    low, high = _numbers(arguments, 2, "log_uniform")
    _ordered(low, high, "log_uniform")
    if low <= 0:
        raise ConfigError(f"log_uniform: {low:g} is not above 0")
    return Continuous(low, high, lambda u: low * (high / low) ** u)


def _triangular(arguments: Any) -> Distribution:
    low, mode, high = _numbers(arguments, 3, "triangular")
    _ordered(low, high, "triangular")
    if not low <= mode <= high:
        raise ConfigError(f"triangular: the mode {mode:g} lies outside {low:g} to {high:g}")
    turn = (mode - low) / (high - low)

    def quantile(u: float) -> float:
        if u < turn:
            return low + math.sqrt(u * (high - low) * (mode - low))
        return high - math.sqrt((1 - u) * (high - low) * (high - mode))

    return Continuous(low, high, quantile)


def _normal(arguments: Any) -> Distribution:
    """Mean, standard deviation, and the bounds at which it is cut off."""
    from scipy.special import ndtr, ndtri

    mean, sd, low, high = _numbers(arguments, 4, "normal (mean, sd, low, high)")
    _ordered(low, high, "normal")
    if sd <= 0:
        raise ConfigError(f"normal: the standard deviation {sd:g} is not above 0")
    first, last = float(ndtr((low - mean) / sd)), float(ndtr((high - mean) / sd))
    if last - first < 1e-9:
        raise ConfigError(f"normal: next to nothing of it lies within {low:g} to {high:g}")
    return Continuous(low, high, lambda u: mean + sd * float(ndtri(first + u * (last - first))))


def _integers(arguments: Any) -> Distribution:
    low, high = _numbers(arguments, 2, "integers")
    if not (low <= high and low.is_integer() and high.is_integer()):
        raise ConfigError(f"integers: {arguments!r} are not two whole numbers in order")
    return Continuous(low, high, lambda u: math.floor(low + u * (high - low + 1)), whole=True)


def _choice(arguments: Any) -> Distribution:
    if isinstance(arguments, Mapping):
        options, weights = tuple(arguments), tuple(arguments.values())
    elif isinstance(arguments, Sequence) and not isinstance(arguments, str):
        options, weights = tuple(arguments), (1.0,) * len(arguments)
    else:
        raise ConfigError(f"choice takes a list or a mapping to weights, got {arguments!r}")
    if not options or not all(isinstance(o, str | int | float) for o in options):
        raise ConfigError(f"choice: {arguments!r} holds no plain values")
    if len(set(options)) < len(options):
        raise ConfigError(f"choice: {arguments!r} names a value twice")
    good = all(isinstance(w, int | float) and math.isfinite(w) and w >= 0 for w in weights)
    if not good or sum(weights) <= 0:
        raise ConfigError(f"choice: the weights {weights!r} are not ≥ 0 with a sum above 0")
    return Choice(options, tuple(float(w) for w in weights))


KINDS: Mapping[str, Callable[[Any], Distribution]] = MappingProxyType(
    {
        "uniform": _uniform,
        "log_uniform": _log_uniform,
        "triangular": _triangular,
        "normal": _normal,
        "integers": _integers,
        "choice": _choice,
    }
)
"""Word → reader of its arguments."""


def _plain(written: Any) -> list[Any]:
    """The values that a distribution names: its own, of a list, or of `choice`."""
    if isinstance(written, Mapping):
        written = written.get("choice")
    return list(written) if isinstance(written, Mapping | list) else [written]


def distribution(written: Any) -> Distribution:
    """The distribution that an ODD file writes for one factor.

    Raises:
        ConfigError: it is none.
    """
    if any(isinstance(value, bool) for value in _plain(written)):
        raise ConfigError(
            f"{written!r}: YAML reads a bare on, off, yes or no as true or false: put it in quotes"
        )
    if isinstance(written, str | int | float):
        return Choice((written,), (1.0,))
    if isinstance(written, list):
        return _choice(written)
    if isinstance(written, Mapping) and len(written) == 1:
        ((word, arguments),) = written.items()
        if word in KINDS:
            return KINDS[word](arguments)
    known = ", ".join(KINDS)
    raise ConfigError(f"{written!r} is no distribution: a value, a list, or one of {known}")
