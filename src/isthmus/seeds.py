"""One seed, many independent generators.

Every random draw of isthmus comes from a generator that is derived from the study's seed and
from the *name* of what is drawn (stage, item, step). Nothing depends on the order of work or
on the number of workers, and a resumed run needs no saved generator state.
"""

from __future__ import annotations

import hashlib

import numpy as np

Key = str | int


def _words(key: Key) -> list[int]:
    if isinstance(key, int) and not isinstance(key, bool) and key >= 0:
        return [1, key & 0xFFFFFFFF, key >> 32]
    digest = hashlib.blake2b(str(key).encode("utf-8"), digest_size=16).digest()
    return [2, *(int(word) for word in np.frombuffer(digest, dtype="<u4"))]


def sequence(seed: int, *keys: Key) -> np.random.SeedSequence:
    """The seed sequence for `keys` under `seed`; other keys give independent streams."""
    entropy = [word for key in (seed, *keys) for word in _words(key)]
    return np.random.SeedSequence(entropy)


def generator(seed: int, *keys: Key) -> np.random.Generator:
    """A numpy generator for `keys` under `seed`."""
    return np.random.default_rng(sequence(seed, *keys))


def integer(seed: int, *keys: Key) -> int:
    """A 63-bit integer for `keys` under `seed`, for libraries that take one (torch)."""
    state = sequence(seed, *keys).generate_state(1, np.uint64)
    return int(state[0] >> np.uint64(1))
