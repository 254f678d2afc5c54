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


def adopt_translated(source: Dataset, folder: Path | str) -> Dataset:
    """`source` with its images replaced by those of `folder`, labels carried over.

    Args:
        source: frames.
        folder: pictures under the names of the source's images, or under their names with
            ``_fake`` or ``_fake_B`` as translators write them; any usual suffix.

    Returns:
        Frames in the source's order, ids unchanged, attribute `look` "translated". Frames without
        a picture, or with one that does not fit, are listed in `problems`.

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
            stem = path.stem.removesuffix("_B").removesuffix("_fake")
            pictures.setdefault(stem, []).append(path)
    frames, problems = [], list(source.problems)
    for frame in source.frames:
        try:
            frames.append(_translated(frame, _picture_of(frame, pictures)))
        except (ImageError, InputError) as error:
            problems.append(Problem(str(frame.image), "not-translated", str(error)))
    if not frames:
        first = f"; {problems[-1].reason}" if problems else ""
        raise InputError(f"{folder}: no picture fits an image of {source.name}{first}")
    return Dataset(f"{source.name}+translated", tuple(frames), tuple(problems), source.categories)


def _picture_of(frame: Frame, pictures: dict[str, list[Path]]) -> Path:
    found = pictures.get(frame.image.stem, [])
    if len(found) > 1:  # the same name in several folders: the one whose folder is named alike
        alike = [path for path in found if path.parent.name == frame.image.parent.name]
        found = alike or found
    if not found:
        raise InputError(f"no translated picture named {frame.image.stem}")
    if len(found) > 1:
        raise InputError(f"{len(found)} translated pictures are named {frame.image.stem}")
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
