"""One label of a Scalabel file (scalabel/label/typing.py), as BDD100K uses it, both ways.

``box2d`` {x1, y1, x2, y2} are edges in pixels. ``poly2d`` is a list of polygons (in the first
release of BDD100K: one polygon as a list of [x, y, "L" or "C"]), ``rle`` COCO's run lengths,
``box3d`` a box in space: ``location`` its centre in metres in the camera's axes, ``dimension``
height, width, length, ``orientation`` angles about the axes.

A label that has no ``box2d`` and is a surface by its category, or an open line, is a `Shape`.
One that outlines an object gets the box around its outline.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from isthmus.data import rle
from isthmus.data.formats import values
from isthmus.data.frame import EMPTY, Box, FrozenMap, Shape
from isthmus.data.ontology import SURFACES, names_in
from isthmus.data.shapes import Cuboid, Mask, Polygon, bounds
from isthmus.errors import InputError

FLAGS = ("occluded", "truncated", "crowd", "ignored")
OTHER = "other_attributes"
"""In sets that isthmus wrote: attributes of the names of flags, which they are not."""
SHAPE = "shape"
"""In sets that isthmus wrote: true of a shape that would else be taken for an object."""
EDGES = ("x1", "y1", "x2", "y2")
_SURFACE = re.compile(r"^(lane|area|drivable)\b")
_SURFACES = frozenset(names_in(SURFACES))


class BoxError(ValueError):
    """A label whose box cannot be used; the message says why."""


class NoBoxError(ValueError):
    """A label that outlines nothing (pose graphs, boxes in space alone); names what it has."""


@dataclass(frozen=True, slots=True)
class _Details:
    """What the ``attributes`` of a label say; `refused`: how many are no text."""

    occluded: bool | None = None
    truncated: bool | None = None
    ignore: bool = False
    attributes: Mapping[str, str] = EMPTY
    refused: int = 0


NOTHING = _Details()
MOST_KNOWN = 10_000


@dataclass
class Labels:
    """Makes boxes and shapes, and counts what had to be left out of them.

    Attributes:
        refused: attributes of labels that are no text.
        outlines: polygons, masks and boxes in space that cannot be used.
        drawn: boxes drawn around an outline.
        scores: that are none between 0 and 1.
    """

    refused: int = 0
    outlines: int = 0
    drawn: int = 0
    scores: int = 0
    _known: dict[tuple[object, ...], _Details] = field(default_factory=dict)

    def take(self, label: dict[str, Any], category: str) -> Box | Shape:
        """The label of that category.

        Raises:
            BoxError, NoBoxError: there is nothing to be made of it.
        """
        details = label.get("attributes")
        said = self._details(details) if isinstance(details, dict) else NOTHING
        attributes = said.attributes
        if isinstance(label.get(OTHER), dict):
            attributes = FrozenMap({**attributes, **values.attributes(label[OTHER])[0]})
        polygons = self._polygons(label["poly2d"]) if label.get("poly2d") else ()
        mask = self._mask(label["rle"]) if label.get("rle") else None
        instance = values.scalar_text(label.get("id"))
        edges = label.get("box2d")
        if not isinstance(edges, dict):
            if (polygons or mask) and (label.get(SHAPE) is True or _is_shape(category, polygons)):
                return Shape(category, polygons, mask, attributes, instance)
            xyxy = bounds(polygons) or (mask and rle.bounds(mask))
            if not xyxy:
                kinds = ("poly2d", "rle", "graph", "box3d")
                raise NoBoxError(next((kind for kind in kinds if label.get(kind)), ""))
            self.drawn += 1
        else:
            corners = values.numbers([edges.get(edge) for edge in EDGES], 4)
            if corners is None:
                raise BoxError("`box2d` is not four finite numbers")
            xyxy = (corners[0], corners[1], corners[2], corners[3])
        score = values.score(label.get("score"))
        self.scores += score is None and label.get("score") is not None
        return Box(
            category,
            xyxy,
            said.occluded,
            said.truncated,
            said.ignore,
            instance,
            score,
            attributes,
            polygons,
            mask,
            self._cuboid(label["box3d"]) if label.get("box3d") else None,
        )

    def _details(self, details: dict[Any, Any]) -> _Details:
        """Flags and attributes; most labels of a set say one of a few things."""
        try:
            # 1, 1.0 and True are equal keys and not the same text.
            key = (*details.items(), *map(type, details.values()))
            known = self._known.get(key)
        except TypeError:  # a list or an object among the values
            key, known = (), None
        if known is None:
            known = _read_details(details)
            if key and len(self._known) < MOST_KNOWN:
                self._known[key] = known
        self.refused += known.refused
        return known

    def _polygons(self, value: Any) -> tuple[Polygon, ...]:
        found = value if isinstance(value, list) else [value]
        if found and isinstance(found[0], list):  # the first release: points, not polygons
            found = [{"vertices": [p[:2] if isinstance(p, list) else p for p in found],
                      "types": "".join(str(p[2]) for p in found if _typed(p))}]  # fmt: skip
        made = [_polygon(item) for item in found]
        self.outlines += sum(polygon is None for polygon in made)
        return tuple(polygon for polygon in made if polygon)

    def _mask(self, value: Any) -> Mask | None:
        try:
            return mask_of(value)
        except InputError:
            self.outlines += 1
            return None

    def _cuboid(self, value: Any) -> Cuboid | None:
        known = value if isinstance(value, dict) else {}
        parts = [values.numbers(known.get(k), 3) for k in ("location", "dimension", "orientation")]
        if None in parts:
            self.outlines += 1
            return None
        centre, size, rotation = parts
        return Cuboid(centre, size, rotation, values.number(known.get("alpha")))  # type: ignore[arg-type]  # three each


def _read_details(details: dict[Any, Any]) -> _Details:
    flags: dict[str, Any] = {}
    rest: dict[Any, Any] = {}
    for key, value in details.items():
        name = str(key).lower()
        if name in FLAGS:
            flags[name] = value
        else:
            rest[key] = value
    kept, refused = values.attributes(rest)
    return _Details(
        values.flag(flags.get("occluded")),
        values.flag(flags.get("truncated")),
        bool(values.flag(flags.get("crowd")) or values.flag(flags.get("ignored"))),
        FrozenMap(kept) if kept else EMPTY,
        len(refused),
    )


def _is_shape(category: str, polygons: tuple[Polygon, ...]) -> bool:
    """Whether an outline without a box is a `Shape`, where the label does not say it."""
    return is_surface(category) or any(not polygon.closed for polygon in polygons)


def is_surface(category: str) -> bool:
    """True for what has no instances: road, sky, a lane, drivable area."""
    return category in _SURFACES or bool(_SURFACE.match(category))


def mask_of(value: Any) -> Mask:
    """The mask of ``{"size": [h, w], "counts": …}``, compressed or not.

    Raises:
        InputError: it is none.
    """
    known = value if isinstance(value, dict) else {}
    size, counts = values.numbers(known.get("size"), 2), known.get("counts")
    if size is None or any(side != int(side) for side in size):
        raise InputError("a mask without a usable `size`")
    if isinstance(counts, list) and all(type(run) is int for run in counts):
        return rle.mask_from(int(size[0]), int(size[1]), counts)
    if not isinstance(counts, str):
        raise InputError("a mask without usable `counts`")
    return rle.mask_from(int(size[0]), int(size[1]), counts)


def _typed(point: Any) -> bool:
    return isinstance(point, list) and len(point) > 2 and point[2] in ("L", "C")


def _polygon(value: Any) -> Polygon | None:
    known = value if isinstance(value, dict) else {}
    vertices = known.get("vertices")
    pairs = [values.numbers(v, 2) for v in vertices] if isinstance(vertices, list) else [None]
    if not pairs or None in pairs:
        return None
    types, closed = known.get("types"), known.get("closed")
    curved = isinstance(types, str) and len(types) == len(pairs) and set(types) <= {"L", "C"}
    return Polygon(
        tuple(value for pair in pairs if pair for value in pair),
        closed is not False,
        types if curved and isinstance(types, str) and "C" in types else "",
    )


def record_of(label: Box | Shape) -> dict[str, Any]:
    """The label as Scalabel has it."""
    record: dict[str, Any] = {"category": label.category}
    plain, other = parted(label.attributes, FLAGS)
    attributes: dict[str, Any] = {**plain}
    if other:
        record[OTHER] = other
    if label.instance is not None:
        record["id"] = label.instance
    if label.polygons:
        record["poly2d"] = [_poly2d(polygon) for polygon in label.polygons]
    if mask := label.mask:
        record["rle"] = {"size": [mask.height, mask.width], "counts": mask.counts}
    if isinstance(label, Box):
        flags = {"occluded": label.occluded, "truncated": label.truncated, "crowd": label.ignore}
        attributes |= {name: value for name, value in flags.items() if value is not None}
        record["box2d"] = dict(zip(EDGES, label.xyxy, strict=True))
        if label.score is not None:
            record["score"] = label.score
        if cuboid := label.cuboid:
            record["box3d"] = {
                "location": list(cuboid.centre),
                "dimension": list(cuboid.size),
                "orientation": list(cuboid.rotation),
            }
            if cuboid.alpha is not None:
                record["box3d"]["alpha"] = cuboid.alpha
    elif not _is_shape(label.category, label.polygons):
        record[SHAPE] = True
    record["attributes"] = attributes
    return record


def parted(
    attributes: Mapping[str, str], reserved: Collection[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Attributes that can stand under their own names, and those whose names mean something else.

    Args:
        attributes: of a frame or an object.
        reserved: names, in lower case, that a format gives a meaning of its own.
    """
    other = {name: value for name, value in attributes.items() if name.lower() in reserved}
    return {k: v for k, v in attributes.items() if k not in other}, other


def _poly2d(polygon: Polygon) -> dict[str, Any]:
    points = polygon.points
    return {
        "vertices": [list(pair) for pair in zip(points[::2], points[1::2], strict=True)],
        "types": polygon.types or "L" * (len(points) // 2),
        "closed": polygon.closed,
    }
