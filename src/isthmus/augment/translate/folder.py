"""A labelled data set whose images were translated by another program.

Translators (CycleGAN, CUT, img2img-turbo and others) leave a folder of pictures and know nothing of
labels. Pictures are found by the name of the source's image; one of another size gets its
boxes scaled, one of another shape is refused, because its boxes would no longer fit.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame, Problem
from isthmus.errors import ImageError, InputError
from isthmus.files import file_digest

LARGEST_STRETCH = 0.02
ENDINGS = ("", "_fake", "_fake_B")
"""What translators append to the name of the image that they were given."""


def adopt_translated(source: Dataset, folder: Path | str) -> Dataset:
    """`source` with its images replaced by those of `folder`, labels carried over.

    Args:
        source: frames.
        folder: pictures under the names of the source's images, or under their names with
            ``_fake`` or ``_fake_B`` as translators write them; any usual suffix.

    Returns:
        Frames in the source's order, ids unchanged, attribute `look` "translated". Frames without
        a picture, or with one that does not fit, are listed in `problems`; pictures of no frame are
        counted there.

    Raises:
        InputError: no such folder, or not one picture fits.
    """
    from isthmus.data.images import SUFFIXES

    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of translated images")
    pictures: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES:
            pictures.setdefault(path.stem, []).append(path)
    frames, problems = [], list(source.problems)
    for frame in source.frames:
        try:
            frames.append(_translated(frame, _picture_of(frame, pictures)))
        except (ImageError, InputError) as error:
            problems.append(Problem(str(frame.image), "not-translated", str(error)))
    if not frames:
        first = f"; {problems[-1].reason}" if problems else ""
        raise InputError(f"{folder}: no picture fits an image of {source.name}{first}")
    problems += _surplus(source, folder, pictures)
    return Dataset(f"{source.name}+translated", tuple(frames), tuple(problems), source.categories)


def _surplus(source: Dataset, folder: Path, pictures: dict[str, list[Path]]) -> list[Problem]:
    """A note on pictures that belong to no frame: translators leave their input beside it."""
    known = {frame.image.stem + ending for frame in source.frames for ending in ENDINGS}
    left = [path for stem, paths in pictures.items() if stem not in known for path in paths]
    if not left:
        return []
    reason = f"{len(left)} picture(s) named after no image of {source.name}, such as {left[0].name}"
    return [Problem(str(folder), "not-of-the-source", reason, "note")]


def _picture_of(frame: Frame, pictures: dict[str, list[Path]]) -> Path:
    stem = frame.image.stem
    found = [path for ending in ENDINGS for path in pictures.get(stem + ending, [])]
    if len(found) > 1:  # the same name in several folders: the one whose folder is named alike
        alike = [path for path in found if path.parent.name == frame.image.parent.name]
        found = alike or found
    if not found:
        raise InputError(f"no translated picture named {stem}")
    if len(found) > 1:
        raise InputError(f"{len(found)} translated pictures are named {stem}")
    return found[0]


def _translated(frame: Frame, picture: Path) -> Frame:
    from isthmus.data.images import probe

    known = probe(picture)
    width, height = known.width, known.height
    factor_x, factor_y = width / frame.width, height / frame.height
    if abs(factor_x / factor_y - 1) > LARGEST_STRETCH:
        raise InputError(
            f"{picture}: {width}×{height} pixels, another shape than the source's "
            f"{frame.width}×{frame.height}; translate whole images, without cropping"
        )
    same = (width, height) == (frame.width, frame.height)
    objects = frame.objects
    if objects is not None and not same:
        objects = tuple(_scaled(box, factor_x, factor_y) for box in objects)
    moved = replace(
        frame,
        image=picture,
        width=width,
        height=height,
        digest=file_digest(picture),
        objects=objects,
        attributes={**frame.attributes, "look": "translated"},
    )
    if same:
        return moved
    # per-pixel truth and the camera are those of the source's size
    return replace(moved, depth=None, semantic=None, instance=None, layers_digest="", camera=None)


def _scaled(box: Box, x: float, y: float) -> Box:
    """The box in another size; outlines and boxes in space are those of the source's size."""
    x1, y1, x2, y2 = box.xyxy
    scaled = (x1 * x, y1 * y, x2 * x, y2 * y)
    return replace(box, xyxy=scaled, polygons=(), mask=None, cuboid=None)
