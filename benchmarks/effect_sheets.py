"""The pictures of docs/effects.md: every effect at every severity, on one rendered frame.

    python benchmarks/effect_sheets.py            # about a minute

Nothing is chosen by hand but the scene: it is that of docs/synthesis.md's conditions.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import contact_sheets
import numpy as np
from PIL import Image

from isthmus import seeds
from isthmus.augment.arrays import Arrays
from isthmus.augment.depth import FAR, Geometry
from isthmus.augment.effect import EFFECTS
from isthmus.augment.surfaces import surface_map
from isthmus.data.frame import Box
from isthmus.files import write_bytes
from isthmus.synth.output.request import Made, make

TILE = (320, 180)
SEVERITIES = (1, 2, 3, 4, 5)
SHEETS = {
    "weather": ("fog", "rain", "snow", "wet_road", "sleet", "storm"),
    "light": ("low_light", "night", "wet_night", "high_illumination", "tunnel_exit"),
    "camera": ("motion_blur", "lens_dirt", "lens_drops", "defocus", "sensor_noise",
               "compression", "colour_cast"),
}  # fmt: skip


def frame() -> tuple[Arrays, np.ndarray]:
    """The scene with its labels, classes and depth."""
    made = make(contact_sheets.request(2))
    with Image.open(io.BytesIO(made.content)) as picture:
        image = np.asarray(picture.convert("RGB"))
    depth = np.nan_to_num(made.truth.depth, nan=FAR, posinf=FAR)
    depth = np.where(depth > 0, np.minimum(depth, FAR), FAR).astype(np.float32)
    surface = surface_map(made.truth.semantic.astype(np.uint16), "isthmus")
    return Arrays(image, boxes(made), surface, geometry(made), exact=True), depth


def boxes(made: Made) -> tuple[Box, ...]:
    """The visible objects' boxes."""
    seen = [item for item in made.objects() if item["visible"]]
    return tuple(Box(o["category"], tuple(float(v) for v in o["visible"])) for o in seen)


def geometry(made: Made) -> Geometry:
    """Where the camera stands."""
    camera, (height, width) = made.intrinsics, made.picture.shape[:2]
    return Geometry(camera.cy / height, camera.fx / width, made.scene.view.position[1])


def make_sheet(name: str, arrays: Arrays, depth: np.ndarray, out: Path) -> Path:
    """A row for each effect, a column for each severity; returns the picture's path."""
    tiles = []
    for effect in SHEETS[name]:
        scale = EFFECTS[effect].scale
        for severity in SEVERITIES:
            rng = seeds.generator(0, "sheet", effect)
            after, _ = EFFECTS[effect].apply(arrays, depth, float(severity), rng)
            caption = f"{effect.replace('_', ' ')} {scale.value(severity):g} {scale.unit}"
            tiles.append((caption, after.image))
    whole = contact_sheets.sheet(tiles, len(SEVERITIES), TILE)
    path = out / f"effects-{name}.jpg"
    write_bytes(path, contact_sheets.encoded(whole))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=list(SHEETS), default=list(SHEETS))
    parser.add_argument("--out", type=Path, default=contact_sheets.ROOT / "docs/images")
    options = parser.parse_args()
    arrays, depth = frame()
    for name in options.only:
        print(make_sheet(name, arrays, depth, options.out))


if __name__ == "__main__":
    main()
