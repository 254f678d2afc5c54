"""Truth as pictures: the tiles of the truth panel."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from isthmus.synth.annotate import ObjectTruth
from isthmus.synth.output.request import Made
from isthmus.synth.output.truth_labels import SKELETON
from isthmus.synth.world.thing import SEMANTICS

Pixels = np.ndarray
COLOURS: dict[str, tuple[int, int, int]] = {
    "sky": (70, 130, 180), "road": (128, 64, 128), "marking": (230, 220, 240),
    "sidewalk": (244, 35, 232), "terrain": (152, 251, 152), "building": (70, 70, 70),
    "wall": (102, 102, 156), "fence": (190, 153, 153), "pole": (153, 153, 153),
    "traffic light": (250, 170, 30), "traffic sign": (220, 220, 0),
    "vegetation": (107, 142, 35), "object": (110, 90, 40), "person": (220, 20, 60),
    "rider": (255, 0, 0), "car": (0, 0, 142), "van": (0, 40, 190), "truck": (0, 0, 70),
    "bus": (0, 60, 100), "motorcycle": (0, 0, 230), "bicycle": (119, 11, 32),
    "animal": (200, 120, 0),
}  # fmt: skip
"""Of the semantic classes; Cityscapes' where it has them."""
FEWEST, FARTHEST = 40, 60.0
"""Visible pixels, and metres, of the objects that are drawn."""


def tiles(made: Made) -> list[tuple[str, Pixels]]:
    """Captions and pictures (h, w, 3) of all kinds of truth of one frame."""
    truth = made.truth
    return [
        ("picture", made.picture),
        ("semantic classes", np.array([COLOURS[s] for s in SEMANTICS], np.uint8)[truth.semantic]),
        ("instances", instances(truth.instance)),
        ("depth, 3 to 150 m", depth(truth.depth)),
        ("normals", np.uint8(127.5 + 127.5 * truth.normal)),
        ("optical flow", flow(truth.flow)),
        ("amodal boxes, share occluded", boxes(made)),
        ("keypoints: hidden ones hollow", keypoints(made)),
    ]


def instances(numbers: Pixels) -> Pixels:
    """A colour for each number, dark where there is no object."""
    hues = np.arange(int(numbers.max()) + 1) * 0.6180339887 % 1.0
    table = np.array([colorsys.hsv_to_rgb(h, 0.75, 0.95) for h in hues])
    table[0] = 0.13
    return np.uint8(255 * table)[numbers]


def depth(metres: Pixels) -> Pixels:
    """Near is bright; even steps of brightness are even ratios of distance."""
    share = np.log(np.clip(metres, 3.0, 150.0) / 3.0) / np.log(50.0)
    warm, cold = np.array([255.0, 236.0, 160.0]), np.array([24.0, 16.0, 70.0])
    return np.uint8(warm + (cold - warm) * share[..., None] ** 0.8)


def flow(pixels: Pixels | None) -> Pixels:
    """Direction as hue, speed as saturation (full at the 98th percentile)."""
    assert pixels is not None
    moved = np.nan_to_num(pixels)
    speed = np.hypot(moved[..., 0], moved[..., 1])
    share = np.sqrt(np.clip(speed / max(float(np.quantile(speed, 0.98)), 1e-6), 0, 1))
    hue = np.arctan2(moved[..., 1], moved[..., 0]) / (2 * np.pi) % 1.0
    hsv = np.stack([hue, share, np.ones_like(hue)], axis=-1)
    return np.asarray(Image.fromarray(np.uint8(255 * hsv), "HSV").convert("RGB"))


def _drawn(made: Made) -> list[ObjectTruth]:
    return [o for o in made.truth.objects if o.pixels >= FEWEST and o.distance < FARTHEST]


def boxes(made: Made) -> Pixels:
    """The whole of each object, hidden parts too, and how much of it is hidden."""
    image = Image.fromarray(made.picture // 2 + 40)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(11)
    for item in reversed(_drawn(made)):
        colour = tuple(c // 2 + 128 for c in COLOURS[item.category])
        x1, y1, x2, y2 = item.amodal
        draw.rectangle((x1, y1, x2 - 1, y2 - 1), outline=colour, width=1)
        if x2 - x1 > 18:
            draw.text((x1 + 2, y1 + 1), f"{100 * item.occlusion:.0f}%", (255, 255, 255), font)
    return np.asarray(image)


def keypoints(made: Made) -> Pixels:
    """COCO's 17 keypoints of persons and riders."""
    image = Image.fromarray(made.picture // 2 + 40)
    draw = ImageDraw.Draw(image)
    for item in reversed(_drawn(made)):
        if item.keypoints is not None and item.height > 24:
            _skeleton(draw, item.keypoints.pixels.tolist(), item.keypoints.visibility.tolist())
    return np.asarray(image)


def _skeleton(
    draw: ImageDraw.ImageDraw, points: Sequence[Sequence[float]], visible: Sequence[int]
) -> None:
    for a, b in SKELETON:
        if visible[a - 1] and visible[b - 1]:
            draw.line([tuple(points[a - 1]), tuple(points[b - 1])], (80, 220, 255), 1)
    for (x, y), v in zip(points, visible, strict=True):
        if v:
            fill = (255, 230, 60) if v == 2 else None
            draw.ellipse((x - 1.6, y - 1.6, x + 1.6, y + 1.6), fill, (255, 230, 60))
