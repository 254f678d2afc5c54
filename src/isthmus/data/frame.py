"""The values that flow through isthmus: `Frame`, `Box`, `Shape`, `Camera`, `Problem`.

All are frozen; all coordinates are pixels of the upright image (after EXIF rotation), with the
origin at the top left corner, x to the right and y down. A box is half-open: it covers
``x1 <= x < x2`` and ``y1 <= y < y2``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from isthmus.data.shapes import Cuboid, Mask, Polygon

XYXY = tuple[float, float, float, float]
Severity = Literal["skipped", "note"]
_Value = TypeVar("_Value")


class FrozenMap(Mapping[str, _Value]):
    """A mapping that cannot be changed, can be hashed and can be sent to another process.

    (`types.MappingProxyType` can be neither hashed nor pickled.)
    """

    __slots__ = ("_content",)

    def __init__(self, content: Mapping[str, _Value] | None = None) -> None:
        self._content = dict(content or {})

    def __getitem__(self, key: str) -> _Value:
        return self._content[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)

    def __hash__(self) -> int:
        return hash(frozenset(self._content.items()))

    def __repr__(self) -> str:
        return repr(self._content)


EMPTY: Mapping[str, str] = FrozenMap()


@dataclass(frozen=True, slots=True)
class Box:
    """One object of a frame.

    Attributes:
        category: name of the class, in the words of the data set or of the task.
        xyxy: (x1, y1, x2, y2) in pixels, x1 < x2 and y1 < y2.
        occluded: partly hidden by something else; None where the set does not say.
        truncated: cut by the image's edge; None where the set does not say.
        ignore: neither an object to find nor background (crowd, too small, hidden by weather).
        instance: id of the object within its frame or sequence, if known.
        score: confidence 0–1 of a prediction; None for an annotation.
        attributes: what else the set says of the object (colour of a traffic light, …).
        polygons, mask: its outline, where the set has one.
        cuboid: its box in space, where the set has one.
    """

    category: str
    xyxy: XYXY
    occluded: bool | None = None
    truncated: bool | None = None
    ignore: bool = False
    instance: str | None = None
    score: float | None = None
    attributes: Mapping[str, str] = EMPTY
    polygons: tuple[Polygon, ...] = ()
    mask: Mask | None = None
    cuboid: Cuboid | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.attributes, FrozenMap):
            object.__setattr__(self, "attributes", FrozenMap(self.attributes))

    @property
    def area(self) -> float:
        """Area in square pixels."""
        x1, y1, x2, y2 = self.xyxy
        return (x2 - x1) * (y2 - y1)


@dataclass(frozen=True, slots=True)
class Shape:
    """A label of a frame that is no object with a box: a lane, drivable area, road, sky.

    Attributes:
        category, attributes, instance: as in `Box`.
        polygons, mask: where it lies.
    """

    category: str
    polygons: tuple[Polygon, ...] = ()
    mask: Mask | None = None
    attributes: Mapping[str, str] = EMPTY
    instance: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.attributes, FrozenMap):
            object.__setattr__(self, "attributes", FrozenMap(self.attributes))


@dataclass(frozen=True, slots=True)
class Camera:
    """Intrinsics: focal lengths and principal point in pixels, and the lens.

    Attributes:
        distortion: k1, k2, p1, p2 of Brown (1971) and Conrady (1919), in OpenCV's order and sense:
            they take slopes x/z and y/z (y down) of a ray to those of its pixel. All 0: a pinhole.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    @property
    def numbers(self) -> list[float]:
        """fx, fy, cx, cy, and the lens's coefficients if there are any."""
        pinhole = [self.fx, self.fy, self.cx, self.cy]
        return [*pinhole, *self.distortion] if any(self.distortion) else pinhole

    @classmethod
    def of(cls, numbers: Sequence[float]) -> Camera:
        """The camera of four or eight `numbers`."""
        fx, fy, cx, cy, *lens = (float(value) for value in numbers)
        if not lens:
            return cls(fx, fy, cx, cy)
        k1, k2, p1, p2 = lens
        return cls(fx, fy, cx, cy, (k1, k2, p1, p2))


@dataclass(frozen=True, slots=True)
class Frame:
    """One image with what is known about it.

    Attributes:
        id: unique within its data set, stable over machines.
        image: path of the image file.
        width, height: size in pixels of the upright image.
        digest: SHA-256 (hex) of the image file's bytes, or of whatever else decides its pixels.
        split: name of the part of the set ("train", "val", "test"), "" if there is none.
        sequence: drive or place the frame belongs to; splits never cut one. "" if unknown.
        attributes: label attributes of the whole frame (weather, timeofday, scene, …).
        objects: annotated objects; None where the frame carries no labels at all.
        semantic, instance, depth: paths of per-pixel labels (class ids, object ids, metres).
        camera: intrinsics, if known.
        layers_digest: SHA-256 (hex) over the bytes of the per-pixel labels, "" without any.
        shapes: labels that are no boxes (lanes, drivable area, …).
    """

    id: str
    image: Path
    width: int
    height: int
    digest: str
    split: str = ""
    sequence: str = ""
    attributes: Mapping[str, str] = EMPTY
    objects: tuple[Box, ...] | None = None
    semantic: Path | None = None
    instance: Path | None = None
    depth: Path | None = None
    camera: Camera | None = None
    layers_digest: str = ""
    shapes: tuple[Shape, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.attributes, FrozenMap):
            object.__setattr__(self, "attributes", FrozenMap(self.attributes))


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the input that was not used as it stood.

    Attributes:
        path: the file, or file and record, that is concerned.
        kind: short stable word: "unreadable-image", "missing-image", "bad-box",
            "unmapped-category", "animated-image", …
        reason: one sentence for people: what is wrong.
        severity: "skipped" (something was left out: the exit status says so) or "note"
            (used, but in a way one should know of).
        count: how many records this stands for (boxes, files); 1 unless summarised.
    """

    path: str
    kind: str
    reason: str
    severity: Severity = "skipped"
    count: int = 1
