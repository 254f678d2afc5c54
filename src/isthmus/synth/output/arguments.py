"""Words of the command line as values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isthmus.data.dataset import Dataset
from isthmus.data.formats import read_dataset
from isthmus.errors import ConfigError
from isthmus.files import read_json
from isthmus.synth.output.request import checked_sensor


def size_of(words: str) -> tuple[int, int]:
    """(width, height) of ``640x360``.

    Raises:
        ConfigError: it is not two whole numbers.
    """
    width, _, height = words.lower().partition("x")
    if not (_whole(width) and _whole(height)):
        raise ConfigError(f"size {words!r}: expected WIDTHxHEIGHT, such as 640x360")
    return int(width), int(height)


def part_of(words: str) -> tuple[int, int]:
    """(i, k) of ``i/k``.

    Raises:
        ConfigError: it is not two whole numbers.
    """
    first, _, count = words.partition("/")
    if not (_whole(first) and _whole(count)):
        raise ConfigError(f"part {words!r}: expected I/K, such as 0/4")
    return int(first), int(count)


def _whole(words: str) -> bool:
    """True for a few digits: others that Unicode has, or thousands, are no number to Python."""
    return words.isascii() and words.isdigit() and len(words) < 10


def sensor_of(path: Path | None) -> dict[str, Any]:
    """The camera's parameters in a JSON file of `synth twin`; {} without one.

    Raises:
        InputError: not such a file, or an unknown parameter.
    """
    if path is None:
        return {}
    document = read_json(path, limit_bytes=1 << 20)
    given = document.get("sensor") if isinstance(document, dict) else None
    return checked_sensor(given, str(path))


def style_of(path: Path | None) -> Dataset | None:
    """The labelled set whose habits are to be met; None without one.

    Raises:
        InputError: no such set.
    """
    return None if path is None else read_dataset(path, decode=False)
