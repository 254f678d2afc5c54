"""The one training loop: a budget of steps, an objective, checkpoints, the same bytes on resume.

Every random draw of step s comes from ``generator(seed, "train", name, s)``, so a resumed run
needs no generator state. The model that counts is the exponential moving average of the weights
(Tarvainen & Valpola, NeurIPS 2017), unless the recipe says otherwise. What is learnt is the
business of an `Objective`; every arm and adapter brings one and none brings a loop.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from isthmus import seeds
from isthmus.compute.executor import Progress
from isthmus.detect.curves import Curves
from isthmus.detect.detector import Detector, read_tensors, tensor_bytes
from isthmus.errors import InputError, TrainingError
from isthmus.files import canonical_json, digest_of, write_bytes

CHECKPOINT_SCHEMA = "isthmus.checkpoint/1"


@dataclass(frozen=True)
class Recipe:
    """How long and how fast.

    Attributes:
        steps: optimiser steps.
        learning_rate: peak; linear warm-up, then a cosine to 0.
        warmup: steps of warm-up; never more than a tenth of the budget.
        weight_decay: of AdamW.
        clip: largest norm of the gradient.
        ema: largest decay of the averaged weights; None trains without an average.
        age: steps that the given weights were trained before; a young average forgets fast:
            the decay of step t is ``min(ema, (1 + age + t) / (10 + age + t))``.
        checkpoint_every: steps between checkpoints, if a place for them is given.
    """

    steps: int
    learning_rate: float = 2e-3
    warmup: int = 50
    weight_decay: float = 1e-3
    clip: float = 5.0
    ema: float | None = 0.998
    age: int = 0
    checkpoint_every: int = 100

    def rate(self, step: int) -> float:
        """Learning rate of `step`."""
        warmup = max(1, min(self.warmup, self.steps // 10))
        cosine = 0.5 * (1 + math.cos(math.pi * step / max(1, self.steps)))
        return self.learning_rate * min(1.0, (step + 1) / warmup) * cosine

    def decay(self, step: int) -> float:
        """Decay of the averaged weights at `step`."""
        assert self.ema is not None
        return min(self.ema, (1 + self.age + step) / (10 + self.age + step))


@dataclass
class State:
    """Everything that changes while training.

    Attributes:
        student: the model that gets the gradients.
        average: moving average of its weights in evaluation mode; the student if there is none.
        optimiser: of the student.
        step: steps done.
        history: the loss of each step.
        alarms: what went wrong on the way, for people.
    """

    student: Detector
    average: Detector
    optimiser: torch.optim.Optimizer
    step: int = 0
    history: list[float] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)

    def snapshot(self) -> dict[str, Any]:
        """A copy of weights, average and optimiser, to return to."""
        return copy.deepcopy(
            {
                "student": self.student.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
            }
        )

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Return to a snapshot."""
        content = copy.deepcopy(dict(snapshot))
        self.student.load_state_dict(content["student"])
        self.average.load_state_dict(content["average"])
        self.optimiser.load_state_dict(content["optimiser"])


class Objective(Protocol):
    """What is learnt. `losses` is called once per step, `after_step` once after each."""

    @property
    def fingerprint(self) -> str:
        """Digest of data and settings: a checkpoint of another objective is not resumed."""
        ...

    def losses(self, state: State, rng: np.random.Generator) -> dict[str, Tensor]:
        """Named scalars whose sum is minimised; `rng` is this step's generator."""
        ...

    def after_step(self, state: State) -> None:
        """Look at the state after a step; may restore an earlier one and note an alarm."""
        ...

    def memory(self) -> dict[str, Any]:
        """What the objective itself remembers (tensors, numbers, text), for checkpoints."""
        ...

    def recall(self, memory: Mapping[str, Any]) -> None:
        """Take back what `memory` gave."""
        ...


@dataclass(frozen=True)
class Trained:
    """Result of training: the averaged detector, the loss of each step, alarms."""

    detector: Detector
    history: tuple[float, ...]
    alarms: tuple[str, ...]


def train(
    detector: Detector,
    objective: Objective,
    recipe: Recipe,
    *,
    seed: int,
    name: str,
    checkpoint: Path | None = None,
    progress: Progress | None = None,
    curves: Curves | None = None,
) -> Trained:
    """Train a copy of `detector`; the one given stays as it is.

    Args:
        detector: initial weights.
        objective: what is learnt.
        recipe: how long and how fast.
        seed: with `name`, decides every random draw.
        name: of what is trained.
        checkpoint: file to write every ``recipe.checkpoint_every`` steps and to go on from if
            it exists and belongs to the same training.
        progress: called after each step.
        curves: gets the losses and the learning rate of each step.

    Raises:
        TrainingError: the loss or the gradient stopped being finite; the last checkpoint stays.
    """
    student = copy.deepcopy(detector).train()
    average = student if recipe.ema is None else copy.deepcopy(detector).eval()
    optimiser = torch.optim.AdamW(
        student.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True
    )
    state = State(student, average, optimiser)
    identity = digest_of(
        [objective.fingerprint, asdict(recipe), seed, name, weights_digest(detector)]
    )
    if checkpoint is not None:
        _resume(checkpoint, identity, state, objective)
    while state.step < recipe.steps:
        losses = _step(state, objective, recipe, seed=seed, name=name, checkpoint=checkpoint)
        if curves:
            rate = {"learning_rate": recipe.rate(state.step - 1)}
            curves.add(recipe.age + state.step, losses | rate)
        if checkpoint is not None and state.step % recipe.checkpoint_every == 0:
            _save(checkpoint, identity, state, objective)
        if progress:
            progress(state.step, recipe.steps, f"training {name}")
    return Trained(state.average.eval(), tuple(state.history), tuple(state.alarms))


def _step(
    state: State,
    objective: Objective,
    recipe: Recipe,
    *,
    seed: int,
    name: str,
    checkpoint: Path | None,
) -> dict[str, float]:
    """Go one step; returns its losses by name and their sum."""
    for group in state.optimiser.param_groups:
        group["lr"] = recipe.rate(state.step)
    rng = seeds.generator(seed, "train", name, state.step)
    state.student.train()
    losses = objective.losses(state, rng)
    total = torch.stack(list(losses.values())).sum()
    value = float(total.detach())
    state.optimiser.zero_grad(set_to_none=True)
    norm = math.nan
    if math.isfinite(value):
        total.backward()  # type: ignore[no-untyped-call]
        norm = float(torch.nn.utils.clip_grad_norm_(state.student.parameters(), recipe.clip))
    if not math.isfinite(norm):
        parts = ", ".join(f"{key} {float(loss.detach()):g}" for key, loss in losses.items())
        kept = (
            f"the last good checkpoint is {checkpoint}"
            if (checkpoint is not None and checkpoint.exists())
            else "there is no checkpoint yet"
        )
        raise TrainingError(
            f"training {name!r}, seed {seed}: loss or gradient is not finite at step {state.step} "
            f"({parts}); {kept}. Lower the learning rate or look at the labels of this batch"
        )
    state.optimiser.step()
    if recipe.ema is not None:
        update_average(state.average, state.student, recipe.decay(state.step))
    state.step += 1
    state.history.append(value)
    objective.after_step(state)
    values = {f"loss/{key}": float(loss.detach()) for key, loss in losses.items()}
    return values | {"loss/total": value}


@torch.no_grad()
def update_average(average: Detector, student: Detector, decay: float) -> None:
    """Average ← decay·average + (1 - decay)·student, for weights and running statistics."""
    old, new, done = [], [], set()
    for mine, theirs in zip(
        average.state_dict().values(), student.state_dict().values(), strict=True
    ):
        if mine.data_ptr() in done:
            continue  # tied weights have several names, but are averaged once
        done.add(mine.data_ptr())
        if mine.is_floating_point():
            old.append(mine)
            new.append(theirs)
        else:
            mine.copy_(theirs)
    get_ema_multi_avg_fn(decay)(old, new, None)  # type: ignore[no-untyped-call]


def weights_digest(detector: Detector) -> str:
    """SHA-256 of all weights and statistics, by name."""
    digest = hashlib.sha256()
    for key, value in sorted(detector.state_dict().items()):
        digest.update(key.encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _save(path: Path, identity: str, state: State, objective: Objective) -> None:
    content = {
        "schema": CHECKPOINT_SCHEMA,
        "identity": identity,
        "step": state.step,
        "notes": canonical_json({"history": state.history, "alarms": state.alarms}),
        "state": state.snapshot(),
        "memory": objective.memory(),
    }
    try:
        write_bytes(path, tensor_bytes(content))
    except OSError as error:
        again = "the one before it is kept. Free some space and start again: it goes on from there"
        if not path.exists():
            again = "there is none before it. Free some space and start again"
        raise TrainingError(
            f"{path}: the checkpoint of step {state.step} cannot be written ({error}); {again}"
        ) from error


def _resume(path: Path, identity: str, state: State, objective: Objective) -> None:
    """Go on from `path` if it belongs to this training; a damaged file means from the start."""
    with contextlib.suppress(InputError, KeyError):
        content = read_tensors(path)
        if content["schema"] == CHECKPOINT_SCHEMA and content["identity"] == identity:
            notes = json.loads(content["notes"])
            state.restore(content["state"])
            objective.recall(content["memory"])
            state.step = int(content["step"])
            state.history, state.alarms = list(notes["history"]), list(notes["alarms"])
