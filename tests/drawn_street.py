"""Streets drawn in perspective, with the exact depth of every pixel: small, quick, deterministic.

A flat road between two walls with windows, under a bright sky; cars and people stand on the road as
upright plates. Nothing about them comes from the package's own guesses at depth: cameras differ in
height, focal length and pitch, and walls in distance, from frame to frame.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from isthmus.data.dataset import Dataset
from isthmus.data.depth import write_depth_png
from isthmus.data.formats import write_dataset
from isthmus.data.frame import Box, Camera, Frame
from isthmus.files import file_digest

SKY_DEPTH = 1e4
KINDS = {"car": (1.8, 1.5), "pedestrian": (0.55, 1.7)}
"""Category → width and height in metres."""


@dataclass(frozen=True)
class Street:
    """A drawn frame.

    Attributes:
        image: (h, w, 3) uint8.
        depth: (h, w) metres, camera z; `SKY_DEPTH` in the sky.
        instance: (h, w) 1 + number of the object, 0 elsewhere.
        boxes: of the objects, far ones first.
        hidden: share of each object that nearer ones cover or the edge cuts.
        camera: intrinsics; the horizon lies at its cy.
    """

    image: np.ndarray
    depth: np.ndarray
    instance: np.ndarray
    boxes: tuple[Box, ...]
    hidden: tuple[float, ...]
    camera: Camera


def draw_street(seed: int, size: tuple[int, int] = (160, 96)) -> Street:
    """The street number `seed`, `size` = (width, height) pixels."""
    rng = np.random.default_rng([7, seed])
    width, height = size
    focal, eye = rng.uniform(0.8, 1.0) * width, rng.uniform(1.3, 1.6)
    camera = Camera(focal, focal, width / 2, height * rng.uniform(0.44, 0.52))
    x = ((np.arange(width) + 0.5 - camera.cx) / focal)[None]
    y = ((np.arange(height) + 0.5 - camera.cy) / focal)[:, None]
    road = np.where(y > 0, eye / np.maximum(y, 1e-6), SKY_DEPTH)
    half, tall = rng.uniform(7, 11), rng.uniform(9, 14)
    wall = np.broadcast_to(half / np.maximum(np.abs(x), 1e-6), (height, width))
    wall = np.where((eye - wall * y < tall) & (wall < 150), wall, SKY_DEPTH)
    depth = np.minimum(np.broadcast_to(road, wall.shape), wall)
    image = _surfaces(rng, depth, road < wall, x, y)
    instance = np.zeros((height, width), np.int32)
    boxes = []
    for number, z in enumerate(sorted(rng.uniform(6, 38, 5), reverse=True)):
        category = "car" if rng.random() < 0.6 else "pedestrian"
        across, up = KINDS[category]
        up *= rng.uniform(0.92, 1.08)
        middle, feet = rng.uniform(-0.6, 0.6) * half, camera.cy + focal * eye / z
        x1 = camera.cx + focal * (middle - across / 2) / z
        box = (x1, feet - focal * up / z, x1 + focal * across / z, feet)
        u = ((np.arange(width) + 0.5 - box[0]) / (box[2] - box[0]) * 2 - 1)[None]
        v = ((np.arange(height) + 0.5 - box[1]) / (box[3] - box[1]) * 2 - 1)[:, None]
        inside = np.abs(u) ** 5 + np.abs(v) ** 5 <= 1
        depth[inside], instance[inside] = z, number + 1
        colour = rng.uniform(20, 230, 3)
        striped = np.where(np.abs(v - rng.uniform(-0.4, 0.4)) < 0.25, 0.45, 1.0)
        image[inside] = (striped[..., None] * colour * np.ones_like(image))[inside]
        left, right = max(box[0], 0.0), min(box[2], float(width))
        seen = tuple(float(side) for side in (left, box[1], right, min(box[3], height)))
        boxes.append((category, seen, inside.sum()))
    hidden = [1 - (instance == k + 1).sum() / max(n, 1) for k, (*_, n) in enumerate(boxes)]
    labels = tuple(
        Box(category, xyxy, occluded=bool(hidden[k] > 0.2), truncated=False, instance=str(k + 1))
        for k, (category, xyxy, _) in enumerate(boxes)
        if hidden[k] < 0.9 and xyxy[2] - xyxy[0] >= 2
    )
    picture = (image + rng.normal(0, 3, image.shape)).clip(0, 255).astype(np.uint8)
    return Street(picture, depth, instance, labels, tuple(hidden), camera)


def _surfaces(
    rng: np.random.Generator, depth: np.ndarray, on_road: np.ndarray, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Colours (h, w, 3) of sky, road and walls with windows."""
    far = np.minimum(depth, 400)
    along, up, across = far, -far * y, far * x
    windows = (np.mod(along, 3.0) < 1.3) & (np.mod(up, 3.0) < 1.6)
    walls = np.where(windows, 55.0, 150.0)[..., None] * rng.uniform(0.75, 1.1, 3)
    line = (np.abs(across) < 0.12) & (np.mod(along, 6.0) < 3.0)
    road = np.where(line, 205.0, 82.0 + 8 * rng.standard_normal(depth.shape))
    sky = np.array([205.0, 218.0, 236.0]) + 12 * y[..., None]
    image = np.where(on_road[..., None], road[..., None] * np.array([1.0, 1.0, 0.98]), walls)
    return np.asarray(np.where((depth >= SKY_DEPTH)[..., None], sky, image))


def fogged(street: Street, visibility: float) -> np.ndarray:
    """The street's picture in fog of a visibility in metres (Koschmieder), light as its square."""
    through = np.exp(-2.996 / visibility * street.depth)[..., None]
    light = (street.image / 255.0) ** 2 * through + 0.5 * (1 - through)
    return (255 * np.sqrt(light)).astype(np.uint8)


def write_streets(
    folder: Path,
    n: int,
    size: tuple[int, int] = (160, 96),
    *,
    first: int = 0,
    in_sequence: int = 3,
    visibility: float | None = None,
) -> Dataset:
    """Streets `first` to `first` + n as a data set in `folder` (COCO, JPEG, depth PNG).

    With `visibility`, in fog. Each sequence has `in_sequence` frames.
    """
    frames = []
    for index in range(n):
        street = draw_street(first + index, size)
        shown = street.image if visibility is None else fogged(street, visibility)
        image, depth = (folder / f"{kind}/street-{index:03d}.{ending}"
                        for kind, ending in (("images", "jpg"), ("depth", "png")))  # fmt: skip
        image.parent.mkdir(parents=True, exist_ok=True)
        depth.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(shown).save(image, quality=95)
        write_depth_png(depth, street.depth)
        layers = hashlib.sha256(file_digest(depth).encode("ascii")).hexdigest()
        frames.append(
            Frame(
                f"images/{image.name}",
                image,
                *size,
                file_digest(image),
                sequence=f"place-{index // in_sequence:04d}",
                attributes={
                    "weather": "clear" if visibility is None else "foggy",
                    "timeofday": "daytime",
                    "scene": "city street",
                },
                objects=street.boxes,
                depth=depth,
                camera=street.camera,
                layers_digest=layers,
            )
        )
    dataset = Dataset("drawn streets", tuple(frames), (), tuple(KINDS))
    write_dataset(dataset, folder, "coco")
    return dataset
