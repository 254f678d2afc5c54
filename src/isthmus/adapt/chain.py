"""Adapters one after the other, sharing one budget of steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from isthmus.adapt.adapter import Adapted, Adapter, Budget, Level
from isthmus.compute.executor import Progress
from isthmus.detect.detector import Detector
from isthmus.detect.samples import Images, Samples


class Chain:
    """An ordered list of adapters; each gets an equal part of the steps.

    What an image-level method makes visible, a teacher can teach: the order matters.
    """

    level: Level = "combination"

    def __init__(self, name: str, label: str, adapters: Sequence[Adapter]) -> None:
        self.name, self.label, self.adapters = name, label, tuple(adapters)
        self.needs = frozenset[str]().union(*(adapter.needs for adapter in adapters))

    def fit(
        self, detector: Detector, source: Samples, target: Images, budget: Budget, seed: int, *,
        checkpoint: Path | None = None, progress: Progress | None = None,
    ) -> Adapted:
        """Fit one after the other; histories and alarms are joined."""
        history: list[float] = []
        alarms: list[str] = []
        spent = 0
        for index, adapter in enumerate(self.adapters):
            steps = (budget.steps - spent) // (len(self.adapters) - index)
            place = None
            if checkpoint is not None:
                place = checkpoint.with_name(f"{checkpoint.stem}-{index}{checkpoint.suffix}")

            def shown(done: int, total: int, what: str, before: int = spent) -> None:
                if progress:
                    progress(before + done, budget.steps, what)

            adapted = adapter.fit(
                detector, source, target, budget.part(steps, spent), seed, checkpoint=place,
                progress=shown,
            )
            detector = adapted.detector
            history += adapted.history
            alarms += adapted.alarms
            spent += steps
        return Adapted(detector, tuple(history), tuple(alarms))
