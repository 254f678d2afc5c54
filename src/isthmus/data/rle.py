"""COCO's run-length encoding of binary masks (cocoapi, maskApi.c).

Pixels are read down the columns; runs of 0 and 1 alternate and begin with 0. In the compressed
text each run is the difference to the run before the last (from the fourth on), in groups of
five bits, lowest first, each as a printable character. Nothing of the size that a file claims
is allocated before its runs are known to add up to it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from isthmus.data.frame import XYXY
from isthmus.data.shapes import Mask
from isthmus.errors import InputError

MAX_TEXT = 1 << 22
_FIRST, _MORE, _SIGN, _BITS = 48, 0x20, 0x10, 0x1F


def compress(runs: Iterable[int]) -> str:
    """The text for run lengths."""
    letters = []
    before = [0, 0]
    for index, run in enumerate(runs):
        value = run - before[0] if index > 2 else run
        before = [before[1], run]
        more = True
        while more:
            group = value & _BITS
            value >>= 5
            more = value != -1 if group & _SIGN else value != 0
            letters.append(chr((group | _MORE if more else group) + _FIRST))
    return "".join(letters)


def runs_of(counts: str) -> list[int]:
    """Run lengths of a compressed text.

    Raises:
        InputError: the text is not one.
    """
    if len(counts) > MAX_TEXT:
        raise InputError(f"run lengths of {len(counts)} characters, more than {MAX_TEXT}")
    runs: list[int] = []
    value, shift = 0, 0
    for letter in counts:
        code = ord(letter) - _FIRST
        if not 0 <= code < 64 or shift > 60:
            raise InputError("run lengths hold a character that belongs to none")
        value |= (code & _BITS) << shift
        shift += 5
        if not code & _MORE:
            if code & _SIGN:
                value -= 1 << shift
            runs.append(value + runs[-2] if len(runs) > 2 else value)
            value, shift = 0, 0
    if shift:
        raise InputError("run lengths end in the middle of a number")
    return runs


def mask_from(height: int, width: int, runs: Iterable[int] | str) -> Mask:
    """The mask of these runs, checked.

    Raises:
        InputError: runs below 0, or not adding up to the size.
    """
    found = runs_of(runs) if isinstance(runs, str) else list(runs)
    if min(height, width) < 1 or any(run < 0 for run in found) or sum(found) != height * width:
        raise InputError(f"run lengths do not add up to {width} × {height} pixels")
    return Mask(height, width, runs if isinstance(runs, str) else compress(found))


def encode(pixels: npt.NDArray[np.bool_]) -> Mask:
    """The mask of a boolean array (height, width)."""
    flat = np.asarray(pixels, dtype=bool).ravel(order="F")
    changes = np.flatnonzero(np.diff(flat, prepend=False))
    edges = np.concatenate([[0], changes, [flat.size]])
    height, width = pixels.shape
    return Mask(height, width, compress(int(run) for run in np.diff(edges)))


def decode(mask: Mask) -> npt.NDArray[np.bool_]:
    """Boolean array (height, width).

    Raises:
        InputError: the runs do not add up to the size.
    """
    runs = runs_of(mask_from(mask.height, mask.width, mask.counts).counts)
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape((mask.height, mask.width), order="F")


def bounds(mask: Mask) -> XYXY | None:
    """The smallest half-open box around the mask's pixels; None if it is empty."""
    runs = np.asarray(runs_of(mask.counts), dtype=np.int64)
    ends = np.cumsum(runs)[1::2]
    sizes = runs[1::2]
    first, last = (ends - sizes)[sizes > 0], ends[sizes > 0] - 1
    if not first.size:
        return None
    left, right = first // mask.height, last // mask.height
    # A run over several columns touches the bottom of one and the top of the next.
    over = left != right
    top = np.where(over, 0, first % mask.height).min()
    bottom = np.where(over, mask.height - 1, last % mask.height).max()
    return float(left.min()), float(top), float(right.max() + 1), float(bottom + 1)
