"""Small draws, made thousands of times: several times faster than `Generator.choice`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

Thing = TypeVar("Thing")


def one_of(rng: np.random.Generator, things: Sequence[Thing]) -> Thing:
    """Any of `things`, all equally likely."""
    return things[int(rng.random() * len(things))]


def weighted(rng: np.random.Generator, shares: Mapping[Thing, float]) -> Thing:
    """Any of the keys of `shares`, as likely as their values are large."""
    left = rng.random() * sum(shares.values())
    for thing, share in shares.items():
        left -= share
        if left < 0:
            return thing
    return thing
