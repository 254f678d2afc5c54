"""An effect over a whole data set: new images, labels with their audit, a report.

Each frame is made alone from (seed, effect, frame id): the same call gives the same bytes with
any number of workers, and a call that was cut short goes on where it stopped.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from isthmus import seeds
from isthmus.augment.depth import Geometry
from isthmus.augment.effect import EFFECTS, Effect
from isthmus.augment.gallery import Fate, MarkedBox, MarkedFrame
from isthmus.augment.loading import geometries, load_frame
from isthmus.augment.made import check_apart, kept_record, made_name, write_made
from isthmus.augment.monocular import AUTO, check_depth_source
from isthmus.augment.quantity import parse_values
from isthmus.augment.report import AuditReport, Pair, caption, summarised, write_audit
from isthmus.augment.severity import MOST_SEVERE
from isthmus.augment.surfaces import CLASS_IDS
from isthmus.compute.executor import Executor, Progress, SerialExecutor
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame, Problem
from isthmus.errors import ConfigError, InputError

RECIPE = "isthmus.augment/9"
"""Changes whenever the same request gives other pictures or labels."""
USUAL = (1.0, 4.0)
"""Severities that frames draw theirs from where none is asked for."""


@dataclass(frozen=True)
class _Job:
    frame: Frame
    effect: str
    settings: Effect
    severity: float
    seed: int
    folder: Path
    geometry: Geometry
    depth: str
    classes: str

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
            "layers": frame.layers_digest if frame.depth or self.classes else None,
            "depth": "map" if frame.depth else self.depth,
            "classes": self.classes,
            "objects": objects,
            "geometry": asdict(self.geometry),
        }


def augment_dataset(
    dataset: Dataset,
    effect: str | Effect,
    folder: Path | str,
    *,
    severity: float | tuple[float, float] | None = None,
    value: float | tuple[float, float] | str | None = None,
    seed: int = 0,
    depth: str = AUTO,
    classes: str = "",
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> tuple[Dataset, AuditReport]:
    """Apply an effect to every frame; images, coco.json and audit.json are written into `folder`.

    `isthmus.write_audit_page(folder)` draws the audit as a page.

    Args:
        dataset: frames with images that can be read; depth maps are used where there are any.
        effect: a name in `isthmus.augment.effect.EFFECTS`, or an effect of one's own.
        folder: is made if need be; frames that it holds from the same request are kept.
        severity: 0–5 for all frames, or (low, high) from which each frame draws its own; (1, 4)
            unless given.
        value: the same in the effect's unit (visibility in m, lux, EV, ms), instead of severity,
            within the effect's ladder; as text with its unit, too: "80m", "60m,200m".
        seed: decides all draws, together with the effect's name and each frame's id.
        depth: where depth comes from for frames without a map: "auto" (the road's geometry),
            "onnx:PATH" or "hf:FOLDER" (a monocular network).
        classes: whose class ids the semantic maps hold ("isthmus", "cityscapes",
            "cityscapes-train", "camvid"); "": maps are not used, surfaces are judged by depth
            and colour.
        executor: who does it; this process by default.
        progress: called with (frames done, frames in all, what).

    Returns:
        The new data set — ids are the new images' names, boxes carry `ignore` where the effect
        hides them and are gone where nothing is left of them, attributes say what the frame
        shows — and what happened to the labels. Frames that failed are in `problems`.

    Raises:
        ConfigError: unknown effect or classes; severity or value out of range, or both given.
        InputError: no frame could be made, no such depth network, or `folder` holds the
            source's labels.
        MissingExtraError: the depth network's extra is not installed.
    """
    from isthmus.data.formats import write_dataset

    folder = Path(folder)
    name, chosen = _find(effect)
    if isinstance(value, str):
        value = parse_values(value, chosen)
    low, high = _range(chosen, severity, value)
    check_apart(dataset, folder)
    check_depth_source(depth)
    if classes and classes not in CLASS_IDS:
        raise ConfigError(f"classes {classes!r}: not known; one of {', '.join(CLASS_IDS)}")
    jobs = [
        _Job(frame, name, chosen, _draw(seed, name, frame, low, high), seed, folder, geometry,
             depth, classes)
        for frame, geometry in zip(dataset.frames, geometries(dataset), strict=True)
    ]  # fmt: skip
    frames, problems, records, shown = [], list(dataset.problems), [], []
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
        shown.append(_marked(job, record, frames[-1]))
    if not frames:
        first = f": {problems[-1].reason}" if problems else ""
        raise InputError(f"{dataset.name}: not one frame could be given {chosen.label}{first}")
    made = Dataset(f"{dataset.name}+{name}", tuple(frames), tuple(problems), dataset.categories)
    write_dataset(made, folder, "coco")
    pairs = tuple(Pair(frame.before, frame.after, frame.caption) for frame in shown)
    report = summarised(name, chosen, records, pairs)
    write_audit(report, folder, shown, made.problems, seed)
    return made, report


def _find(effect: str | Effect) -> tuple[str, Effect]:
    if not isinstance(effect, str):
        return effect.name, effect
    if effect not in EFFECTS:
        near = get_close_matches(effect, EFFECTS, n=1)
        meant = f"did you mean {near[0]!r}? All: " if near else "one of "
        raise ConfigError(f"effect {effect!r}: not known; {meant}{', '.join(EFFECTS)}")
    return effect, EFFECTS[effect]


def _range(
    effect: Effect,
    severity: float | tuple[float, float] | None,
    value: float | tuple[float, float] | None,
) -> tuple[float, float]:
    """Lowest and highest severity asked for."""
    if value is not None:
        if severity is not None:
            raise ConfigError(f"{effect.name}: give a severity or a value, not both")
        ends = value if isinstance(value, tuple) else (value, value)
        severities = sorted(_severity(effect, end) for end in ends)
        return severities[0], severities[1]
    asked = USUAL if severity is None else severity
    low, high = asked if isinstance(asked, tuple) else (asked, asked)
    if not 0 <= low <= high <= MOST_SEVERE:
        wanted = f"0 to {MOST_SEVERE:g}, the lower one first"
        raise ConfigError(f"{effect.name}: severity {severity}: {wanted}")
    return float(low), float(high)


def _severity(effect: Effect, value: float) -> float:
    """Severity of a physical value, which must not lie beyond the ladder: none is made there."""
    scale = effect.scale
    low, high = sorted((scale.ladder[0], scale.ladder[-1]))
    if not low * (1 - 1e-9) <= value <= high * (1 + 1e-9):
        wanted = f"{low:g} to {high:g} {scale.unit}"
        raise ConfigError(f"{effect.name}: {scale.quantity} {value:g}: {wanted} can be made")
    return scale.severity(value)


def _draw(seed: int, name: str, frame: Frame, low: float, high: float) -> float:
    if low == high:
        return low
    rng = seeds.generator(seed, "augment", name, "severity", frame.id)
    return round(float(rng.uniform(low, high)), 4)


def make_frame(job: _Job) -> dict[str, Any]:
    """Make one frame unless it is there; returns its record."""
    request = job.request
    return kept_record(job.folder, job.name, request) or _make(job, request)


def _make(job: _Job, request: dict[str, Any]) -> dict[str, Any]:
    arrays, depth, origin = load_frame(
        job.frame, job.geometry, depth=job.depth, classes=job.classes
    )
    rng = seeds.generator(job.seed, "augment", job.effect, job.frame.id)
    after, audit = job.settings.apply(arrays, depth, job.severity, rng)
    decisions = [
        [round(item.visibility, 6), item.decision, item.reason]
        + [round(value, 6) for value in item.contrast]
        for item in audit.boxes
    ]
    return write_made(job.folder, job.name, after.image, request, audit=decisions, depth=origin)


def _frame(job: _Job, record: dict[str, Any]) -> Frame:
    """The new frame: audited boxes, other attributes, the same geometry."""
    objects = None
    if job.frame.objects is not None:
        objects = tuple(
            replace(box, ignore=box.ignore or decision == "ignore")
            for box, (_, decision, *_) in zip(job.frame.objects, record["audit"], strict=True)
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


def _marked(job: _Job, record: dict[str, Any], made: Frame) -> MarkedFrame:
    """The frame as the audit's pictures show it."""
    boxes = []
    for box, item in zip(job.frame.objects or (), record["audit"], strict=True):
        visibility, decision, reason, *contrast = item
        signs = {"visibility": visibility, "contrast": contrast, "reason": reason}
        fate: Fate = "before" if box.ignore else decision
        boxes.append(MarkedBox(box.xyxy, box.category, fate, visibility, signs))
    text = caption(job.settings, job.severity)
    return MarkedFrame(made.id, job.frame.image, made.image, text, tuple(boxes))


def _plain(box: Box) -> dict[str, Any]:
    values = asdict(box)
    return {**values, "xyxy": list(box.xyxy), "attributes": dict(box.attributes)}
