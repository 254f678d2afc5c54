"""The audit over a data set: labels that no longer hold are taken away, and all is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from isthmus import seeds
from isthmus.augment.made import check_apart
from isthmus.augment.translate.apply import ORIGIN
from isthmus.augment.translate.audit import FrameAudit, audit_frame
from isthmus.augment.translate.audit_files import Audited, write_translation_audit
from isthmus.augment.translate.structure import Structure
from isthmus.compute.executor import Executor, Progress, SerialExecutor
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame, Problem
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus.detect.detector import Detections, Detector

MOST_REJECTED = 0.5
"""Share of a frame's objects from which on the whole frame is left out (two objects or more)."""
DETECTOR_SIZE = (640, 480)
SCHEMA = "isthmus.translation-audit/1"


@dataclass(frozen=True)
class TranslationAudit:
    """What translation did to the labels of a data set.

    Attributes:
        frames: number of frames compared.
        left_out: frames in which too many objects were rejected: ids of the translated frames.
        boxes: keep, ignore, reject → number; boxes ignored before do not count.
        by_category: the same by category.
        reasons: why boxes were not kept → number.
        structure: (10 %, 50 %, 90 %) quantiles of the boxes' structure distance; None without.
        made_up: objects that a detector finds where none were; None without a detector.
        rows: one a box: frame, category, box, decision and the signs it rests on.
    """

    frames: int
    left_out: tuple[str, ...]
    boxes: dict[str, int]
    by_category: dict[str, dict[str, int]]
    reasons: dict[str, int]
    structure: tuple[float, float, float] | None
    made_up: int | None
    rows: tuple[dict[str, Any], ...]

    @property
    def reject_share(self) -> float | None:
        """Rejected boxes as a share of all that were looked at; None if there were none."""
        total = sum(self.boxes.values())
        return self.boxes["reject"] / total if total else None

    def document(self) -> dict[str, Any]:
        """As plain values, for `audit.json`."""
        return {"schema": SCHEMA, "reject_share": self.reject_share, **asdict(self)}

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        from isthmus.files import write_json

        write_json(path, self.document())


@dataclass(frozen=True)
class _Job:
    before: Frame
    after: Frame
    structure: Structure
    found: tuple[Sequence[Box], Sequence[Box]] | None
    seed: int


def audit_translation(
    source: Dataset,
    translated: Dataset,
    *,
    extractor: str | None = None,
    detector: Detector | Path | str | None = None,
    detector_size: tuple[int, int] = DETECTOR_SIZE,
    folder: Path | str | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> tuple[Dataset, TranslationAudit]:
    """Say of each labelled object whether the translated picture still holds it.

    Args:
        source: the frames that were translated, with labels.
        translated: their translations; matched by the id or the image's name.
        extractor: spec of features with positions (``onnx:PATH#layer``, …) for the comparison of
            structure; cells made by hand if None.
        detector: trained on the source (the file of one); its opinion is asked before and after.
        detector_size: (width, height) of the canvas that it looks at.
        folder: where coco.json, audit.json and the pictures it names are written; nothing is
            written if None. `isthmus.write_audit_page(folder)` draws the audit as a page.
        seed: draws the places that objects are compared with.
        executor: who does it; this process by default.
        progress: called with (frames done, frames in all, what).

    Returns:
        The translated set without rejected boxes and without frames most of whose objects were
        rejected (listed in `problems`); doubtful and made-up objects are ignore regions. And the
        audit.

    Raises:
        InputError: frames that cannot be matched, no labels, a detector or extractor that
            cannot be used, or `folder` holds the
            source's labels.
    """
    from isthmus.data.formats import write_dataset
    from isthmus.features.extractor import load_extractor

    if folder is not None:
        check_apart(source, Path(folder))
    pairs, unmatched = match_frames(source, translated)
    structure = Structure(load_extractor(extractor) if extractor is not None else None)
    found = _opinions(pairs, detector, detector_size, progress)
    jobs = [
        _Job(before, after, structure, opinion, seed)
        for (before, after), opinion in zip(pairs, found, strict=True)
    ]
    # a network's session cannot go to another process
    runner = executor if executor is not None and extractor is None else SerialExecutor()
    outcomes = runner.map(_audit, jobs, progress=progress, what="auditing labels")
    audited: list[Audited] = []
    problems = [*translated.problems, *unmatched]
    for job, outcome in zip(jobs, outcomes, strict=True):
        if outcome.value is None:
            reason = f"could not be audited: {outcome.error}"
            problems.append(Problem(str(job.after.image), "audit-failed", reason))
            continue
        audited.append((job.before, job.after, outcome.value))
    if not audited:
        raise InputError(
            f"{translated.name}: not one frame could be audited; {problems[-1].reason}"
        )
    report = _report([item[1:] for item in audited], made_up=detector is not None)
    left_out = set(report.left_out)
    problems += [
        Problem(str(frame.image), "translation-rejected", "most of its objects were rejected")
        for _, frame, _ in audited
        if frame.id in left_out
    ]
    frames = tuple(cleaned(f, audit) for _, f, audit in audited if f.id not in left_out)
    kept = replace(translated, frames=frames, problems=tuple(problems))
    if folder is not None:
        write_dataset(kept, Path(folder), "coco")
        write_translation_audit(report, Path(folder), audited, problems, seed)
    return kept, report


def match_frames(
    source: Dataset, translated: Dataset
) -> tuple[list[tuple[Frame, Frame]], list[Problem]]:
    """Pairs of frames (before, after), and translated frames that nothing fits.

    Raises:
        InputError: a source frame without labels, or not one pair.
    """
    by_id = {frame.id: frame for frame in source.frames}
    by_stem: dict[str, list[Frame]] = {}
    for frame in source.frames:
        by_stem.setdefault(frame.image.stem, []).append(frame)
    pairs, problems = [], []
    for after in translated.frames:
        named = after.attributes.get(ORIGIN, after.id)
        alike = by_stem.get(after.image.stem, [])
        before = by_id.get(named) or (alike[0] if len(alike) == 1 else None)
        fault = _mismatch(before, after)
        if before is None or fault:
            reason = f"{after.id}: {fault}; audit what `isthmus translate apply --no-audit` made"
            problems.append(Problem(str(after.image), "not-matched", reason))
            continue
        pairs.append((before, after))
    if not pairs:
        first = f"; {problems[0].reason}" if problems else ""
        raise InputError(f"{translated.name}: not one frame fits {source.name}{first}")
    return pairs, problems


def _mismatch(before: Frame | None, after: Frame) -> str:
    """Why the two cannot be compared box by box; "" if they can."""
    if before is None:
        return "no frame of the source fits"
    if before.objects is None:
        return "its source frame has no labels"
    boxes = [[box.ignore for box in frame.objects or ()] for frame in (before, after)]
    return "" if boxes[0] == boxes[1] else "its labels are not those of its source frame"


def _audit(job: _Job) -> FrameAudit:
    from isthmus.data.images import read_rgb, resize_rgb

    before, after = read_rgb(job.before.image), read_rgb(job.after.image)
    height, width = before.shape[:2]
    if after.shape != before.shape:
        after = resize_rgb(after, width, height)
    rng = seeds.generator(job.seed, "translation-audit", job.before.id)
    objects = job.before.objects or ()
    return audit_frame(before, after, objects, rng, structure=job.structure, found=job.found)


def cleaned(frame: Frame, audit: FrameAudit) -> Frame:
    """The translated frame with the labels that still hold."""
    decisions = iter(audit.boxes)
    kept = []
    for box in frame.objects or ():
        if box.ignore:
            kept.append(box)
            continue
        decision = next(decisions).decision
        if decision != "reject":
            kept.append(replace(box, ignore=decision == "ignore"))
    kept += [replace(box, ignore=True, score=None) for box in audit.made_up]
    return replace(frame, objects=tuple(kept))


def _report(audited: Sequence[tuple[Frame, FrameAudit]], *, made_up: bool) -> TranslationAudit:
    rows, left_out = [], []
    for frame, audit in audited:
        objects = [box for box in frame.objects or () if not box.ignore]
        rejected = sum(box.decision == "reject" for box in audit.boxes)
        if len(objects) > 1 and rejected > MOST_REJECTED * len(objects):
            left_out.append(frame.id)
        for box, result in zip(objects, audit.boxes, strict=True):
            signs = asdict(result)
            rows.append(
                {"frame": frame.id, "category": box.category, "xyxy": list(box.xyxy), **signs}
            )
    distances = [row["structure"] for row in rows]
    spread = np.quantile(distances, (0.1, 0.5, 0.9)).tolist() if rows else None
    categories = sorted({row["category"] for row in rows})
    return TranslationAudit(
        frames=len(audited),
        left_out=tuple(left_out),
        boxes=_decisions(rows),
        by_category={name: _decisions(rows, name) for name in categories},
        reasons=dict(sorted(Counter(row["reason"] for row in rows if row["reason"]).items())),
        structure=None if spread is None else (spread[0], spread[1], spread[2]),
        made_up=sum(len(audit.made_up) for _, audit in audited) if made_up else None,
        rows=tuple(rows),
    )


def _decisions(rows: Iterable[dict[str, Any]], category: str | None = None) -> dict[str, int]:
    chosen = [row["decision"] for row in rows if category in (None, row["category"])]
    return {name: chosen.count(name) for name in ("keep", "ignore", "reject")}


def loaded_detector(detector: Detector | Path | str | None) -> Detector | None:
    """The detector in a file; any other is given back as it is.

    Raises:
        InputError: no such file, or no detector.
    """
    from isthmus.detect.detector import load_detector

    return load_detector(Path(detector)) if isinstance(detector, Path | str) else detector


def _opinions(
    pairs: Sequence[tuple[Frame, Frame]],
    detector: Detector | Path | str | None,
    size: tuple[int, int],
    progress: Progress | None,
) -> Sequence[tuple[Sequence[Box], Sequence[Box]] | None]:
    """What the detector finds in each pair, in pixels of the frame before; None without one."""
    chosen = loaded_detector(detector)
    if chosen is None:
        return [None] * len(pairs)
    sides = []
    for side in (0, 1):
        frames = [pair[side] for pair in pairs]
        found = _detect(chosen, frames, size, progress)
        sides.append(
            [
                _boxes(detections, chosen.classes, before.width / frame.width)
                for detections, (before, _), frame in zip(found, pairs, frames, strict=True)
            ]
        )
    return list(zip(*sides, strict=True))


def _detect(
    detector: Detector, frames: Sequence[Frame], size: tuple[int, int], progress: Progress | None
) -> list[Detections]:
    from isthmus.data.dataset import UnlabeledView
    from isthmus.detect.evaluate import predict
    from isthmus.detect.samples import read_images

    images = read_images(UnlabeledView("audited frames", frames), size)
    if images.problems:
        raise InputError(f"{images.problems[0].path}: {images.problems[0].reason}")
    return predict(detector, images, progress=progress)


def _boxes(detections: Detections, classes: Sequence[str], factor: float) -> list[Box]:
    return [
        Box(classes[label], (x1 * factor, y1 * factor, x2 * factor, y2 * factor), score=score)
        for (x1, y1, x2, y2), score, label in zip(
            detections.boxes.tolist(),
            detections.scores.tolist(),
            detections.labels.tolist(),
            strict=True,
        )
    ]
