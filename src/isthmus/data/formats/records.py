"""From what a label file says to frames: the part that all formats share.

A reader turns its file into `Record`s. Here every image is decoded once (to find truncated
files, its true size and its digest), EXIF orientation and boxes are reconciled, boxes are
checked, frames are put in natural order, and whatever is left out is entered in the log.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence, Sized
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TypeVar

from isthmus.compute.executor import Executor, Progress, SerialExecutor
from isthmus.data import orientation as exif
from isthmus.data.formats.boxes import clean_box
from isthmus.data.formats.locate import Roots
from isthmus.data.frame import Box, Camera, Frame, Shape
from isthmus.data.images import Probe, probe, probe_header
from isthmus.data.problem_log import FRAME_KINDS, ProblemLog
from isthmus.errors import InputError
from isthmus.files import file_digest

_DIGITS = re.compile(r"([0-9]+)")


@dataclass(slots=True)
class RawBox:
    """A labelled box as the file has it, not yet checked against its image.

    Attributes:
        where: which record of the label file this is, for messages.
        box: what it says; its coordinates may be anything.
    """

    where: str
    box: Box


@dataclass(slots=True)
class Record:
    """An image as a label file has it.

    Attributes:
        declared: (width, height) the file claims; None if it claims nothing.
        order: position in its sequence, if the file says; else names decide.
        boxes: None where the image carries no labels at all.
        labels: the file in which the labels stand, for messages.
        relative: coordinates of boxes and outlines are shares of the image's width and height.
        others: as in `Frame`.
    """

    id: str
    image: Path
    labels: Path
    declared: tuple[int, int] | None = None
    split: str = ""
    sequence: str = ""
    order: float | None = None
    attributes: dict[str, str] = field(default_factory=dict)
    boxes: list[RawBox] | None = None
    semantic: Path | None = None
    instance: Path | None = None
    depth: Path | None = None
    camera: Camera | None = None
    relative: bool = False
    shapes: list[Shape] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ImageCheck:
    """How the images are looked at while labels are read.

    Attributes:
        decode: decode all of every image; else read headers and digests only, which is many
            times faster and finds damage inside the pixels later, when they are used.
        executor: who does it; this process by default.
        progress: called with (images done, images in all, what).
    """

    decode: bool = True
    executor: Executor | None = None
    progress: Progress | None = None


ALL = ImageCheck()


@dataclass(frozen=True, slots=True)
class _Files:
    image: Path
    layers: tuple[Path, ...]
    decode: bool


@dataclass(frozen=True, slots=True)
class _Checked:
    probe: Probe
    layers_digest: str


def frames_from(
    records: Sequence[Record], log: ProblemLog, check: ImageCheck = ALL
) -> tuple[Frame, ...]:
    """Frames of all records whose image can be used, in natural order."""
    ordered = sorted(records, key=_place)
    files = [_Files(r.image, _layers(r), check.decode) for r in ordered]
    outcomes = (check.executor or SerialExecutor()).map(
        check_files, files, progress=check.progress, what="checking images"
    )
    frames = []
    for record, outcome in zip(ordered, outcomes, strict=True):
        if outcome.value is None:
            reason = (outcome.error or "").removeprefix(f"{record.image}: ")
            _leave_out(record, "unreadable-image", reason, log)
        else:
            frame = _frame(record, outcome.value, log)
            if frame is not None:
                frames.append(frame)
        # Of a million boxes, one copy is enough.
        record.boxes, record.shapes = None, []
    return tuple(frames)


def check_files(files: _Files) -> _Checked:
    """Decode an image and take the digests (the function that executors run).

    Raises:
        ImageError: the image cannot be used.
        InputError: a file of per-pixel labels cannot be read.
    """
    found = (probe if files.decode else probe_header)(files.image)
    if not files.layers:
        return _Checked(found, "")
    digest = hashlib.sha256()
    for layer in files.layers:
        try:
            digest.update(file_digest(layer).encode("ascii"))
        except OSError as error:
            raise InputError(
                f"{files.image}: its label image {layer.name} cannot be read ({error.strerror})"
            ) from error
    return _Checked(found, digest.hexdigest())


def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Sorts names as people do: numbers inside them by value ("2" before "10").

    A pair of (length, digits) compares as the number does, however long it is.
    """
    parts = _DIGITS.split(name)
    return tuple(
        (len(part.lstrip("0")), part.lstrip("0")) if index % 2 else (0, part)
        for index, part in enumerate(parts)
    )


def require_records(records: Sized, listed: int, path: Path, roots: Roots, log: ProblemLog) -> None:
    """Refuse a label file of which no image was found.

    Raises:
        InputError: naming the folders looked in, or the first reasons.
    """
    if records:
        return
    if not listed:
        raise InputError(f"{path}: lists no image")
    kinds = {problem.kind for problem in log.problems(path)} & FRAME_KINDS
    if kinds == {"missing-image"}:
        raise InputError(
            f"{path}: none of its {listed} images is there; looked in {roots.described()}. Name "
            "the folder that image names are relative to with the option `images` (first: "
            f"{log.first_reasons(1)})"
        )
    raise InputError(f"{path}: none of its {listed} images can be used: {log.first_reasons()}")


def require_frames(frames: Sequence[Frame], records: Sized, path: Path, log: ProblemLog) -> None:
    """Refuse a data set of which nothing is left.

    Raises:
        InputError: naming the first reasons.
    """
    if not frames:
        raise InputError(
            f"{path}: none of its {len(records)} images can be used: {log.first_reasons()}"
        )


def _place(record: Record) -> tuple[object, ...]:
    order = record.order
    return (
        natural_key(record.sequence),
        record.sequence,
        order is None,
        order or 0.0,
        # A sequence may lie in several folders (train/, test/): the file's own name goes first.
        natural_key(PurePosixPath(record.id).name),
        natural_key(record.id),
        record.id,
    )


def _layers(record: Record) -> tuple[Path, ...]:
    return tuple(p for p in (record.semantic, record.instance, record.depth) if p is not None)


def _leave_out(record: Record, kind: str, reason: str, log: ProblemLog) -> None:
    log.add(record.image, kind, reason)
    labels_left_out(record, log)


def labels_left_out(record: Record, log: ProblemLog) -> None:
    """Account for the labels of an image that is not read."""
    count = len(record.boxes or ()) + len(record.shapes)
    reason = "boxes whose image is not read"
    log.tally(record.labels, "box-of-skipped-image", reason, "skipped", count)


def _frame(record: Record, checked: _Checked, log: ProblemLog) -> Frame | None:
    found = checked.probe
    if found.note:
        kind = "animated-image" if "only the first picture" in found.note else "image-note"
        log.tally(record.image, kind, found.note)
    turn = _turn_of_boxes(record, found, log)
    if turn is None:
        return None
    turned = (*exif.turned_size(found.width, found.height, turn), turn)
    return Frame(
        id=record.id,
        image=record.image,
        width=found.width,
        height=found.height,
        digest=found.digest,
        split=record.split,
        sequence=record.sequence,
        attributes=record.attributes,
        objects=_objects(record, found, turn, log),
        semantic=record.semantic,
        instance=record.instance,
        depth=record.depth,
        camera=record.camera,
        layers_digest=checked.layers_digest,
        shapes=tuple(
            _turned(_scaled(shape, found) if record.relative else shape, turned, log, record)
            for shape in record.shapes
        ),
    )


def _turn_of_boxes(record: Record, found: Probe, log: ProblemLog) -> int | None:
    """EXIF orientation to apply to the record's boxes; None if they cannot be placed."""
    upright = (found.width, found.height)
    stored = exif.turned_size(*upright, found.orientation)
    declared = record.declared
    if declared is not None and declared not in (upright, stored):
        reason = (
            f"the labels say {declared[0]} × {declared[1]} pixels, the file has "
            f"{upright[0]} × {upright[1]}"
        )
        if record.boxes:
            _leave_out(record, "size-mismatch", f"{reason}: its boxes cannot be placed", log)
            return None
        log.add(record.image, "declared-size", reason, "note")
        return exif.UPRIGHT
    if declared is not None and declared == stored != upright:
        return found.orientation
    if found.orientation != exif.UPRIGHT and record.boxes and (upright == stored or not declared):
        log.add(
            record.image,
            "exif-ambiguous",
            f"EXIF orientation {found.orientation}: boxes are taken as drawn on the upright image",
            "note",
        )
    return exif.UPRIGHT


def _objects(record: Record, found: Probe, turn: int, log: ProblemLog) -> tuple[Box, ...] | None:
    if record.boxes is None:
        return None
    stored = exif.turned_size(found.width, found.height, turn)
    boxes = []
    for raw in record.boxes:
        given = _scaled(raw.box, found) if record.relative else raw.box
        box = _turned(given, (*stored, turn), log, record)
        xyxy = box.xyxy if turn == exif.UPRIGHT else exif.turn_box(box.xyxy, *stored, turn)
        cleaned = clean_box(xyxy, found.width, found.height)
        if isinstance(cleaned, str):
            log.add(record.labels, "bad-box", f"{raw.where} ({box.category}): {cleaned}")
            continue
        inside, moved = cleaned
        if moved:
            log.tally(
                record.labels,
                "clipped-box",
                "boxes reached over the edge of their image by more than 1 pixel and were clipped",
            )
        boxes.append(box if inside == box.xyxy else replace(box, xyxy=inside))
    return tuple(boxes)


_Label = TypeVar("_Label", Box, Shape)


def _scaled(label: _Label, found: Probe) -> _Label:
    """The label in pixels."""
    sides = (found.width, found.height)
    polygons = tuple(
        replace(p, points=tuple(v * sides[i % 2] for i, v in enumerate(p.points)))
        for p in label.polygons
    )
    label = replace(label, polygons=polygons)
    if isinstance(label, Shape):
        return label
    x1, y1, x2, y2 = (value * sides[i % 2] for i, value in enumerate(label.xyxy))
    return replace(label, xyxy=(x1, y1, x2, y2))


def _turned(label: _Label, turn: tuple[int, int, int], log: ProblemLog, record: Record) -> _Label:
    """The label with its outline on the upright image; `turn`: stored size and orientation."""
    if turn[2] == exif.UPRIGHT or not (label.polygons or label.mask):
        return label
    if label.mask:
        log.tally(record.labels, "mask-not-turned", "masks of images that EXIF turns are left out")
    polygons = tuple(replace(p, points=exif.turn_points(p.points, *turn)) for p in label.polygons)
    return replace(label, polygons=polygons, mask=None)
