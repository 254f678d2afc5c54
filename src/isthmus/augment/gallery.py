"""Pictures for people who check an audit: frames before and after with their boxes, worst cases.

What became of a box is told by a word and by the style of its line, not by colour alone: kept is
solid, ignored is dashed, dropped (rejected) is dotted and crossed out. Pictures are small and lie
in a folder beside the audit, which names them relative to itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from isthmus.augment.linear import Bytes
from isthmus.augment.made import jpeg_bytes
from isthmus.data.frame import XYXY
from isthmus.errors import ImageError
from isthmus.files import write_bytes

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

FOLDER = "audit"
EXAMPLES = 6
CASES = 6
MOST_OF_A_FRAME = 2
WIDTH = 480
CASE_SIZE = (300, 225)
SURROUNDINGS = 0.9
"""What is shown around a worst case, in sides of its box."""
LEAST_SHOWN = 40
"""Smallest side (px) of the cut-out around a box."""
COLOURS = {
    "keep": (93, 188, 255),
    "ignore": (253, 224, 71),
    "drop": (255, 122, 40),
    "reject": (255, 122, 40),
    "before": (190, 190, 190),
}
WORDS = {"ignore": "ignored", "drop": "dropped", "reject": "rejected"}
"""Others carry no word, nor does a box whose word would hide another's: in a full street words
would hide what they name."""
DASHES = {"keep": None, "ignore": (7, 4), "drop": (2, 3), "reject": (2, 3), "before": (1, 5)}
"""Pixels drawn and left out along a line; None: solid. `isthmus.report` names the same styles."""
Fate = Literal["keep", "ignore", "drop", "reject", "before"]


@dataclass(frozen=True, slots=True)
class MarkedBox:
    """An object and what became of it.

    Attributes:
        xyxy: in pixels of the frame before.
        category: of its label.
        fate: the audit's decision; "before" for a region that was ignored from the start.
        left: what is left of it, 0 (nothing) to 1; orders the worst cases.
        signs: what the decision rests on, for the audit's document.
    """

    xyxy: XYXY
    category: str
    fate: Fate
    left: float
    signs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MarkedFrame:
    """A frame before and after, with its audited objects. `name` is the id of the one made."""

    name: str
    before: Path
    after: Path
    caption: str
    boxes: tuple[MarkedBox, ...]


def write_gallery(folder: Path, frames: Sequence[MarkedFrame]) -> dict[str, Any]:
    """Draw examples and worst cases into `folder`/audit; returns their entries for the document.

    Args:
        folder: of the audit; the entries' pictures are named relative to it.
        frames: all frames audited, in order.

    Returns:
        `examples` (evenly spread over the frames), `kept_cases` and `lost_cases` (boxes with the
        least left of them, at most two a frame). A picture that cannot be drawn has no file.
    """
    places = np.linspace(0, len(frames) - 1, min(EXAMPLES, len(frames))).round().astype(int)
    kept = _worst(frames, ("keep",))
    lost = _worst(frames, ("ignore", "drop", "reject"))
    entries: dict[str, Any] = {
        "examples": [_example(folder, k, frames[i]) for k, i in enumerate(dict.fromkeys(places))],
        "kept_cases": [_case(folder, f"kept-{k}", *case) for k, case in enumerate(kept)],
        "lost_cases": [_case(folder, f"lost-{k}", *case) for k, case in enumerate(lost)],
    }
    named = {entry[side] for part in entries.values() for entry in part for side in _SIDES}
    remove_pictures(folder, named)  # of an earlier audit of more frames
    return entries


def remove_pictures(folder: Path, named: Collection[str] = ()) -> None:
    """Remove an audit's pictures from `folder`/audit, except for those `named` as in a document."""
    for kind in ("example", "kept", "lost"):
        for path in (folder / FOLDER).glob(f"{kind}-*-*.jpg"):
            if f"{FOLDER}/{path.name}" not in named:
                path.unlink(missing_ok=True)
    with suppress(OSError):  # something is left in it, or it is not there
        (folder / FOLDER).rmdir()


_SIDES = ("before", "after")


def _worst(
    frames: Sequence[MarkedFrame], fates: Iterable[str]
) -> list[tuple[MarkedFrame, MarkedBox]]:
    """Boxes of these fates with the least left; of equals, large ones first: they cost most."""
    chosen = [(frame, box) for frame in frames for box in frame.boxes if box.fate in fates]
    chosen.sort(key=lambda pair: (round(pair[1].left, 3), -_area(pair[1].xyxy), pair[0].name))
    taken: Counter[str] = Counter()
    cases = []
    for frame, box in chosen:
        if taken[frame.name] < MOST_OF_A_FRAME:
            taken[frame.name] += 1
            cases.append((frame, box))
    return cases[:CASES]


def _area(xyxy: XYXY) -> float:
    return (xyxy[2] - xyxy[0]) * (xyxy[3] - xyxy[1])


def _example(folder: Path, number: int, frame: MarkedFrame) -> dict[str, Any]:
    fates = Counter(box.fate for box in frame.boxes)
    return {
        "frame": frame.name,
        "caption": frame.caption,
        "boxes": dict(sorted(fates.items())),
        **_drawn(folder, f"example-{number}", frame, frame.boxes, None),
    }


def _case(folder: Path, name: str, frame: MarkedFrame, box: MarkedBox) -> dict[str, Any]:
    return {
        "frame": frame.name,
        "category": box.category,
        "xyxy": [round(v, 2) for v in box.xyxy],
        "decision": box.fate,
        **box.signs,
        **_drawn(folder, name, frame, (box,), box.xyxy),
    }


def _drawn(
    folder: Path, name: str, frame: MarkedFrame, boxes: Sequence[MarkedBox], around: XYXY | None
) -> dict[str, str]:
    """Write the frame, or what is `around` a box, before and after; returns the files' names."""
    from isthmus.data.images import read_rgb, resize_rgb

    names = {side: f"{FOLDER}/{name}-{side}.jpg" for side in _SIDES}
    try:
        before, after = read_rgb(frame.before), read_rgb(frame.after)
    except ImageError:
        for path in names.values():
            (folder / path).unlink(missing_ok=True)
        return names
    if after.shape != before.shape:
        after = resize_rgb(after, before.shape[1], before.shape[0])
    for side, image in zip(_SIDES, (before, after), strict=True):
        write_bytes(folder / names[side], jpeg_bytes(marked(image, boxes, around)))
    return names


def marked(image: Bytes, boxes: Sequence[MarkedBox], around: XYXY | None = None) -> Bytes:
    """An image (h, w, 3) with `boxes`, or the part of it that is around one, enlarged."""
    from PIL import Image, ImageDraw

    height, width = image.shape[:2]
    x1, y1, x2, y2 = (0, 0, width, height) if around is None else _window(around, width, height)
    scale = min(1.0, WIDTH / width)
    if around is not None:
        scale = min(CASE_SIZE[0] / (x2 - x1), CASE_SIZE[1] / (y2 - y1))
    size = max(1, round((x2 - x1) * scale)), max(1, round((y2 - y1) * scale))
    picture = Image.fromarray(image[y1:y2, x1:x2]).resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    order = ("before", "keep", "ignore", "drop", "reject")  # what is lost lies on top
    placed = []
    for box in sorted(boxes, key=lambda box: order.index(box.fate)):
        left, top, right, bottom = (
            (v - start) * scale for v, start in zip(box.xyxy, (x1, y1, x1, y1), strict=True)
        )
        placed.append(((left, top, right, bottom), box.fate))
        _outline(pen, *placed[-1])
    written: list[XYXY] = []
    for xyxy, fate in reversed(placed):
        _write(pen, xyxy, fate, written)
    return np.asarray(picture)


def _window(xyxy: XYXY, width: int, height: int) -> tuple[int, int, int, int]:
    """Cut-out around a box in the shape of `CASE_SIZE`, within the image (left, top, right, …)."""
    across, down = (max(1.0, far - near) for near, far in zip(xyxy[:2], xyxy[2:], strict=True))
    aspect = CASE_SIZE[0] / CASE_SIZE[1]
    tall = max(LEAST_SHOWN, down * (1 + 2 * SURROUNDINGS), across * (1 + SURROUNDINGS) / aspect)
    tall = min(tall, height, width / aspect)
    sides = []
    for near, far, extent, most in ((xyxy[0], xyxy[2], tall * aspect, width),
                                    (xyxy[1], xyxy[3], tall, height)):  # fmt: skip
        start = min(max((near + far - extent) / 2, 0.0), max(most - extent, 0.0))
        first = math.floor(start)
        sides.append((first, min(most, max(first + 1, math.ceil(start + extent)))))
    (x1, x2), (y1, y2) = sides
    return x1, y1, x2, y2


def _outline(pen: ImageDraw, xyxy: XYXY, fate: Fate) -> None:
    """A box in its style, on a dark line that lets it stand out from any ground."""
    x1, y1, x2, y2 = (round(v) for v in xyxy)
    lines = [((x1, y1), (x2, y1)), ((x2, y1), (x2, y2)), ((x2, y2), (x1, y2)), ((x1, y2), (x1, y1))]
    if fate in ("drop", "reject"):
        lines += [((x1, y1), (x2, y2)), ((x1, y2), (x2, y1))]
    colour, dash = COLOURS[fate], DASHES[fate]
    for start, end in lines:
        for a, b in _strokes(start, end, dash):
            pen.line((a, b), fill=(20, 24, 28), width=4)
    for start, end in lines:
        for a, b in _strokes(start, end, dash):
            pen.line((a, b), fill=colour, width=2)


def _write(pen: ImageDraw, xyxy: XYXY, fate: Fate, written: list[XYXY]) -> None:
    """The word of a box above it, unless it would hide one that is `written`."""
    from PIL import ImageFont

    if fate not in WORDS:
        return
    font = ImageFont.load_default(11)
    place = (round(xyxy[0]) + 1, max(0, round(xyxy[1]) - 15))
    x1, y1, x2, y2 = pen.textbbox(place, WORDS[fate], font=font)
    if any(x1 < x4 and x3 < x2 and y1 < y4 and y3 < y2 for x3, y3, x4, y4 in written):
        return
    written.append((x1, y1, x2, y2))
    pen.rectangle((x1, y1, x2, y2), fill=(20, 24, 28))
    pen.text(place, WORDS[fate], fill=COLOURS[fate], font=font)


def _strokes(
    start: tuple[int, int], end: tuple[int, int], dash: tuple[int, int] | None
) -> Iterable[tuple[tuple[float, float], tuple[float, float]]]:
    """Parts of a line that are drawn."""
    if dash is None:
        return [(start, end)]
    length = math.dist(start, end)
    (x, y), (dx, dy) = start, (end[0] - start[0], end[1] - start[1])
    strokes = []
    for first in np.arange(0, length, sum(dash)):
        a, b = (min(at, length) / length for at in (float(first), float(first) + dash[0]))
        strokes.append(((x + a * dx, y + a * dy), (x + b * dx, y + b * dy)))
    return strokes
