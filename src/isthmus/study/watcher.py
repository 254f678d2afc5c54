"""Whoever wants to know how far a study is."""

from __future__ import annotations

from typing import Literal, Protocol

StageState = Literal["running", "done", "up to date"]


class Watcher(Protocol):
    """Is told about stages and about the work inside them."""

    def stage(self, number: int, total: int, name: str, state: StageState) -> None:
        """Stage `number` (from 1) of `total` has entered `state`."""
        ...

    def progress(self, done: int, total: int, what: str) -> None:
        """`done` of `total` items of `what` are finished."""
        ...


class Silent:
    """Wants to know nothing."""

    def stage(self, number: int, total: int, name: str, state: StageState) -> None:
        """Ignore it."""

    def progress(self, done: int, total: int, what: str) -> None:
        """Ignore it."""
