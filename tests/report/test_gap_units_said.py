"""The gap section says what its p-values rest on, and what was found odd in the frames."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fake_run import write_run

from isthmus.report.blocks import Listing, Text
from isthmus.report.run_folder import read_run
from isthmus.report.sections import gap
from isthmus.report.sections.takeaway import sees_gap
from isthmus.study import takeaway as verdict


def blocks(folder: Path, units: str, problems: list[dict[str, Any]]) -> list[Any]:
    run = write_run(folder)
    place = run / "stages/gap/result.json"
    document = json.loads(place.read_text("utf-8"))
    for estimate in document["estimates"]:
        estimate["params"] = {**estimate["params"], "units": units}
    place.write_text(json.dumps({**document, "problems": problems}), "utf-8")
    return list(gap.section(read_run(run)).blocks)


@pytest.mark.parametrize(
    ("units", "said"),
    [("frames", "no drives are known"), ("blocks", "permuting drives, or blocks")],
)
def test_p_values_are_said_to_rest_on_what_was_permuted(tmp_path, units, said):
    notes = [b.text for b in blocks(tmp_path, units, []) if isinstance(b, Text)]
    assert sum("p-values come from" in note for note in notes) == 1
    assert any(said in note for note in notes)


def test_what_was_found_odd_in_the_frames_is_a_caution(tmp_path):
    odd = {"path": "a", "kind": "looks-like-video", "reason": "alike <b>", "severity": "warning"}
    listed = [b.items for b in blocks(tmp_path, "frames", [odd]) if isinstance(b, Listing)]
    assert "a: alike <b>." in listed[0]


@pytest.mark.parametrize("units", [(19, 4), (4, 19), (4, 4), (5, 5), (40, 6), (100, 100)])
@pytest.mark.parametrize("p", [0.005, 0.02, 0.04, 0.06])
def test_the_card_and_the_verdict_hold_a_p_value_to_the_same_level(units, p):
    row = {"above_floor": True, "p_value": p, "units_x": units[0], "units_y": units[1]}
    assert sees_gap(row) is verdict._significant(row)
