"""The pictures of docs/synthesis.md: what the renderers show, made again by one command.

    python benchmarks/contact_sheets.py                     # the fast renderer's: a few minutes
    python benchmarks/contact_sheets.py --only scenarios
    python benchmarks/contact_sheets.py --only physical     # needs isthmus[physical]

Nothing is chosen by hand but the seeds below: the sheet of the ODD shows its first 24 rows.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import contact_truth
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from isthmus.compute.local import local_executor
from isthmus.files import write_bytes
from isthmus.synth.odd.domain import load_odd
from isthmus.synth.odd.rows import Row, sample_rows
from isthmus.synth.output.request import Request, make
from isthmus.synth.world.factors import Factors

ROOT = Path(__file__).resolve().parents[1]
RENDERED = (640, 360)
LARGEST = 400_000
"""Bytes of a sheet."""
Panel = tuple[str, Request]
Pixels = np.ndarray

STREET: dict[str, Any] = {
    "road_type": "street", "surroundings": "shops", "parking": "both", "parked_share": 0.7,
    "traffic_density": 30.0, "pedestrian_density": 45.0, "crossing": "zebra", "season": "autumn",
    "curvature": 0.002, "clouds": 0.25, "sun_elevation": 38.0, "sun_azimuth": 215.0,
    "camera_fov": 60.0,
}  # fmt: skip
WET = {"clouds": 1.0, "rain": 8.0, "visibility": 1500.0, "sun_elevation": 20.0}
CONDITIONS: dict[str, dict[str, Any]] = {
    "clear day": {},
    "low sun": {"sun_elevation": 12.0, "sun_azimuth": 357.0, "clouds": 0.1},
    "overcast": {"clouds": 1.0},
    "rain": WET,
    "fog": {"clouds": 1.0, "visibility": 90.0, "sun_elevation": 20.0},
    "snow": {"clouds": 1.0, "snow_cover": 0.9, "snowfall": 2.0, "visibility": 900.0,
             "sun_elevation": 15.0},
    "dusk": {"sun_elevation": -3.0, "sun_azimuth": 20.0},
    "wet night": {"sun_elevation": -16.0, "wetness": 0.8, "clouds": 0.8},
}  # fmt: skip
"""What differs from the first, in the same scene."""
SCENARIOS: dict[str, tuple[int, dict[str, Any]]] = {
    "child_between_cars": (2, {"parked_share": 0.95}),
    "crowd": (1, {"sun_elevation": -1.0, "clouds": 0.9, "rain": 2.0}),
    "fallen_cyclist": (2, {"clouds": 1.0}),
    "animal": (4, {"road_type": "rural", "surroundings": "park", "crossing": "none",
                   "parking": "none", "pedestrian_density": 0.0, "sun_elevation": 12.0}),
    "overloaded_vehicle": (1, {"road_type": "suburb", "surroundings": "residential"}),
    "roadworks": (1, {"road_type": "avenue", "lanes": 2, "parking": "none"}),
    "pram": (1, {"season": "winter", "clouds": 0.9}),
    "wheelchair": (1, {"surroundings": "downtown"}),
}  # fmt: skip
"""Scenario → number of the scene, and what differs from `STREET`."""


def request(number: int, renderer: str = "fast", **factors: Any) -> Request:
    """A picture of the street with other factors."""
    return Request(1, Row(number, 0, 0, 0.0, Factors.of(STREET | factors)), RENDERED, renderer)


def odd() -> list[Panel]:
    """The first 24 rows of the example ODD."""
    domain = load_odd(ROOT / "examples/street-world/odd.yaml")
    return [("", Request(0, row, RENDERED)) for row in sample_rows(domain, 24, 0)]


def conditions() -> list[Panel]:
    """One scene under eight conditions."""
    return [(name, request(2, **factors)) for name, factors in CONDITIONS.items()]


def scenarios() -> list[Panel]:
    """The eight rare scenarios."""
    return [
        (name.replace("_", " "), request(number, scenario=name, **factors))
        for name, (number, factors) in SCENARIOS.items()
    ]


def truth() -> list[Panel]:
    """The scene whose truth is shown."""
    return [("", request(2))]


def physical() -> list[Panel]:
    """Six of the conditions by the physical renderer."""
    chosen = ("clear day", "low sun", "fog", "snow", "dusk", "wet night")
    return [(name, request(2, "physical", **CONDITIONS[name])) for name in chosen]


PANELS: dict[str, Callable[[], list[Panel]]] = {
    "odd": odd, "conditions": conditions, "scenarios": scenarios, "truth": truth,
    "physical": physical,
}  # fmt: skip
GRIDS = {
    "odd": (4, (360, 203)), "conditions": (2, (640, 360)), "scenarios": (2, (640, 360)),
    "truth": (2, (640, 360)), "physical": (2, (640, 360)),
}  # fmt: skip
"""Sheet → its columns and the size of its tiles."""


def picture(asked: Request) -> bytes:
    return make(asked).content


def truth_tiles(asked: Request) -> list[tuple[str, Pixels]]:
    return contact_truth.tiles(make(asked))


def sheet(tiles: Sequence[tuple[str, Pixels]], columns: int, size: tuple[int, int]) -> Image.Image:
    """Tiles (h, w, 3) row by row, each with its caption in the lower left corner."""
    width, height = size
    whole = Image.new("RGB", (columns * width, -(-len(tiles) // columns) * height))
    font = ImageFont.load_default(max(11, height // 20))
    for k, (caption, pixels) in enumerate(tiles):
        tile = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)
        if caption:
            draw = ImageDraw.Draw(tile)
            box = draw.textbbox((8, height - 8), caption, font, "ls")
            draw.rectangle((box[0] - 5, box[1] - 4, box[2] + 5, box[3] + 4), (20, 20, 20))
            draw.text((8, height - 8), caption, (240, 240, 240), font, "ls")
        whole.paste(tile, (k % columns * width, k // columns * height))
    return whole


def encoded(whole: Image.Image) -> bytes:
    """A JPEG of at most `LARGEST` bytes, as good as that allows."""
    for quality in range(88, 40, -4):
        stream = io.BytesIO()
        whole.save(stream, "JPEG", quality=quality, optimize=True, progressive=True)
        if stream.tell() <= LARGEST:
            break
    return stream.getvalue()


def make_sheet(name: str, out: Path, workers: int | None) -> Path:
    """Render the panels of a sheet and write it; returns its path."""
    panels = PANELS[name]()
    if name == "truth":
        tiles = truth_tiles(panels[0][1])
    else:
        outcomes = local_executor(workers).map(picture, [asked for _, asked in panels])
        tiles = []
        for (caption, _), outcome in zip(panels, outcomes, strict=True):
            with Image.open(io.BytesIO(outcome.unwrap())) as made:
                tiles.append((caption, np.asarray(made.convert("RGB"))))
            print(f"{name}: {len(tiles)} of {len(panels)}", file=sys.stderr)
    path = out / f"street-{name}.jpg"
    write_bytes(path, encoded(sheet(tiles, *GRIDS[name])))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    usual = [name for name in PANELS if name != "physical"]
    parser.add_argument("--only", nargs="+", choices=list(PANELS), default=usual)
    parser.add_argument("--out", type=Path, default=ROOT / "docs/images")
    parser.add_argument("--workers", type=int, default=None)
    options = parser.parse_args()
    for name in options.only:
        print(make_sheet(name, options.out, options.workers))


if __name__ == "__main__":
    main()
