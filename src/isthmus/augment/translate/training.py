"""Training `cut` on data sets: checkpoints, a sheet of samples, the same bytes on resume.

Every draw of step s comes from ``generator(seed, "translate", "cut", s)``: a resumed run needs no
generator state and ends, on a processor, with the same bytes as one that was never stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus import seeds
from isthmus.augment.linear import Bytes
from isthmus.augment.translate.crops import Pictures
from isthmus.augment.translate.cut import (
    LOSSES,
    CutSettings,
    CutState,
    cut_step,
    matching_curve,
    new_state,
    settings_note,
)
from isthmus.augment.translate.networks import Generator
from isthmus.augment.translate.pixels import to_bytes, to_tensor
from isthmus.augment.translate.weights import (
    TRANSLATOR_SCHEMA,
    load_into,
    named,
    read_weights,
    write_weights,
)
from isthmus.compute.executor import Progress
from isthmus.data.dataset import Dataset, UnlabeledView
from isthmus.data.frame import Frame
from isthmus.errors import InputError, TrainingError
from isthmus.features.network import device_of
from isthmus.files import digest_of, exclusive_lock

CHECKPOINT = "checkpoint.safetensors"
TRANSLATOR = "translator.safetensors"
CHECKPOINT_SCHEMA = "isthmus.translate.checkpoint/1"
RECIPE = "isthmus.cut/2"
"""Changes whenever the same request gives other weights."""
SHOWN = 4


@dataclass(frozen=True)
class TrainedTranslator:
    """A trained translator.

    Attributes:
        path: its file, for `load_translator`.
        steps: steps done.
        history: float32 (steps, losses); NaN where a step had no such loss.
        losses: names of the columns.
        samples: sheets of samples that lie in its folder, oldest first.
    """

    path: Path
    steps: int
    history: np.ndarray
    losses: tuple[str, ...]
    samples: tuple[Path, ...]

    def mean_losses(self, last: int = 100) -> dict[str, float]:
        """Mean of each loss over the last steps; losses that never were are left out."""
        part = self.history[-last:]
        return {
            name: float(np.nanmean(part[:, k]))
            for k, name in enumerate(self.losses)
            if np.isfinite(part[:, k]).any()
        }


def train_cut(
    source: Dataset,
    target: UnlabeledView | Dataset,
    folder: Path | str,
    *,
    settings: CutSettings | None = None,
    seed: int = 0,
    device: str = "cpu",
    checkpoint_every: int = 50,
    samples_every: int = 200,
    progress: Progress | None = None,
) -> TrainedTranslator:
    """Train `cut` from source frames towards target images; goes on where it stopped.

    Args:
        source: frames; boxes, where there are any, keep objects where they are.
        target: one image or more; labels are not looked at.
        folder: for checkpoint, translator and samples; is made if need be.
        settings: of the training.
        seed: decides every random draw.
        device: as in `torch.device`: cpu, cuda, cuda:1, …
        checkpoint_every: steps between checkpoints.
        samples_every: steps between sheets of samples (source, translated, target).
        progress: called with (steps done, steps in all, what).

    Raises:
        InputError: no images, a device that cannot be used, or a folder that holds the
            checkpoint of another training.
        TrainingError: a loss stopped being finite; the last good checkpoint is kept.
    """
    folder, settings = Path(folder), settings or CutSettings()
    pictures = _pictures(source, target, settings)
    place = device_of(device)
    identity = digest_of([RECIPE, settings_note(settings), seed, *(p.digest for p in pictures)])
    curve = matching_curve(*pictures) if settings.match_colours else None
    state = new_state(settings, len(source.categories), seed, curve=curve, device=place)
    with exclusive_lock(folder / ".lock"):
        _resume(folder / CHECKPOINT, identity, state)
        about = {"source": source.name, "target": target.name, "seed": seed}
        if state.step == settings.steps and not (folder / TRANSLATOR).exists():
            _save(folder, identity, state, settings, about)
        while state.step < settings.steps:
            _step(state, settings, pictures, seed, folder)
            done = state.step == settings.steps
            if state.step % checkpoint_every == 0 or done:
                _save(folder, identity, state, settings, about)
            if state.step % samples_every == 0 or done:
                _write_samples(folder, state, pictures)
            if progress:
                progress(state.step, settings.steps, "training cut")
    history = torch.stack(state.history).numpy()
    samples = tuple(sorted((folder / "samples").glob("step-*.png")))
    return TrainedTranslator(folder / TRANSLATOR, state.step, history, LOSSES, samples)


def _pictures(
    source: Dataset, target: UnlabeledView | Dataset, settings: CutSettings
) -> tuple[Pictures, Pictures]:
    for dataset, what in ((source, "source"), (target, "target")):
        if not len(dataset):
            raise InputError(f"{dataset.name}: no image; the {what} needs at least one")
    height, crop = settings.height, settings.crop
    return (
        Pictures(source.frames, height=height, crop=crop, categories=source.categories),
        Pictures(target.frames, height=height, crop=crop),
    )


def _step(
    state: CutState,
    settings: CutSettings,
    pictures: tuple[Pictures, Pictures],
    seed: int,
    folder: Path,
) -> None:
    rng = seeds.generator(seed, "translate", "cut", state.step)
    values = cut_step(state, settings, *pictures, rng)
    if all(np.isfinite(value) for value in values.values()):
        return
    kept = folder / CHECKPOINT
    where = f"the last good checkpoint is {kept}" if kept.exists() else "there is no checkpoint yet"
    parts = ", ".join(f"{name} {value:g}" for name, value in values.items())
    raise TrainingError(
        f"cut, seed {seed}: a loss is not finite at step {state.step} ({parts}); {where}. "
        "Lower the learning rate"
    )


def _save(
    folder: Path, identity: str, state: CutState, settings: CutSettings, about: dict[str, Any]
) -> None:
    tensors: dict[str, Tensor] = {"history": torch.stack(state.history)}
    for name, network in state.networks.items():
        tensors |= named(network, name)
    for name, optimiser in state.optimisers.items():
        for index, moments in optimiser.state_dict()["state"].items():
            tensors |= {f"adam.{name}.{index}.{key}": value for key, value in moments.items()}
    for name, value in tensors.items():
        if name != "history" and not bool(torch.isfinite(value).all()):
            raise TrainingError(
                f"cut: {name} is not finite at step {state.step}; the checkpoint before it is "
                f"kept ({folder / CHECKPOINT}). Lower the learning rate"
            )
    note = {"schema": CHECKPOINT_SCHEMA, "identity": identity, "step": state.step}
    write_weights(folder / CHECKPOINT, tensors, note)
    write_weights(
        folder / TRANSLATOR,
        named(state.networks["average"], "generator"),
        {
            "schema": TRANSLATOR_SCHEMA,
            "method": "cut",
            "settings": settings_note(settings),
            "steps": state.step,
            **about,
        },
    )


def _resume(path: Path, identity: str, state: CutState) -> None:
    """Go on from `path` if it is there.

    Raises:
        InputError: it belongs to another training, or is damaged.
    """
    if not path.exists():
        return
    tensors, note = read_weights(path)
    if note.get("schema") != CHECKPOINT_SCHEMA or note.get("identity") != identity:
        raise InputError(
            f"{path}: the checkpoint of another training (other data, settings or seed); choose "
            "another folder, or delete it"
        )
    try:
        for name, network in state.networks.items():
            load_into(network, tensors, name)
        for name, optimiser in state.optimisers.items():
            optimiser.load_state_dict(
                {**optimiser.state_dict(), "state": _moments(tensors, f"adam.{name}.")}
            )
        state.history = list(tensors["history"])
        state.step = int(note["step"])
    except (KeyError, RuntimeError, ValueError) as error:
        raise InputError(f"{path}: damaged ({error}); delete it to start anew") from error


def _moments(tensors: dict[str, Tensor], prefix: str) -> dict[int, dict[str, Tensor]]:
    found: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith(prefix):
            index, key = name.removeprefix(prefix).split(".")
            found.setdefault(int(index), {})[key] = value
    return found


def _write_samples(folder: Path, state: CutState, pictures: tuple[Pictures, Pictures]) -> None:
    from isthmus.data.images import write_png

    source, target = pictures
    average = state.networks["average"]
    assert isinstance(average, Generator)
    rows = []
    for number, index in enumerate(_spread(source.frames, SHOWN)):
        before = source.picture(index)
        looks = _spread(target.frames, SHOWN)
        look = target.picture(looks[number % len(looks)])
        rows.append([before, generated(average, before), look])
    write_png(folder / "samples" / f"step-{state.step:06d}.png", sheet(rows))


def _spread(frames: Sequence[Frame], count: int) -> list[int]:
    """Up to `count` places spread evenly over `frames`."""
    places = np.linspace(0, len(frames) - 1, min(count, len(frames)))
    return [int(place) for place in places.round()]


@torch.no_grad()
def generated(generator: Generator, image: Bytes) -> Bytes:
    """An image (h, w, 3) uint8 as the generator translates it."""
    device = next(generator.parameters()).device
    return to_bytes(generator(to_tensor(image).to(device)))


def sheet(rows: Sequence[Sequence[Bytes]]) -> Bytes:
    """Pictures side by side in rows, each brought to the first one's size."""
    from isthmus.data.images import resize_rgb

    height, width = rows[0][0].shape[:2]
    fitted = [
        [p if p.shape[:2] == (height, width) else resize_rgb(p, width, height) for p in row]
        for row in rows
    ]
    return np.concatenate([np.concatenate(row, axis=1) for row in fitted], axis=0)
