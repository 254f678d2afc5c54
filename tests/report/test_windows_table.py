"""The table of windows says what each row rests on: its own units, and the frames behind them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fake_run import write_run

from isthmus.report.blocks import Table, Text
from isthmus.report.run_folder import read_run
from isthmus.report.sections import explanation


def part(name: str, kind: str, units: tuple[int, int], **more: Any) -> dict[str, Any]:
    counts = {"n": 300, "m": 200, "frames_x": 90, "frames_y": 60}
    found = {"value": 0.2, "low": 0.1, "high": 0.3, "p_value": 0.01, "floor": 0.05, "ratio": 4.0}
    named = {"part": name, "layer": "all", "unit_kind": kind, "reason": None, "warnings": []}
    return {**counts, **found, **named, "units_x": units[0], "units_y": units[1], **more}


PARTS = (
    part("object", "blocks", (12, 7)),
    part("context", "sequences", (9, 8)),
    part("background", "frames", (90, 60)),
    part("sky", "frames", (0, 0), value=None, ratio=None, reason="12 and 3 windows are too few"),
)


def tables(folder: Path, **document: Any) -> list[Table]:
    return [block for block in blocks(folder, **document) if isinstance(block, Table)]


def blocks(folder: Path, **document: Any) -> list[Any]:
    run = write_run(folder)
    place = run / "stages/explain/result.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps({"schema": "isthmus.explain/1", **document}), "utf-8")
    return list(explanation.section(read_run(run)).blocks)


def test_each_row_names_its_own_units_and_frames(tmp_path: Path) -> None:
    (table,) = tables(tmp_path, parts=list(PARTS))
    cells = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert [(cell["Part"], cell["Rests on"]) for cell in cells] == [
        ("object", "12 and 7 blocks of 90 and 60 frames"),
        ("context", "9 and 8 sequences of 90 and 60 frames"),
        ("background", "90 and 60 independent frames"),
        ("sky", "–"),
    ]
    assert cells[0]["Windows"] == "300 and 200"
    assert cells[3]["Not known because"] == "12 and 3 windows are too few"


def test_reasons_have_a_column_only_where_there_are_any(tmp_path: Path) -> None:
    (table,) = tables(tmp_path, parts=list(PARTS[:3]))
    assert table.columns[-1] == "Rests on"
    assert {len(row) for row in table.rows} == {len(table.columns)}


@pytest.mark.parametrize(("low", "chance"), [(0.05, False), (-0.1, True), (None, True)])
def test_a_share_whose_interval_holds_zero_may_be_chance(
    tmp_path: Path, low: float | None, chance: bool
) -> None:
    row = {"intervention": "colour", "share": 0.3, "low": low, "high": 0.5}
    found = blocks(tmp_path, removed=[row | {"before": 0.2, "after": 0.15}])
    lead = next(block.text for block in found if isinstance(block, Text))
    assert "take on the target's colour." in lead
    assert ("may be chance" in lead) is chance


@pytest.mark.parametrize(("warned", "shown"), [((), False), (("few frames",), True)])
def test_the_layout_mix_says_what_it_rests_on(
    tmp_path: Path, warned: tuple[str, ...], shown: bool
) -> None:
    row = {"intervention": "layout", "share": 0.3, "low": 0.1, "high": 0.5, "n": 90}
    row |= {"before": 0.2, "after": 0.15, "effective_n": 41.4, "warnings": list(warned)}
    found = blocks(tmp_path, removed=[row])
    texts = [block.text for block in found if isinstance(block, Text)]
    (text,) = [text for text in texts if "class and layout mix no frame is changed" in text]
    assert "41 frames' worth of 90 are left" in text
    assert ("Few frames." in text) is shown
    assert any("take on the target's class and layout mix" in text for text in texts)
