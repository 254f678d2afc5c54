"""Training on generated frames of the target's conditions beside those of the source."""

from __future__ import annotations

from dataclasses import replace

from isthmus.adapt.adapter import Adapted, Level, Task
from isthmus.adapt.pseudo.mean_teacher import MeanTeacher
from isthmus.errors import TrainingError


def mixed_in(task: Task, name: str) -> Task:
    """The task with its generated frames in every batch.

    Raises:
        TrainingError: there are no generated frames.
    """
    if task.generated is None:
        raise TrainingError(
            f"{name}: there are no generated frames to train on; generate some first, or leave "
            "this method out"
        )
    return replace(task, mixed=True)


class GeneratedFrames:
    """Fair source training with generated frames mixed into every batch.

    In a combination the stages after it train on them as well.
    """

    name = "augmented"
    label = "Generated corner cases"
    level: Level = "image"
    needs = frozenset({"source.images", "source.labels"})

    def fit(self, task: Task) -> Adapted:
        """Spend the budget on source and generated frames side by side.

        Raises:
            TrainingError: there are no generated frames.
        """
        task = mixed_in(task, self.label)
        return task.train(task.supervised(), self.name)


class GeneratedMeanTeacher(MeanTeacher):
    """Generated frames in every batch all the way; the teacher speaks from half of it.

    A teacher can only teach what it finds, and generated frames let it find the objects that a
    detector of the source misses.
    """

    def __init__(self) -> None:
        super().__init__("augmented_mean_teacher", "Generated corner cases, then mean teacher")
        self.level = "combination"

    def fit(self, task: Task) -> Adapted:
        """Spend the budget on source, generated and target frames.

        Raises:
            TrainingError: there are no generated frames.
        """
        return super().fit(mixed_in(task, self.label))
