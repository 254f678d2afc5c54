"""What an estimate or a score rests on is told in words that fit its units."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fake_run import write_run

from isthmus.report.blocks import Listing
from isthmus.report.figures.gap import sample
from isthmus.report.run_folder import read_run
from isthmus.report.sections import provenance


def row(n: int, m: int, units_x: int, units_y: int, **more: Any) -> dict[str, Any]:
    return {"n": n, "m": m, "units_x": units_x, "units_y": units_y, **more}


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (row(24, 30, 24, 30), "24 and 30 independent frames"),
        (row(577, 62, 29, 8, block_length=8), "577 and 62 frames in 29 and 8 blocks"),
        (
            row(90, 80, 9, 8, params={"units": "sequences"}),
            "90 and 80 frames in 9 and 8 sequences",
        ),
        (
            row(90, 40, 9, 40, params={"units": "sequences"}),
            "90 frames in 9 sequences and 40 independent frames",
        ),
        ({"n": 24, "m": 30}, "24 and 30 frames"),
    ],
)
def test_a_frame_that_is_a_unit_is_no_block(estimate: dict[str, Any], words: str) -> None:
    assert sample(estimate) == words


@pytest.mark.parametrize(
    ("sequences", "units", "words"),
    [
        (
            1,
            8,
            "The test has 1 sequence (8 independent blocks): intervals speak for drives like it",
        ),
        (12, 12, "The test has 12 sequences: intervals speak for drives like these"),
    ],
)
def test_sequences_that_are_the_units_are_counted_once(
    tmp_path: Path, sequences: int, units: int, words: str
) -> None:
    folder = write_run(tmp_path)
    path = folder / "stages/score/result.json"
    document = json.loads(path.read_text("utf-8"))
    document["test"] |= {"sequences": sequences, "units": units}
    path.write_text(json.dumps(document), "utf-8")
    listed = [
        str(line)
        for block in provenance.section(read_run(folder)).blocks
        if isinstance(block, Listing)
        for line in block.items
    ]
    assert any(line.startswith(words + ",") for line in listed)
