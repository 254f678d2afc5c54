"""Values out of label files that others wrote: typed, finite, printable, or refused.

JSON as Python reads it may hold NaN, infinity (1e999), integers too large for a float, lone
surrogates that no file system takes, and any type in any place.
"""

from __future__ import annotations

import math
from typing import Any

MAX_TEXT = 4096
UNUSED_SCORES = "scores are none between 0 and 1: not used"


def number(value: Any) -> float | None:
    """A finite float, or None. Booleans and digits in quotes are not numbers."""
    if type(value) is float:  # nearly always, and there are millions
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def numbers(value: Any, count: int) -> tuple[float, ...] | None:
    """`count` finite floats, or None."""
    if not isinstance(value, list | tuple) or len(value) != count:
        return None
    total = 0.0
    for item in value:
        if type(item) is not float:
            break
        total += item
    else:  # floats alone, as nearly always; a sum is finite only where all of them are
        if math.isfinite(total):
            return tuple(value)
    found = []
    for item in value:
        known = number(item)
        if known is None:
            return None
        found.append(known)
    return tuple(found)


def score(value: Any) -> float | None:
    """A confidence from 0 to 1, or None."""
    known = number(value)
    return known if known is not None and 0 <= known <= 1 else None


def size(width: Any, height: Any) -> tuple[int, int] | None:
    """(width, height) in whole pixels above 0, or None."""
    found = numbers([width, height], 2)
    if found is None or min(found) < 1 or any(side != int(side) for side in found):
        return None
    return int(found[0]), int(found[1])


def text(value: Any) -> str | None:
    """A string that can be printed, encoded and used in a file name, or None."""
    if not isinstance(value, str) or not value or len(value) > MAX_TEXT:
        return None
    if value.isascii() and value.isprintable():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return None
    return None if any(ord(letter) < 32 for letter in value) else value


def scalar_text(value: Any) -> str | None:
    """A string, truth value or whole number as text; None for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) < 1 << 63:
        return str(value)
    return text(value)


def attributes(value: Any) -> tuple[dict[str, str], list[str]]:
    """Attributes of a frame as text, and the names of those that cannot be one."""
    if not isinstance(value, dict):
        return {}, []
    kept: dict[str, str] = {}
    refused = []
    for key, content in value.items():
        name, word = text(key), scalar_text(content)
        if name is None or (word is None and content not in (None, "")):
            refused.append(repr(key)[:40])
        elif word is not None:
            kept[name] = word
    return kept, refused


def flag(value: Any) -> bool | None:
    """True or False from a truth value or 0/1; None where nothing is said."""
    if isinstance(value, bool):
        return value
    known = number(value)
    return None if known is None else known != 0


def key(value: Any) -> int | str | None:
    """An identifier: a whole number or a string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return value


def shown(value: Any) -> str:
    """A value in an error message: short, one line, printable."""
    if isinstance(value, str):
        return ascii(value if len(value) <= 80 else f"{value[:77]}...")
    if value is None or isinstance(value, bool | float):
        return str(value)
    if isinstance(value, int):
        return str(value) if abs(value) < 1 << 64 else "a huge number"
    return "an object" if isinstance(value, dict) else "a list"
