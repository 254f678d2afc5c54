"""A stock of made scenery: houses, trees and street furniture are built once a process.

What a scene draws is a number in the stock; the article of that number is made from its name and
number alone, so every process that makes it makes the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from isthmus import seeds
from isthmus.synth.world.thing import Thing


def article(
    maker: Callable[..., Thing], rng: np.random.Generator, variants: int, **asked: Any
) -> Thing:
    """One of `variants` things that `maker(rng, **asked)` makes.

    Args:
        maker: a function of a module.
        rng: draws which; once, whatever the article.
        variants: how many there are to choose from.
        asked: hashable arguments of the maker.
    """
    return _made(maker, int(rng.random() * variants), tuple(sorted(asked.items())))


def numbered(maker: Callable[..., Thing], number: int, **asked: Any) -> Thing:
    """The article of a number, so that several can be alike."""
    return _made(maker, number, tuple(sorted(asked.items())))


@lru_cache(maxsize=2000)
def _made(maker: Callable[..., Thing], number: int, asked: tuple[tuple[str, Any], ...]) -> Thing:
    rng = seeds.generator(0, "stock", maker.__name__, number)
    return maker(rng, **dict(asked))
