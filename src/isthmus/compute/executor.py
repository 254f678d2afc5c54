"""Who does the work: one protocol, several executors.

`map(function, items)` gives one `Outcome` per item, in the order of the items, whatever the
number of workers. A failing item becomes an outcome with an error; it never takes others with
it. Functions are module-level and take one picklable item, so that the same call runs in this
process, in local processes or on a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from isthmus.errors import IsthmusError

Item = TypeVar("Item")
Value = TypeVar("Value")
Progress = Callable[[int, int, str], None]
"""Called with (done, total, what is being done)."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Value]):
    """What became of one item.

    Attributes:
        index: position of the item.
        value: the function's result; None if it failed.
        error: one line saying what went wrong; None if it succeeded.
        expected: the error was one of `isthmus.errors` (a fault of the input, not of the code).
    """

    index: int
    value: Value | None
    error: str | None = None
    expected: bool = False

    def unwrap(self) -> Value:
        """The value; raises `IsthmusError` with the recorded message if there is none."""
        if self.error is not None:
            raise IsthmusError(self.error)
        return self.value  # type: ignore[return-value]  # no error means there is a value


class Executor(Protocol):
    """Anything that can map a function over items."""

    @property
    def workers(self) -> int:
        """How many items are worked on at the same time."""
        ...

    def map(
        self,
        function: Callable[[Item], Value],
        items: Sequence[Item],
        *,
        progress: Progress | None = None,
        what: str = "",
    ) -> Iterator[Outcome[Value]]:
        """Outcomes in the order of `items`, as soon as they are known."""
        ...


def attempt(function: Callable[[Item], Value], index: int, item: Item) -> Outcome[Value]:
    """Call `function`, turning an exception into an outcome."""
    try:
        return Outcome(index, function(item))
    except IsthmusError as error:
        return Outcome(index, None, str(error), expected=True)
    except Exception as error:
        return Outcome(index, None, f"{type(error).__name__}: {error}")


class SerialExecutor:
    """Works in this process, one item after the other."""

    workers = 1

    def map(
        self,
        function: Callable[[Item], Value],
        items: Sequence[Item],
        *,
        progress: Progress | None = None,
        what: str = "",
    ) -> Iterator[Outcome[Value]]:
        """Outcomes in order; see `Executor.map`."""
        for index, item in enumerate(items):
            yield attempt(function, index, item)
            if progress:
                progress(index + 1, len(items), what)
