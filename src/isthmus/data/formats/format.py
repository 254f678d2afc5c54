"""What a format of data sets is to the rest of isthmus."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from isthmus.compute.executor import Executor, Progress
from isthmus.data.dataset import Dataset


class Format(Protocol):
    """Reads one kind of data set."""

    @property
    def name(self) -> str:
        """Word by which users choose the format."""
        ...

    def detect(self, path: Path) -> bool:
        """True if the path looks like this format; cheap, and never an exception."""
        ...

    def read(
        self,
        path: Path,
        *,
        images: Path | None,
        executor: Executor | None = None,
        progress: Progress | None = None,
    ) -> Dataset:
        """The data set, its problems included; frames in natural order.

        Raises:
            InputError: nothing usable is there.
        """
        ...
