"""`cut`: contrastive unpaired translation, trained here on a labelled source and target images.

Park, Efros, Zhang & Zhu, "Contrastive Learning for Unpaired Image-to-Image Translation", ECCV
2020, eq. 4: GAN loss + PatchNCE of source pictures + PatchNCE of target pictures, which are to
stay as they are (identity). Where the source has boxes, a reader of object classes is trained
along on source and translated pictures, and the generator is held to what it can read: an
object that is moved or erased costs (semantic consistency, as in Hoffman et al., "CyCADA", ICML
2018, with labels instead of a frozen classifier, which would bind the look to the source's).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from isthmus.augment.translate.crops import Crops, Pictures, patch_places
from isthmus.augment.translate.networks import (
    KNOTS,
    Discriminator,
    Generator,
    Projections,
    Reader,
    draw_weights,
)
from isthmus.augment.translate.patch_nce import (
    least_squares,
    patch_nce,
    read_loss,
    vectors_at,
)
from isthmus.errors import ConfigError

LOSSES = ("gan", "nce", "identity", "semantic", "discriminator", "reader")
LOOKED_AT = 48
EVERY = 7
STEEPEST = 4.0
LARGEST_GAIN = 1.5
RATE_FACTORS = {"reader": 4.0}
"""The reader learns from labels, not from an opponent: it may go faster."""


@dataclass(frozen=True)
class CutSettings:
    """How `cut` is trained.

    Attributes:
        steps: optimiser steps.
        height: rows that frames are brought to for training, at most.
        crop: side of the training crops, a multiple of 4 from 32.
        batch: crops of each domain a step.
        width, blocks: of the generator.
        learning_rate: of Adam; constant for half of the steps, then linear to 0.
        nce, identity, semantic: weights of the losses beside the GAN's.
        patches: places compared in each crop.
        ema: decay of the averaged generator, the one that counts.
        match_colours: start from the curve by channel that gives source pictures the target's
            histogram, instead of from no change: saves most of the way.
    """

    steps: int = 2000
    height: int = 360
    crop: int = 128
    batch: int = 1
    width: int = 32
    blocks: int = 4
    learning_rate: float = 4e-4
    nce: float = 1.0
    identity: float = 1.0
    semantic: float = 0.5
    patches: int = 128
    ema: float = 0.995
    match_colours: bool = True

    def __post_init__(self) -> None:
        faults = [
            f"{name} {value}: {expected}"
            for name, value, fits, expected in (
                ("steps", self.steps, self.steps >= 1, "1 or more"),
                ("crop", self.crop, self.crop >= 32 and self.crop % 4 == 0, "a multiple of 4 ≥ 32"),
                ("height", self.height, self.height >= self.crop, "at least the crop"),
                ("batch", self.batch, self.batch >= 1, "1 or more"),
                ("width", self.width, 8 <= self.width <= 256, "8–256"),
                ("blocks", self.blocks, 2 <= self.blocks <= 16, "2–16"),
                ("patches", self.patches, self.patches >= 2, "2 or more"),
                ("learning_rate", self.learning_rate, 0 < self.learning_rate <= 0.1, "0–0.1"),
                ("ema", self.ema, 0 <= self.ema < 1, "0 to below 1"),
                ("weights", (self.nce, self.identity, self.semantic),
                 min(self.nce, self.identity, self.semantic) >= 0, "0 or more each"),
            )
            if not fits
        ]  # fmt: skip
        if faults:
            raise ConfigError("cut: " + "; ".join(faults))

    def rate(self, step: int) -> float:
        """Learning rate of `step`."""
        half = self.steps / 2
        return self.learning_rate * min(1.0, (self.steps - step) / half)


@dataclass
class CutState:
    """Everything that changes while training.

    Attributes:
        networks: by name; `average` is the moving average of `generator`.
        optimisers: Adam of the translating and of the judging networks.
        step: steps done.
        history: float32 (steps, losses), `LOSSES` in that order; NaN where there is none.
    """

    networks: dict[str, nn.Module]
    optimisers: dict[str, torch.optim.Adam]
    step: int = 0
    history: list[Tensor] = field(default_factory=list)


def new_state(
    settings: CutSettings,
    classes: int,
    seed: int,
    *,
    curve: Tensor | None = None,
    device: torch.device | str = "cpu",
) -> CutState:
    """Networks with weights drawn from `seed`, and their optimisers.

    `curve`: (3, KNOTS), what the generator starts from; see `matching_curve`.
    """
    with torch.random.fork_rng(devices=[]):  # layers draw from the global generator when made
        generator = Generator(settings.width, settings.blocks)
        average = Generator(settings.width, settings.blocks)
        networks: dict[str, nn.Module] = {
            "generator": generator,
            "projections": Projections(generator.widths),
            "discriminator": Discriminator(settings.width),
            "reader": Reader(classes),
        }
    for name, network in networks.items():
        draw_weights(network, seed, name)
        network.to(device)
    if curve is not None:
        generator.curve.copy_(curve)
    average.load_state_dict(generator.state_dict())
    networks["average"] = average.to(device).requires_grad_(False)

    def adam(*names: str) -> torch.optim.Adam:
        groups = [
            {"params": list(networks[name].parameters()), "factor": RATE_FACTORS.get(name, 1.0)}
            for name in names
        ]
        return torch.optim.Adam(groups, lr=settings.learning_rate, betas=(0.5, 0.999))

    optimisers = {
        "translating": adam("generator", "projections"),
        "judging": adam("discriminator", "reader"),
    }
    return CutState(networks, optimisers)


def cut_step(
    state: CutState,
    settings: CutSettings,
    source: Pictures,
    target: Pictures,
    rng: np.random.Generator,
) -> dict[str, float]:
    """One step of both sides; returns the losses by name.

    Nothing is changed where a loss is not finite: the caller looks at what is returned.
    """
    device = next(state.networks["generator"].parameters()).device
    day, dusk = (p.draw(settings.batch, rng).to(device) for p in (source, target))
    for optimiser in state.optimisers.values():
        for group in optimiser.param_groups:
            group["lr"] = group["factor"] * settings.rate(state.step)
    generator = state.networks["generator"]
    both = generator(torch.cat([day.images, dusk.images]))
    translated, same = both[: len(day.images)], both[len(day.images) :]
    labelled = settings.semantic > 0 and bool((day.classes > 0).any())
    judging = _judging_losses(state, day, dusk, translated.detach(), labelled)
    translating = _translating_losses(
        state, settings, day, dusk, translated=translated, same=same, labelled=labelled, rng=rng
    )
    values = {k: float(v.detach()) for k, v in {**translating, **judging}.items()}
    if all(np.isfinite(value) for value in values.values()):
        weights = {"gan": 1.0, "nce": settings.nce, "identity": settings.identity,
                   "semantic": settings.semantic}  # fmt: skip
        total = torch.stack([weights[name] * loss for name, loss in translating.items()]).sum()
        _descend(state.optimisers["translating"], total)
        _descend(state.optimisers["judging"], torch.stack(list(judging.values())).sum())
        _follow(state.networks["average"], generator, settings.ema, state.step)
        state.step += 1
        state.history.append(torch.tensor([values.get(name, torch.nan) for name in LOSSES]))
    return values


def _judging_losses(
    state: CutState, day: Crops, dusk: Crops, translated: Tensor, labelled: bool
) -> dict[str, Tensor]:
    judge, reader = state.networks["discriminator"], state.networks["reader"]
    false = least_squares(judge(translated, day.rows), 0)
    true = least_squares(judge(dusk.images, dusk.rows), 1)
    losses = {"discriminator": (false + true) / 2}
    if labelled:
        read = reader(torch.cat([day.images, translated]))
        losses["reader"] = read_loss(read, day.classes.repeat(2, 1, 1))
    return losses


def _translating_losses(
    state: CutState,
    settings: CutSettings,
    day: Crops,
    dusk: Crops,
    *,
    translated: Tensor,
    same: Tensor,
    labelled: bool,
    rng: np.random.Generator,
) -> dict[str, Tensor]:
    losses: dict[str, Tensor] = {}
    with _frozen(state.networks["discriminator"], state.networks["reader"]):
        losses["gan"] = least_squares(state.networks["discriminator"](translated, day.rows), 1)
        if labelled:
            losses["semantic"] = read_loss(state.networks["reader"](translated), day.classes)
    for name, weight, crops, made in (
        ("nce", settings.nce, day, translated),
        ("identity", settings.identity, dusk, same),
    ):
        if weight > 0:
            places = patch_places(crops.classes, settings.patches, rng)
            losses[name] = _contrast(state.networks, crops.images, made, places)
    return losses


def _contrast(
    networks: Mapping[str, nn.Module], before: Tensor, after: Tensor, places: Tensor
) -> Tensor:
    """PatchNCE between two pictures, the mean over the generator's levels."""
    generator, projections = networks["generator"], networks["projections"]
    assert isinstance(generator, Generator)
    with torch.no_grad():
        keys = generator.encode(before)
    terms = []
    for level, (after_level, key) in enumerate(zip(generator.encode(after), keys, strict=True)):
        query = projections(level, vectors_at(after_level, places))
        terms.append(patch_nce(query, projections(level, vectors_at(key, places))))
    return torch.stack(terms).mean()


@contextmanager
def _frozen(*networks: nn.Module) -> Iterator[None]:
    """Gradients pass through these networks without reaching their weights."""
    for network in networks:
        network.requires_grad_(False)
    try:
        yield
    finally:
        for network in networks:
            network.requires_grad_(True)


def _descend(optimiser: torch.optim.Adam, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()


@torch.no_grad()
def _follow(average: nn.Module, generator: nn.Module, decay: float, step: int) -> None:
    """Average ← decay·average + (1 - decay)·generator; a young average forgets fast."""
    decay = min(decay, (1 + step) / (10 + step))
    for mine, theirs in zip(average.parameters(), generator.parameters(), strict=True):
        mine.lerp_(theirs, 1 - decay)


def matching_curve(source: Pictures, target: Pictures) -> Tensor:
    """Curves (3, KNOTS) by channel: a value of the source goes to the target's of the same rank.

    Ranks are over all channels of up to `LOOKED_AT` pictures each, evenly spread (histogram
    specification; Gonzalez & Woods); a gain by channel then matches the mean colour. One curve a
    channel would tint what is saturated: white sky would turn green. Between knots a curve is no
    steeper than `STEEPEST`.
    """
    knots = np.linspace(0, 255, KNOTS)
    here, there = _pixels(source), _pixels(target)
    pooled, wanted = np.sort(here.ravel()), np.sort(there.ravel())
    # middle of a value's ranks: a flat patch goes to the middle of its target
    ranks = (np.searchsorted(pooled, knots, "left") + np.searchsorted(pooled, knots, "right")) / 2
    values = np.quantile(wanted, ranks / len(pooled)) / 255
    steps = np.minimum(np.diff(values), STEEPEST / (KNOTS - 1))
    curve = values[0] + np.concatenate([[0.0], np.cumsum(steps)])
    means = np.interp(here, knots, curve).mean(axis=0), there.mean(axis=0) / 255
    gain = np.clip(means[1] / np.maximum(means[0], 1e-3), 1 / LARGEST_GAIN, LARGEST_GAIN)
    return torch.from_numpy(gain[:, None] * curve).float()


def _pixels(pictures: Pictures) -> NDArray[np.uint8]:
    """Pixels (n, 3) of some pictures, one in `EVERY`."""
    count = len(pictures.frames)
    places = np.linspace(0, count - 1, min(count, LOOKED_AT)).round().astype(int)
    return np.concatenate([pictures.picture(int(i)).reshape(-1, 3)[::EVERY] for i in places])


def settings_note(settings: CutSettings) -> dict[str, Any]:
    """The settings as JSON."""
    return asdict(settings)
