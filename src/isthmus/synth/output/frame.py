"""One frame's files: picture, depth, instances, classes, and its record."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import isthmus
from isthmus.data.frame import Camera, Frame
from isthmus.errors import InputError
from isthmus.files import canonical_json, file_digest, read_json, write_bytes, write_text
from isthmus.synth.output.labels import LabelStyle, boxes
from isthmus.synth.output.request import Made, Request, make

LAYERS = ("depth", "instance", "semantic")
DEPTHS = ("png", "exr")
RECORDS = "records"
SCHEMA = "isthmus.synth.frame/1"
KEPT, MADE, MENDED = "kept", "made", "mended"
"""What became of a frame: it was there; it, or a file now asked for, was not; it was damaged."""
NOT_WRITTEN = "cannot be written to"
"""What the error says if there is no room: further frames would fail as well."""


@dataclass(frozen=True)
class Job:
    """One picture and where its files go: `folder`/images, /depth, /records and so on.

    Attributes:
        layers: which of `LAYERS` are written.
        depth: a name in `DEPTHS`: how depth is written.
        hdr: the light that reached the camera is written too.
    """

    folder: Path
    request: Request
    layers: tuple[str, ...] = LAYERS
    depth: str = "png"
    hdr: bool = False

    @property
    def record(self) -> Path:
        """Its provenance."""
        return self.folder / RECORDS / f"{self.request.name}.json"

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is written of each pixel, beside the picture."""
        return (*self.layers, "hdr") if self.hdr else self.layers

    def path(self, kind: str) -> Path:
        """Its file of a kind."""
        ending = {"images": "jpg", "depth": self.depth, "hdr": "exr"}.get(kind, "png")
        return self.folder / kind / f"{self.request.name}.{ending}"

    @property
    def replaced(self) -> list[Path]:
        """Depth in other forms than asked for, which an earlier run may have left."""
        depth = self.path("depth")
        return [depth.with_suffix(f".{other}") for other in DEPTHS if other != self.depth]


def make_frame(job: Job) -> dict[str, Any]:
    """Make a frame's files unless they are there from the same request; returns the record.

    Raises:
        InputError: they could not be written.
    """
    return finish_frame(job)[0]


def finish_frame(job: Job) -> tuple[dict[str, Any], str]:
    """The record of a frame whose files are there and whole, and `KEPT`, `MADE` or `MENDED`.

    Raises:
        InputError: they could not be written.
    """
    known = _earlier(job)
    if known is not None and _intact(job, known):
        return known, KEPT
    state = MADE if known is None or _asks_more(job, known) else MENDED
    made = make(job.request)
    try:
        return _write(job, made), state
    except OSError as error:
        raise InputError(
            f"{job.folder}: {NOT_WRITTEN} ({error.strerror or error}); make room or choose another "
            "place, and run again: frames that are done stay"
        ) from None


def _earlier(job: Job) -> dict[str, Any] | None:
    """The record that an earlier run left of this request, {} if it is damaged; None without."""
    if not job.record.exists():
        return None
    try:
        record: dict[str, Any] = read_json(job.record)
        return record if record["request"] == job.request.document() else None
    except (InputError, KeyError, TypeError):
        return {}


def _asks_more(job: Job, record: dict[str, Any]) -> bool:
    """True if files are asked for that the earlier run had not been asked for."""
    said = record.get("files")
    if not isinstance(said, dict):
        return False
    other_depth = not job.path("depth").exists() and any(p.exists() for p in job.replaced)
    return not said.keys() >= set(job.kinds) or ("depth" in job.kinds and other_depth)


def _intact(job: Job, record: dict[str, Any]) -> bool:
    """True if a frame's files are those that its record names: of that size, then of that hash.

    Records of earlier versions know the picture's hash alone; the rest is to be there.
    """
    try:
        said = record.get("files") or {"images": {"sha256": record["digest"]}}
        paths = {kind: job.path(kind) for kind in ("images", *job.kinds)}
        if "files" in record and not paths.keys() <= said.keys():
            return False
        sizes = {kind: path.stat().st_size for kind, path in paths.items()}
        named = paths.keys() & said.keys()
        return all(said[kind].get("bytes", sizes[kind]) == sizes[kind] for kind in named) and all(
            file_digest(paths[kind]) == said[kind]["sha256"] for kind in named
        )
    except (OSError, KeyError, TypeError, AttributeError):
        return False


def _write(job: Job, made: Made) -> dict[str, Any]:
    write_bytes(job.path("images"), made.content)
    for kind in job.kinds:
        _write_layer(job.path(kind), kind, made)
    for path in job.replaced if "depth" in job.kinds else ():
        path.unlink(missing_ok=True)
    camera = made.intrinsics
    written = {
        kind: {"bytes": path.stat().st_size, "sha256": file_digest(path)}
        for kind in ("images", *job.kinds)
        for path in (job.path(kind),)
    }
    layers = "".join(str(written[kind]["sha256"]) for kind in job.layers)
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "version": isthmus.__version__,
        "request": job.request.document(),
        "image": f"images/{job.path('images').name}",
        "digest": hashlib.sha256(made.content).hexdigest(),
        "files": written,
        "truth_digest": made.truth_digest,
        "layers_digest": hashlib.sha256(layers.encode("ascii")).hexdigest() if layers else "",
        "sequence": f"scene-{job.request.row.scene:06d}",
        "attributes": dict(made.scene.attributes),
        "camera": [camera.fx, camera.fy, camera.cx, camera.cy],
        "objects": made.objects(),
    }
    if any(camera.distortion):
        record["distortion"] = list(camera.distortion)
    if made.sensor.rolling > 0:
        record["rolling_shutter"] = made.sensor.rolling
    write_text(job.record, canonical_json(record) + "\n")
    return record


def _write_layer(path: Path, kind: str, made: Made) -> None:
    from PIL import Image

    from isthmus.data.decoding import save
    from isthmus.data.depth import write_depth_png
    from isthmus.data.exr import write_exr

    if kind == "hdr":
        write_exr(path, made.light)
        return
    if kind == "depth":
        depth = np.where(np.isfinite(made.truth.depth), made.truth.depth, np.float32(0))
        (write_exr if path.suffix == ".exr" else write_depth_png)(path, depth)
        return
    values = getattr(made.truth, kind)
    stored = values.astype("<u2") if values.dtype == np.uint16 else values
    save(path, Image.fromarray(stored), "PNG", compress_type=zlib.Z_RLE)


def frame_of(job: Job, record: dict[str, Any], style: LabelStyle) -> Frame:
    """The frame that a record describes, labelled in a style."""
    layers = {kind: job.path(kind) for kind in job.layers}
    return Frame(
        id=record["image"],
        image=job.folder / record["image"],
        width=job.request.size[0],
        height=job.request.size[1],
        digest=record["digest"],
        sequence=record["sequence"],
        attributes=dict(record["attributes"]),
        objects=boxes(record["objects"], style),
        semantic=layers.get("semantic"),
        instance=layers.get("instance"),
        depth=layers.get("depth"),
        camera=Camera.of([*record["camera"], *record.get("distortion", ())]),
        layers_digest=record["layers_digest"],
    )


def variants(job: Job, imagings: int) -> list[Job]:
    """The same scene through several cameras."""
    return [replace(job, request=replace(job.request, imaging=k)) for k in range(imagings)]
