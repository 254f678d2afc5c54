"""The page of corner cases: what it says is what corner_cases.json says, and nothing can act."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fake_pictures import picture
from test_document import HOSTILE, Page

from isthmus.errors import InputError
from isthmus.report.cases_page import write_cases_page


def cases(folder: Path, **more: Any) -> dict[str, Any]:
    row = {
        "values": {"light": "low_light"}, "covered": False, "expected": 0.152,
        "source": {"frames": 66, "share": 0.114, "low": 0.029, "high": 0.357},
        "target": {"frames": 119, "share": 0.96, "low": 0.75, "high": 0.995},
    }  # fmt: skip
    return {
        "schema": "isthmus.corner-cases/1", "odd": {"name": "my domain"}, "coverage": 0.04,
        "completeness": {"2": {"covered": 72, "possible": 106, "share": 0.679}},
        "unknown_attributes": ["nearest"], "cells": [row],
        "ranked": [{**row, "explained_gap": 0.42, "can_be_made": True,
                    "misses": {"objects": 60, "missed": 21, "share_of_misses": 0.777},
                    "gallery": picture(folder / "examples" / "cell.jpg", 1)}],
        "scenarios": {"together": [{"classes": ["car", "rider"], "frames": 241, "lift": 1.27}],
                      "unusual_boxes": [{"category": "car", "deviations": -10.6,
                                         "frame": "a.jpg", "xyxy": [1, 2, 3, 4]}],
                      "target": {"frames": 9, "unusual_boxes": [],
                                 "rare_layouts": [{"frame": "night/7.jpg", "rarity": 2.5}]}},
        "problems": [{"path": "b.jpg", "kind": "bad-box", "reason": "torn", "severity": "skipped",
                      "count": 3}],
        **more,
    }  # fmt: skip


def page_of(folder: Path, document: dict[str, Any]) -> tuple[Page, str]:
    (folder / "corner_cases.json").write_text(json.dumps(document))
    text = write_cases_page(folder).read_text(encoding="utf-8")
    return Page(text), text


def test_the_page_says_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("orders: [445 frames]\n")
    page, text = page_of(tmp_path, cases(tmp_path))
    for said in (
        "my domain", "72 of 106", "67.9", "77.7", "21 of 60 objects",
        "Light: low light", "11.4", "[2.9, 35.7]", "96.0",
        "42.0", "15.2", "nearest", "car and rider", "1.27", "−10.6", "b.jpg", "torn",
        "orders: [445 frames]", "Below: what the source has of it", "night/7.jpg",
        "Layouts of the target",
    ):  # fmt: skip
        assert said in page.text, said
    assert [image["src"][:22] for image in page.all("img")] == ["data:image/jpeg;base64"]
    assert str(tmp_path) not in text
    again = write_cases_page(tmp_path).read_text(encoding="utf-8")
    assert again == text


def test_names_in_the_data_cannot_act(tmp_path: Path) -> None:
    document = cases(tmp_path, odd={"name": HOSTILE}, unknown_attributes=[HOSTILE])
    for row in (*document["ranked"], *document["cells"]):
        row["values"] = {HOSTILE: HOSTILE}
    document["ranked"][0]["gallery"] = "../../etc/passwd"
    document["problems"][0] |= {"path": HOSTILE, "kind": HOSTILE, "reason": HOSTILE}
    document["scenarios"]["unusual_boxes"][0] |= {"frame": HOSTILE, "category": HOSTILE}
    (tmp_path / "plan.yaml").write_text(HOSTILE)
    page, _ = page_of(tmp_path, document)
    assert not page.scripts
    assert not page.all("img")


def test_nothing_missing_and_nothing_skipped_are_said(tmp_path: Path) -> None:
    page, _ = page_of(tmp_path, cases(tmp_path, ranked=[], problems=[], coverage=1.0))
    assert "Nothing that the target shows is rare in the source." in page.text
    assert "Nothing was skipped." in page.text


@pytest.mark.parametrize("document", [{"schema": "isthmus.gap/1"}, {}, []])
def test_another_schema_is_refused(tmp_path: Path, document: Any) -> None:
    with pytest.raises(InputError, match=r"this version reads isthmus.corner-cases/1"):
        page_of(tmp_path, document)
