"""An effect over a whole data set: new images, labels with their audit, a report.

Each frame is made alone from (seed, effect, frame id): the same call gives the same bytes with
any number of workers, and a call that was cut short goes on where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from isthmus import seeds
from isthmus.augment.arrays import Arrays
from isthmus.augment.depth import FAR, Geometry, default_depth, estimate_geometry
from isthmus.augment.effect import EFFECTS, Effect
from isthmus.augment.linear import Bytes, Floats
from isthmus.augment.made import kept_record, made_name, write_made
from isthmus.augment.severity import MOST_SEVERE
from isthmus.compute.executor import Executor, Progress, SerialExecutor
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame, Problem
from isthmus.errors import ConfigError, InputError

RECIPE = "isthmus.augment/1"
"""Changes whenever the same request gives other pictures."""
FEWEST_BOXES = 12
"""Boxes a sequence needs for a horizon of its own."""


@dataclass(frozen=True)
class Pair:
    """A frame before and after, for people to look at."""

    before: Path
    after: Path
    caption: str


@dataclass(frozen=True)
class AuditReport:
    """What an effect did to the labels of a data set.

    Attributes:
        effect: its name.
        unit, quantity: of the physical values.
        values: (lowest, median, highest) physical value over the frames.
        severities: (lowest, median, highest) severity.
        frames: number of frames made.
        boxes: keep, ignore, drop → number; boxes that were ignored before do not count.
        reasons: why boxes were not kept → number.
        visibility: (10 %, 50 %, 90 %) quantiles of the boxes' visibility; None without boxes.
        pairs: all frames, before and after, in order.
    """

    effect: str
    unit: str
    quantity: str
    values: tuple[float, float, float]
    severities: tuple[float, float, float]
    frames: int
    boxes: dict[str, int]
    reasons: dict[str, int]
    visibility: tuple[float, float, float] | None
    pairs: tuple[Pair, ...] = field(repr=False)

    def examples(self, n: int) -> tuple[Pair, ...]:
        """`n` pairs spread evenly over the data set."""
        if n >= len(self.pairs):
            return self.pairs
        places = np.linspace(0, len(self.pairs) - 1, n).round().astype(int)
        return tuple(self.pairs[i] for i in places)


@dataclass(frozen=True)
class _Job:
    frame: Frame
    effect: str
    settings: Effect
    severity: float
    seed: int
    folder: Path
    geometry: Geometry

    @property
    def name(self) -> str:
        """File name of the frame that is made."""
        return made_name(self.frame.id, self.effect)

    @property
    def request(self) -> dict[str, Any]:
        """What decides the frame's bytes and labels."""
        frame = self.frame
        objects = None if frame.objects is None else [_plain(box) for box in frame.objects]
        return {
            "recipe": RECIPE,
            "effect": repr(self.settings),
            "severity": self.severity,
            "seed": self.seed,
            "id": frame.id,
            "image": frame.digest,
            "depth": frame.layers_digest if frame.depth else None,
            "objects": objects,
            "geometry": asdict(self.geometry),
        }


def augment_dataset(
    dataset: Dataset,
    effect: str | Effect,
    folder: Path | str,
    *,
    severity: float | tuple[float, float] = (1.0, 4.0),
    value: float | tuple[float, float] | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> tuple[Dataset, AuditReport]:
    """Apply an effect to every frame; images and coco.json are written into `folder`.

    Args:
        dataset: frames with images that can be read; depth maps are used where there are any.
        effect: a name in `isthmus.augment.effect.EFFECTS`, or an effect of one's own.
        folder: is made if need be; frames that it holds from the same request are kept.
        severity: 0–5 for all frames, or (low, high) from which each frame draws its own.
        value: the same in the effect's unit (visibility in m, lux, EV, ms), instead of severity.
        seed: decides all draws, together with the effect's name and each frame's id.
        executor: who does it; this process by default.
        progress: called with (frames done, frames in all, what).

    Returns:
        The new data set — ids are the new images' names, boxes carry `ignore` where the effect
        hides them and are gone where nothing is left of them, attributes say what the frame
        shows — and what happened to the labels. Frames that failed are in `problems`.

    Raises:
        ConfigError: unknown effect, severity or value out of range.
        InputError: no frame could be made.
    """
    from isthmus.data.formats import write_dataset

    folder = Path(folder)
    name, chosen = _find(effect)
    low, high = _range(chosen, severity, value)
    jobs = [
        _Job(frame, name, chosen, _draw(seed, name, frame, low, high), seed, folder, geometry)
        for frame, geometry in zip(dataset.frames, _geometries(dataset), strict=True)
    ]
    frames, problems, records, pairs = [], list(dataset.problems), [], []
    outcomes = (executor or SerialExecutor()).map(
        make_frame, jobs, progress=progress, what=f"applying {chosen.label}"
    )
    for job, outcome in zip(jobs, outcomes, strict=True):
        if outcome.error is not None or outcome.value is None:
            reason = f"{name} could not be applied: {outcome.error}"
            problems.append(Problem(str(job.frame.image), "augmentation-failed", reason))
            continue
        record = outcome.value
        frames.append(_frame(job, record))
        records.append((job.severity, record))
        caption = _caption(chosen, job.severity)
        pairs.append(Pair(job.frame.image, frames[-1].image, caption))
    if not frames:
        first = f": {problems[-1].reason}" if problems else ""
        raise InputError(f"{dataset.name}: not one frame could be given {chosen.label}{first}")
    made = Dataset(f"{dataset.name}+{name}", tuple(frames), tuple(problems), dataset.categories)
    write_dataset(made, folder, "coco")
    return made, _report(name, chosen, records, tuple(pairs))


def _find(effect: str | Effect) -> tuple[str, Effect]:
    if not isinstance(effect, str):
        return effect.name, effect
    if effect not in EFFECTS:
        raise ConfigError(f"effect {effect!r}: not known; one of {', '.join(EFFECTS)}")
    return effect, EFFECTS[effect]


def _range(
    effect: Effect,
    severity: float | tuple[float, float],
    value: float | tuple[float, float] | None,
) -> tuple[float, float]:
    if value is not None:
        ends = value if isinstance(value, tuple) else (value, value)
        if not all(np.isfinite(end) and end > 0 for end in ends):
            raise ConfigError(f"{effect.name}: value {value}: {effect.scale.unit} above 0 expected")
        severities = sorted(effect.scale.severity(end) for end in ends)
        return severities[0], severities[1]
    low, high = severity if isinstance(severity, tuple) else (severity, severity)
    if not 0 <= low <= high <= MOST_SEVERE:
        raise ConfigError(f"{effect.name}: severity {severity}: 0 to {MOST_SEVERE:g} expected")
    return float(low), float(high)


def _draw(seed: int, name: str, frame: Frame, low: float, high: float) -> float:
    if low == high:
        return low
    rng = seeds.generator(seed, "augment", name, "severity", frame.id)
    return round(float(rng.uniform(low, high)), 4)


def _geometries(dataset: Dataset) -> list[Geometry]:
    """One camera geometry a sequence; of all frames together where a sequence says too little."""
    sequences: dict[str, list[Frame]] = {}
    for frame in dataset.frames:
        sequences.setdefault(frame.sequence, []).append(frame)
    overall = estimate_geometry(dataset.frames)
    found = {
        name: estimate_geometry(frames)
        if sum(len(f.objects or ()) for f in frames) >= FEWEST_BOXES
        else overall
        for name, frames in sequences.items()
    }
    return [found[frame.sequence] for frame in dataset.frames]


def make_frame(job: _Job) -> dict[str, Any]:
    """Make one frame unless it is there; returns its record."""
    request = job.request
    return kept_record(job.folder, job.name, request) or _make(job, request)


def _make(job: _Job, request: dict[str, Any]) -> dict[str, Any]:
    from isthmus.data.images import read_rgb

    frame = job.frame
    image = read_rgb(frame.image)
    boxes = frame.objects or ()
    depth = frame_depth(frame, image, boxes, job.geometry)
    rng = seeds.generator(job.seed, "augment", job.effect, frame.id)
    after, audit = job.settings.apply(Arrays(image, boxes), depth, job.severity, rng)
    decisions = [[round(item.visibility, 6), item.decision, item.reason] for item in audit.boxes]
    return write_made(job.folder, job.name, after.image, request, audit=decisions)


def frame_depth(frame: Frame, image: Bytes, boxes: Sequence[Box], geometry: Geometry) -> Floats:
    """Depth (h, w) in metres: the frame's own map, its gaps filled, or the default one."""
    from isthmus.data.depth import read_depth

    if frame.depth is None:
        return default_depth(image, boxes, geometry)
    depth = read_depth(frame.depth)
    if depth.shape != image.shape[:2]:
        raise InputError(
            f"{frame.depth}: depth of {depth.shape[1]}×{depth.shape[0]} pixels for an image of "
            f"{image.shape[1]}×{image.shape[0]}"
        )
    unknown = depth <= 0
    if unknown.any():
        depth = np.where(unknown, default_depth(image, boxes, geometry), depth)
    return np.minimum(depth, np.float32(FAR)).astype(np.float32)


def _frame(job: _Job, record: dict[str, Any]) -> Frame:
    """The new frame: audited boxes, other attributes, the same geometry."""
    objects = None
    if job.frame.objects is not None:
        objects = tuple(
            replace(box, ignore=box.ignore or decision == "ignore")
            for box, (_, decision, _) in zip(job.frame.objects, record["audit"], strict=True)
            if decision != "drop" or box.ignore
        )
    return replace(
        job.frame,
        id=f"images/{job.name}",
        image=job.folder / "images" / job.name,
        digest=record["digest"],
        attributes={**job.frame.attributes, **job.settings.attributes(job.severity)},
        objects=objects,
    )


def _report(
    name: str,
    effect: Effect,
    records: Sequence[tuple[float, dict[str, Any]]],
    pairs: tuple[Pair, ...],
) -> AuditReport:
    decisions: Counter[str] = Counter(keep=0, ignore=0, drop=0)
    reasons: Counter[str] = Counter()
    visibilities = []
    for _, record in records:
        objects = record["request"]["objects"] or []
        for plain, (visibility, decision, reason) in zip(objects, record["audit"], strict=True):
            if plain["ignore"]:
                continue
            decisions[decision] += 1
            visibilities.append(visibility)
            if reason:
                reasons[reason] += 1
    severities = sorted(severity for severity, _ in records)
    middle = float(np.median(severities))
    three = (severities[0], middle, severities[-1])
    spread = np.quantile(visibilities, (0.1, 0.5, 0.9)).tolist() if visibilities else None
    return AuditReport(
        effect=name,
        unit=effect.scale.unit,
        quantity=effect.scale.quantity,
        values=(
            effect.scale.value(three[0]),
            effect.scale.value(three[1]),
            effect.scale.value(three[2]),
        ),
        severities=three,
        frames=len(records),
        boxes=dict(decisions),
        reasons=dict(sorted(reasons.items())),
        visibility=None if spread is None else (spread[0], spread[1], spread[2]),
        pairs=pairs,
    )


def _caption(effect: Effect, severity: float) -> str:
    if severity == 0:
        return f"{effect.label}: severity 0, unchanged"
    scale = effect.scale
    value = scale.value(severity)
    # Three digits, but never as a power of ten: people read these.
    shown = f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    return f"{effect.label}: {scale.quantity} {shown} {scale.unit}"


def _plain(box: Box) -> dict[str, Any]:
    values = asdict(box)
    return {**values, "xyxy": list(box.xyxy), "attributes": dict(box.attributes)}
