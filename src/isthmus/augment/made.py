"""Images made from others, one file each: their names, their bytes, and when they are kept.

A record beside each image says what was asked for. An image whose record says the same is not
made again: a call that was cut short goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.data.dataset import Dataset
from isthmus.errors import InputError
from isthmus.files import read_json, write_bytes, write_json

JPEG_QUALITY = 92


def check_apart(dataset: Dataset, folder: Path) -> None:
    """Refuse a folder whose coco.json is a source's own: labels would be written over.

    Raises:
        InputError: an image of `dataset` is named in it, or it cannot be read.
    """
    from isthmus.data.formats.coco_writer import LABEL_FILE

    path = folder / LABEL_FILE
    if not path.exists():
        return
    known = read_json(path)
    images = known.get("images") if isinstance(known, dict) else None
    listed = images if isinstance(images, list) else ()
    names = [image.get("file_name") for image in listed if isinstance(image, dict)]
    named = {(folder / name).resolve() for name in names if isinstance(name, str)}
    if any(frame.image.resolve() in named for frame in dataset.frames):
        raise InputError(
            f"{path}: holds the labels of {dataset.name}, which would be written over; choose "
            "another folder"
        )


def made_name(frame_id: str, how: str) -> str:
    """File name: readable, unique for the frame's id, safe on every system."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(frame_id).stem)[:60].strip("-.")
    tail = hashlib.sha256(frame_id.encode()).hexdigest()[:8]
    return f"{stem or 'frame'}-{tail}-{how}.jpg"


def kept_record(folder: Path, name: str, request: dict[str, Any]) -> dict[str, Any] | None:
    """The record of image `name` if it was made from the same request and is still there."""
    path = folder / "records" / f"{name}.json"
    if path.exists():
        known: dict[str, Any] = read_json(path)
        if known.get("request") == request and (folder / "images" / name).exists():
            return known
    return None


def write_made(
    folder: Path, name: str, image: np.ndarray, request: dict[str, Any], **more: Any
) -> dict[str, Any]:
    """Write an image (h, w, 3) uint8 as JPEG and then its record, which is returned."""
    content = jpeg_bytes(image)
    write_bytes(folder / "images" / name, content)
    record = {"request": request, "digest": hashlib.sha256(content).hexdigest(), **more}
    write_json(folder / "records" / f"{name}.json", record)
    return record


def jpeg_bytes(image: np.ndarray) -> bytes:
    """JPEG of an RGB image, the same bytes for the same pixels."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=JPEG_QUALITY, subsampling="4:2:0")
    return buffer.getvalue()
