"""One annotation of a COCO file, and what our own files add to it.

``segmentation`` is a list of polygons, or run lengths. What COCO has no field for stands in
fields of Scalabel's form, which other tools leave alone: ``poly2d`` for outlines with curves or
open ends, ``rle`` for a mask beside polygons, ``box3d``, and ``shapes`` of an image.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from isthmus.data import rle
from isthmus.data.formats import values
from isthmus.data.formats.scalabel_label import (
    FLAGS,
    OTHER,
    BoxError,
    Labels,
    NoBoxError,
    mask_of,
    record_of,
)
from isthmus.data.frame import XYXY, Box, Shape
from isthmus.data.shapes import Mask, Polygon, bounds
from isthmus.errors import InputError

UNUSED = ("keypoints", "caption")
RESERVED = (*FLAGS, "ignore")
"""Names among the attributes of an annotation that are its flags."""


class Annotations:
    """Makes boxes of annotations and counts what had to be left out of them."""

    def __init__(self) -> None:
        self._labels = Labels()
        self._unused = 0
        self._outlines = 0

    def box(self, annotation: dict[str, Any], category: str) -> Box | str:
        """The annotation's box, or what is wrong with it."""
        polygons, mask = self._segmentation(annotation.get("segmentation"))
        details = annotation.get("attributes")
        label: dict[str, Any] = {
            # An annotation's own flags stand beside its attributes or among them.
            "attributes": {
                **{k: annotation[k] for k in ("occluded", "truncated") if k in annotation},
                **(details if isinstance(details, dict) else {}),
            },
            **{
                k: annotation[k]
                for k in ("score", "box3d", "poly2d", "rle", OTHER)
                if k in annotation
            },
        }
        xyxy = self._xyxy(annotation, polygons, mask)
        if isinstance(xyxy, str):
            return xyxy
        label["box2d"] = dict(zip(("x1", "y1", "x2", "y2"), xyxy, strict=True))
        ignore = label["attributes"].pop("ignore", annotation.get("ignore"))
        try:
            made = self._labels.take(label, category)
        except BoxError:
            return "has a `bbox` whose far corner is no finite number"
        if not isinstance(made, Box):  # a box2d makes a box
            raise TypeError("expected a box")
        named = (annotation.get(k) for k in ("instance_id", "track_id"))
        self._unused += sum(bool(annotation.get(k)) for k in UNUSED)
        return Box(
            category,
            xyxy,
            made.occluded,
            made.truncated,
            bool(values.flag(annotation.get("iscrowd")) or values.flag(ignore)) or made.ignore,
            next((word for n in named if (word := values.scalar_text(n))), None),
            made.score,
            made.attributes,
            made.polygons or polygons,
            made.mask or mask,
            made.cuboid,
        )

    def shape(self, value: Any) -> Shape | None:
        """A shape as our own files have it; None, and counted, if it is none."""
        known = value if isinstance(value, dict) else {}
        category = values.text(known.get("category"))
        try:
            made = self._labels.take(known, category) if category else None
        except (BoxError, NoBoxError):
            made = None
        if isinstance(made, Box):
            made = Shape(category or "", made.polygons, made.mask, made.attributes, made.instance)
        self._outlines += made is None
        return made

    def account(self) -> Iterator[tuple[str, str, int]]:
        """(kind, reason, count) of what was left out of annotations that are otherwise used."""
        yield "unused-attribute", "attributes of annotations are not text", self._labels.refused
        yield "unused-score", values.UNUSED_SCORES, self._labels.scores
        yield "unused-annotation-part", "keypoints and captions are not used", self._unused
        bad = self._outlines + self._labels.outlines
        yield "bad-outline", "segmentations or boxes in space cannot be used; the boxes are", bad

    def _xyxy(
        self, annotation: dict[str, Any], polygons: tuple[Polygon, ...], mask: Mask | None
    ) -> XYXY | str:
        if "bbox" in annotation:
            bbox = values.numbers(annotation["bbox"], 4)
            if bbox is None:
                return "has a `bbox` that is not four finite numbers"
            x, y, width, height = bbox
            return (x, y, x + width, y + height)
        around = bounds(polygons) or (mask and rle.bounds(mask))
        return around or "has no `bbox`"

    def _segmentation(self, value: Any) -> tuple[tuple[Polygon, ...], Mask | None]:
        if not value:
            return (), None
        if isinstance(value, dict):
            try:
                return (), mask_of(value)
            except InputError:
                self._outlines += 1
                return (), None
        rings = value if isinstance(value, list) else [None]
        made = [_ring(ring) for ring in rings]
        self._outlines += sum(ring is None for ring in made)
        return tuple(ring for ring in made if ring), None


def _ring(value: Any) -> Polygon | None:
    points = values.numbers(value, len(value)) if isinstance(value, list) else None
    return Polygon(points) if points and len(points) % 2 == 0 else None


def segmentation_of(box: Box) -> dict[str, Any]:
    """The fields of an annotation that outline the box."""
    fields: dict[str, Any] = {}
    known = record_of(box)
    plain = all(polygon.closed and not polygon.types for polygon in box.polygons)
    if box.polygons:
        fields["segmentation"] = [list(polygon.points) for polygon in box.polygons]
        if not plain:
            fields["poly2d"] = known["poly2d"]
        if box.mask:
            fields["rle"] = known["rle"]
    elif box.mask:
        fields["segmentation"] = known["rle"]
    if box.cuboid:
        fields["box3d"] = known["box3d"]
    return fields
