"""Rendered data sets: pictures, boxes, depth and COCO labels in one folder.

Every frame is made alone from (seed, index), so workers, order and interruptions do not matter:
the same call gives the same bytes, and a call that was cut short goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.compute.executor import Executor, Progress, SerialExecutor
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Camera, Frame
from isthmus.errors import ConfigError, InputError
from isthmus.files import file_digest, read_json, write_bytes, write_json
from isthmus.synth.conditions import CONDITIONS, Light
from isthmus.synth.stage import CATEGORIES
from isthmus.synth.truth import ObjectTruth

RECIPE = "isthmus.synth/1"
"""Changes whenever the same request gives other pictures."""
JPEG_QUALITY = 90
SMALLEST_SIDE = 64


@dataclass(frozen=True)
class LabelStyle:
    """Which objects an annotator would draw, and which they would leave open.

    Attributes:
        fewest_pixels: objects with fewer visible pixels are not labelled at all.
        smallest: boxes lower than this (pixels) are marked `ignore`.
        most_hidden: objects hidden to a greater share are marked `ignore`.
        faintest: objects seen through air that lets less light than this pass are `ignore`.
        occluded, truncated: shares from which the flags are set.
    """

    fewest_pixels: int = 6
    smallest: float = 10.0
    most_hidden: float = 0.75
    faintest: float = 0.07
    occluded: float = 0.15
    truncated: float = 0.05


@dataclass(frozen=True)
class _Job:
    folder: Path
    index: int
    condition: str
    seed: int
    size: tuple[int, int]
    sequence_length: int
    style: LabelStyle

    @property
    def request(self) -> dict[str, Any]:
        """What decides the frame's bytes."""
        values = asdict(self)
        del values["folder"]
        return {"recipe": RECIPE, **values, "size": list(self.size)}

    @property
    def stem(self) -> str:
        place, step = divmod(self.index, self.sequence_length)
        return f"{self.condition}-{place:04d}-{step:03d}"

    @property
    def record(self) -> Path:
        return self.folder / "records" / f"{self.stem}.json"


def make_dataset(
    folder: Path | str,
    n: int,
    condition: str = "clear_day",
    seed: int = 0,
    size: tuple[int, int] = (320, 192),
    *,
    sequence_length: int = 10,
    style: LabelStyle | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Render `n` frames into `folder` and write their labels to `folder`/coco.json.

    Args:
        folder: is made if need be; frames that it holds from the same request are kept.
        n: number of frames.
        condition: a name in `isthmus.synth.conditions.CONDITIONS`.
        seed: frame i under the same seed shows the same scene in every condition.
        size: (width, height) in pixels, even numbers of at least 64.
        sequence_length: frames taken at one place, while driving along it.
        style: labelling habits.
        executor: who renders; this process by default.
        progress: called with (frames done, frames in all, what).

    Returns:
        Frames in order, with boxes of visible parts (`person`, `car`, `van`, `truck`, `bus`),
        depth maps in metres, camera intrinsics, sequence names and attributes.

    Raises:
        ConfigError: an argument is out of range (all faults at once).
        InputError: a frame could not be made or written.
    """
    from isthmus.data.formats import write_dataset

    folder = Path(folder)
    _check(n, condition, size, sequence_length)
    style = style or LabelStyle()
    jobs = [
        _Job(folder, index, condition, seed, (size[0], size[1]), sequence_length, style)
        for index in range(n)
    ]
    frames = []
    outcomes = (executor or SerialExecutor()).map(
        make_frame, jobs, progress=progress, what=f"rendering {condition}"
    )
    for job, outcome in zip(jobs, outcomes, strict=True):
        if outcome.error is not None or outcome.value is None:
            raise InputError(f"{folder}: frame {job.stem} could not be made: {outcome.error}")
        frames.append(_frame(folder, outcome.value))
    dataset = Dataset(f"rendered {condition}, seed {seed}", tuple(frames), (), CATEGORIES)
    write_dataset(dataset, folder, "coco")
    return dataset


def make_frame(job: _Job) -> dict[str, Any]:
    """Render one frame unless it is there; returns its record."""
    request = job.request
    if job.record.exists():
        known: dict[str, Any] = read_json(job.record)
        image, depth = job.folder / known["image"], job.folder / known["depth"]
        if known.get("request") == request and image.exists() and depth.exists():
            return known
    return _render(job, request)


def _render(job: _Job, request: dict[str, Any]) -> dict[str, Any]:
    from isthmus.data.depth import write_depth_png
    from isthmus.synth.render.picture import render
    from isthmus.synth.scene import sample_scene

    scene = sample_scene(job.seed, job.index, size=job.size, sequence_length=job.sequence_length)
    rendered = render(scene, job.condition, job.seed)
    content = jpeg(rendered.image)
    write_bytes(job.folder / "images" / f"{job.stem}.jpg", content)
    write_depth_png(job.folder / "depth" / f"{job.stem}.png", rendered.truth.depth)
    boxes = [label(item, rendered.light, job.style) for item in rendered.truth.objects]
    camera = scene.view.intrinsics
    layers = file_digest(job.folder / "depth" / f"{job.stem}.png")
    record = {
        "request": request,
        "layers_digest": hashlib.sha256(layers.encode("ascii")).hexdigest(),
        "image": f"images/{job.stem}.jpg",
        "depth": f"depth/{job.stem}.png",
        "digest": hashlib.sha256(content).hexdigest(),
        "sequence": f"place-{scene.street.place:04d}",
        "attributes": {
            "weather": rendered.light.weather,
            "timeofday": rendered.light.timeofday,
            "scene": "residential" if scene.street.kind == "suburb" else "city street",
        },
        "camera": [camera.fx, camera.fy, camera.cx, camera.cy],
        "objects": [
            [b.category, list(b.xyxy), b.occluded, b.truncated, b.ignore, b.instance]
            for b in boxes
            if b is not None
        ],
    }
    write_json(job.record, record)
    return record


def label(item: ObjectTruth, light: Light, style: LabelStyle) -> Box | None:
    """The box an annotator would draw around a visible object; None for a speck."""
    if item.pixels < style.fewest_pixels:
        return None
    distance = float(np.linalg.norm(item.what.position))
    through = float(np.exp(-light.extinction * distance))
    unclear = (
        item.visible[3] - item.visible[1] < style.smallest
        or item.occlusion > style.most_hidden
        or through < style.faintest
    )
    return Box(
        category=item.what.category,
        xyxy=item.visible,
        occluded=item.occlusion > style.occluded,
        truncated=item.truncation > style.truncated,
        ignore=unclear,
        instance=str(item.actor + 1),
    )


def jpeg(image: NDArray[np.uint8]) -> bytes:
    """`image` (h, w, 3) as the camera's JPEG."""
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0")
    return buffer.getvalue()


def _frame(folder: Path, record: dict[str, Any]) -> Frame:
    objects = tuple(
        Box(category, (xyxy[0], xyxy[1], xyxy[2], xyxy[3]), occluded, truncated, ignore, instance)
        for category, xyxy, occluded, truncated, ignore, instance in record["objects"]
    )
    return Frame(
        id=record["image"],
        image=folder / record["image"],
        width=record["request"]["size"][0],
        height=record["request"]["size"][1],
        digest=record["digest"],
        sequence=record["sequence"],
        attributes=dict(record["attributes"]),
        objects=objects,
        depth=folder / record["depth"],
        camera=Camera(*record["camera"]),
        layers_digest=record["layers_digest"],
    )


def _check(n: int, condition: str, size: tuple[int, int], sequence_length: int) -> None:
    faults = []
    if n < 1:
        faults.append(f"n = {n}: at least one frame is needed")
    if condition not in CONDITIONS:
        faults.append(f"condition {condition!r}: not known; one of {', '.join(CONDITIONS)}")
    if min(size) < SMALLEST_SIDE or size[0] % 2 or size[1] % 2:
        faults.append(f"size {tuple(size)}: even numbers of at least {SMALLEST_SIDE} are needed")
    if sequence_length < 1:
        faults.append(f"sequence_length = {sequence_length}: at least 1 is needed")
    if faults:
        raise ConfigError("the rendered set cannot be made: " + "; ".join(faults))
