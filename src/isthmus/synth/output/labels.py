"""From exact truth to the labels that people would have drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box
from isthmus.data.shapes import Cuboid
from isthmus.errors import InputError

FEWEST = 50
"""Boxes of a labelled set from which its habits can be read."""


@dataclass(frozen=True)
class LabelStyle:
    """Which objects an annotator would draw, and which they would leave open.

    Attributes:
        fewest_pixels: objects with fewer visible pixels are not labelled at all.
        smallest: boxes lower than this (pixels) are marked `ignore`.
        most_hidden: objects hidden to a greater share are marked `ignore`.
        faintest: objects seen through air that lets less light than this pass are `ignore`.
        occluded, truncated: shares above which the flags are set.
        amodal: boxes reach over hidden parts, as some sets draw them.
    """

    fewest_pixels: int = 6
    smallest: float = 10.0
    most_hidden: float = 0.75
    faintest: float = 0.07
    occluded: float = 0.15
    truncated: float = 0.05
    amodal: bool = False


def boxes(objects: Sequence[Mapping[str, Any]], style: LabelStyle) -> tuple[Box, ...]:
    """The boxes of a frame's objects, as its record lists them; specks are left out."""
    made = (label(item, style) for item in objects)
    return tuple(box for box in made if box is not None)


def label(item: Mapping[str, Any], style: LabelStyle) -> Box | None:
    """The box an annotator would draw around an object; None for a speck."""
    if item["visible"] is None or item["pixels"] < style.fewest_pixels:
        return None
    x1, y1, x2, y2 = item["amodal"] if style.amodal else item["visible"]
    unclear = (
        item["visible"][3] - item["visible"][1] < style.smallest
        or item["occlusion"] > style.most_hidden
        or item["transmission"] < style.faintest
    )
    return Box(
        category=item["category"],
        xyxy=(float(x1), float(y1), float(x2), float(y2)),
        occluded=item["occlusion"] > style.occluded,
        truncated=item["truncation"] > style.truncated,
        ignore=unclear,
        instance=str(item["instance"]),
        cuboid=_cuboid(item["box3d"]) if "box3d" in item else None,
    )


def _cuboid(box: Mapping[str, Any]) -> Cuboid:
    """A record's box in space, from axes with y up to the axes and angles of KITTI.

    Records say the heading from the camera's axis to the right; KITTI's ``rotation_y`` turns about
    the axis that points down, 0 along +x: a car straight ahead that faces away has −π/2.
    """
    x, y, z = box["centre"]
    width, height, length = box["size"]
    rotation = _wrapped(box["heading"] - math.pi / 2)
    return Cuboid(
        (x, -y, z),
        (height, width, length),
        (0.0, rotation, 0.0),
        _wrapped(rotation - math.atan2(x, z)),
    )


def _wrapped(angle: float) -> float:
    return round((angle + math.pi) % (2 * math.pi) - math.pi, 6)


def fit_label_style(
    labelled: Dataset,
    objects: Sequence[Mapping[str, Any]],
    height: int,
    style: LabelStyle | None = None,
) -> LabelStyle:
    """The style under which rendered objects are labelled as in a given set.

    The least height is that of the set's 1 % lowest boxes, scaled to pictures of `height`; the
    thresholds of the flags are those at which as many rendered objects as real ones carry them.

    Args:
        labelled: the set whose habits are wanted.
        objects: of rendered frames' records.
        height: of the rendered pictures, pixels.
        style: where the set says nothing (no flags), this stays.

    Raises:
        InputError: fewer than 50 boxes on either side.
    """
    start = style or LabelStyle()
    lows = drawn_heights(labelled, height)
    seen = [item for item in objects if item["visible"] is not None]
    if len(seen) < FEWEST:
        raise InputError(
            f"label style: the rendered frames show {len(seen)} objects; at least {FEWEST} are "
            "needed: render more frames (those that are made stay)"
        )
    fitted = replace(start, smallest=round(float(np.quantile(lows, 0.01)), 2))
    # Those that are drawn and not left open: of these alone the given set's flags speak.
    clear = [i for i in seen if (box := label(i, fitted)) is not None and not box.ignore]
    for flag, share in (("occluded", "occlusion"), ("truncated", "truncation")):
        known = [
            getattr(box, flag)
            for frame in labelled
            for box in frame.objects or ()
            if not box.ignore and getattr(box, flag) is not None
        ]
        if len(known) >= FEWEST and clear:
            rate = float(np.mean(known))
            threshold = float(np.quantile([item[share] for item in clear], 1 - rate))
            bound = round(min(max(threshold, 0.0), 0.999), 4)
            given: dict[str, Any] = {flag: bound}
            fitted = replace(fitted, **given)
    return fitted


def drawn_heights(labelled: Dataset, height: int) -> list[float]:
    """Heights of a set's boxes in pixels, ignore regions left out, scaled to pictures of `height`.

    Raises:
        InputError: fewer than 50 boxes.
    """
    lows = [
        (box.xyxy[3] - box.xyxy[1]) * height / frame.height
        for frame in labelled
        for box in frame.objects or ()
        if not box.ignore
    ]
    if len(lows) < FEWEST:
        raise InputError(
            f"label style: {labelled.name}: {len(lows)} boxes; at least {FEWEST} are needed"
        )
    return lows
