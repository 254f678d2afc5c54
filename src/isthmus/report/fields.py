"""Reading values out of result documents without trusting their shape.

A result document may come from another version, or from a run that was killed between two
stages. Whatever is missing becomes None, an empty text or an empty list, so that the report can
say "unknown" in one place and still show the rest.
"""

from __future__ import annotations

import math
from typing import Any

Document = dict[str, Any]


def record(document: Document, key: str) -> Document:
    """The mapping under `key`, or an empty one."""
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def records(document: Document, key: str) -> list[Document]:
    """The mappings in the list under `key`, in order."""
    return [item for item in sequence(document, key) if isinstance(item, dict)]


def sequence(document: Document, key: str) -> list[Any]:
    """The list under `key`, or an empty one."""
    value = document.get(key)
    return list(value) if isinstance(value, list | tuple) else []


def number(document: Document, key: str) -> float | None:
    """The finite number under `key`, or None."""
    value = document.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def integer(document: Document, key: str) -> int:
    """The whole number under `key`, or 0."""
    value = number(document, key)
    return 0 if value is None else int(value)


def text(document: Document, key: str, default: str = "") -> str:
    """The text under `key`; numbers are written out, anything else gives `default`."""
    value = document.get(key)
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    return default


def numbers(document: Document, key: str) -> list[float]:
    """The finite numbers in the list under `key`."""
    found = (number({"value": item}, "value") for item in sequence(document, key))
    return [value for value in found if value is not None]
