"""How the takeaway puts figures into words: the same way everywhere."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

Document = dict[str, Any]


def median(values: Sequence[float | None]) -> float | None:
    """Median of the values that are known; None if none is."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def class_name(name: str) -> str:
    """Name of a class in a sentence."""
    return "the mean over classes" if name == "mean" else name


def say(topic: str, text: str, level: str) -> Document:
    """One statement."""
    return {"topic": topic, "text": text, "level": level}


def step(text: str, why: str) -> Document:
    """One piece of advice."""
    return {"text": text, "why": why}


def percent(share: float | None) -> str:
    """A share as a whole percentage."""
    return "unknown" if share is None else f"{100 * share:.0f} %"


def interval(cell: Document) -> str:
    """AP50 in percent with its interval."""
    return f"{100 * cell['mean']:.1f} [{100 * cell['low']:.1f}, {100 * cell['high']:.1f}]"


def share(closed: Document) -> str:
    """Share of the gap closed with its interval."""
    low, high = 100 * closed["low"], 100 * closed["high"]
    return f"{100 * closed['value']:.0f} % [{low:.0f}, {high:.0f}]"


def points(change: Document) -> str:
    """A change in points of AP50 with its interval."""
    low, high = 100 * change["low"], 100 * change["high"]
    return f"{100 * change['value']:+z.1f} points [{low:+z.1f}, {high:+z.1f}]"
