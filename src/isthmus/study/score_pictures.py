"""Test frames with what was labelled and what two arms find: the same frames, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from isthmus.data.dataset import Dataset
from isthmus.data.frame import Frame
from isthmus.data.images import read_resized, write_jpeg
from isthmus.detect.detector import Detections

WIDTH = 400
FRAMES = 3
SHOWN_SCORE = 0.3
TRUTH = (255, 255, 255)
IGNORED = (150, 150, 150)
FOUND = ((230, 97, 0), (93, 188, 255), (253, 224, 71), (74, 222, 128))


def write_examples(
    folder: Path,
    labelled: Dataset,
    classes: Sequence[str],
    arms: Mapping[str, tuple[str, Sequence[Detections]]],
) -> list[dict[str, str]]:
    """Draw detections of each arm on evenly spaced test frames.

    Args:
        folder: where the pictures go.
        labelled: the opened test set.
        classes: names in the order of the detections' labels; each has a colour.
        arms: name → (label for people, detections of one training on all test frames).

    Returns:
        One entry per picture: `image` (file name), `caption`, `arm`.
    """
    places = np.linspace(0, len(labelled) - 1, min(FRAMES, len(labelled))).round().astype(int)
    examples = []
    for place in dict.fromkeys(places.tolist()):
        frame = labelled.frames[place]
        for name, (label, detections) in arms.items():
            file = f"test_{place:05d}_{name}.jpg"
            _draw(folder / file, frame, classes, detections[place])
            examples.append({"image": file, "caption": f"{label}: {frame.id}", "arm": name})
    return examples


def _draw(path: Path, frame: Frame, classes: Sequence[str], found: Detections) -> None:
    scale = WIDTH / frame.width
    height = max(1, round(frame.height * scale))
    picture = Image.fromarray(read_resized(frame.image, WIDTH, height))
    pen = ImageDraw.Draw(picture)
    for box in frame.objects or ():
        colour = IGNORED if box.ignore else TRUTH
        pen.rectangle([round(v * scale) for v in box.xyxy], outline=colour, width=1)
    sure = found.above(SHOWN_SCORE)
    for corners, label in zip(sure.boxes.tolist(), sure.labels.tolist(), strict=True):
        colour = FOUND[int(label) % len(FOUND)]
        pen.rectangle([round(v * scale) for v in corners], outline=colour, width=2)
    write_jpeg(path, np.asarray(picture))
