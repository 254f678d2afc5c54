"""What a format of data sets is to the rest of isthmus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from isthmus.data.dataset import Dataset
from isthmus.data.formats.records import ImageCheck


class Format(Protocol):
    """Reads one kind of data set."""

    @property
    def name(self) -> str:
        """Word by which users choose the format."""
        ...

    def detect(self, path: Path) -> bool:
        """True if the path looks like this format; cheap, and never an exception."""
        ...

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """The data set, its problems included; frames in natural order.

        Args:
            path: label file or folder.
            images: folder that image names are relative to; None to look where they usually lie.
            check: how the images are looked at.

        Raises:
            InputError: nothing usable is there.
        """
        ...


@dataclass(frozen=True)
class Writer:
    """Writes one kind of data set.

    Attributes:
        write: called with a data set and a folder; returns the label file or folder that is to
            be read again.
        holds: what the format has a place for, in the words of `losses.PARTS`. The rest is
            reported by `losses.losses`; nothing is left out without being named there.
        box_attributes: names of the attributes of objects that it can hold if not all.
    """

    write: Callable[[Dataset, Path], Path]
    holds: frozenset[str]
    box_attributes: frozenset[str] = frozenset()
