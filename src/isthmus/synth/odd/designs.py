"""Designs: points of the unit cube that cover it, each a stream that any row can be drawn from.

A new design is one function and one line of `DESIGNS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from isthmus import seeds

Points = NDArray[np.float64]
CHUNK = 256


def sobol(dimensions: int, n: int, seed: int) -> Iterator[Points]:
    """Owen-scrambled Sobol points (Joe & Kuo's directions), endless: n asks for nothing."""
    from scipy.stats import qmc

    engine = qmc.Sobol(dimensions, scramble=True, rng=seeds.generator(seed, "odd", "sobol"))
    while True:
        yield from engine.random(CHUNK)


def latin_hypercube(dimensions: int, n: int, seed: int) -> Iterator[Points]:
    """First n points, one in each of n slices along every axis; then random ones."""
    from scipy.stats import qmc

    engine = qmc.LatinHypercube(dimensions, rng=seeds.generator(seed, "odd", "latin"))
    yield from engine.random(n)
    # What a rule turned down is drawn anew: the slices it stood for stay empty.
    yield from _random(dimensions, seed, "latin-more")


def random(dimensions: int, n: int, seed: int) -> Iterator[Points]:
    """Independent points."""
    yield from _random(dimensions, seed, "random")


def _random(dimensions: int, seed: int, what: str) -> Iterator[Points]:
    rng = seeds.generator(seed, "odd", what)
    while True:
        yield from rng.random((CHUNK, dimensions))


DESIGNS: Mapping[str, Callable[[int, int, int], Iterator[Points]]] = MappingProxyType(
    {"sobol": sobol, "latin_hypercube": latin_hypercube, "random": random}
)
"""Name → stream of points (d,) in [0, 1)."""
