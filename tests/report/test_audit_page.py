"""The page of an audit: what it says is what audit.json says, and nothing in it can act."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fake_pictures import picture
from test_document import HOSTILE, Page

from isthmus.errors import InputError
from isthmus.report.audit_page import write_audit_page

CURVE = {
    "schema": "isthmus.acceptance-curve/1",
    "points": [
        {"strength": s, "boxes": 8, "keep": 1 - s / 2, "ignore": s / 4, "reject": s / 4,
         "structure": 0.1 * s}
        for s in (0.5, 1.0)
    ],
}  # fmt: skip


def effect_audit(folder: Path, **more: Any) -> dict[str, Any]:
    case = {"frame": "images/a.jpg", "category": "car", "decision": "drop", "visibility": 0.031,
            "reason": "nothing of it is left in the fog", "contrast": [0.2, 0.0]}  # fmt: skip
    sides = {s: picture(folder / "audit" / f"{s}.jpg", 1) for s in ("before", "after")}
    return {
        "schema": "isthmus.augmented/1", "effect": "fog", "unit": "m", "quantity": "visibility",
        "values": [60.0, 75.5, 90.0], "frames": 17, "seed": 3,
        "boxes": {"keep": 4123, "ignore": 57, "drop": 29},
        "by_category": {"car": {"keep": 4123, "ignore": 57, "drop": 29}},
        "reasons": {"nothing of it is left in the fog": 29, "fog takes most of its contrast": 57},
        "visibility": [0.111, 0.222, 0.333], "depth": {"geometry": 12, "map": 5},
        "contrast": [[0.1, 0.2, 0.3], [0.04, 0.05, 0.06]],
        "examples": [{"frame": "images/a.jpg", "caption": "fog: visibility 75.5 m",
                      "boxes": {"keep": 2, "drop": 1, "before": 1}, **sides}],
        "lost_cases": [{**case, **sides}], "kept_cases": [],
        "problems": [{"path": "images/b.jpg", "kind": "augmentation-failed", "reason": "torn",
                      "severity": "skipped", "count": 1}],
        **more,
    }  # fmt: skip


def page_of(folder: Path, document: dict[str, Any]) -> tuple[Page, str]:
    (folder / "audit.json").write_text(json.dumps(document))
    text = write_audit_page(folder).read_text(encoding="utf-8")
    return Page(text), text


def test_the_page_says_what_the_audit_says(tmp_path: Path) -> None:
    page, text = page_of(tmp_path, effect_audit(tmp_path))
    for said in (
        "4\u202f123", "57", "29", "17 frames, visibility 60 to 90 m", "seed 3",
        "nothing of it is left in the fog", "fog takes most of its contrast", "0.111", "0.333",
        "0.200", "0.050", "estimated", "images/b.jpg", "torn", "2 kept, 1 dropped and 1 ignored",
        "car, dropped (nothing of it is left in the fog): visibility 0.03. images/a.jpg",
        "dashed line", "dotted and crossed out",
    ):  # fmt: skip
        assert said in page.text, said
    assert len(page.all("img")) == 4
    assert all(image["src"].startswith("data:image/jpeg;base64,") for image in page.all("img"))
    assert "border-style:dashed" in text
    assert not page.scripts  # no chart, no script
    assert str(tmp_path) not in text
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)


def test_names_in_the_data_cannot_act(tmp_path: Path) -> None:
    document = effect_audit(tmp_path, effect=HOSTILE, reasons={HOSTILE: 3}, unit=HOSTILE)
    document["by_category"] = {HOSTILE: {"keep": 1}}
    document["problems"][0] |= {"path": HOSTILE, "kind": HOSTILE, "reason": HOSTILE}
    for entry in (*document["examples"], *document["lost_cases"]):
        entry |= {"frame": HOSTILE, "caption": HOSTILE, "category": HOSTILE, "reason": HOSTILE}
    document["depth"] = {HOSTILE: 1}
    page, _ = page_of(tmp_path, document)
    assert not page.scripts
    assert not [image for image in page.all("img") if "onerror" in image]
    assert page.text.count("{{7*7}}") >= 8


def test_pictures_come_from_inside_the_folder_alone(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    document = effect_audit(inside)
    picture(tmp_path / "outside" / "secret.jpg", 2)
    document["examples"][0] |= {"before": "../outside/secret.jpg", "after": "audit/gone.jpg"}
    page, _ = page_of(inside, document)
    assert len(page.all("img")) == 2  # those of the worst case
    assert "cannot be shown" in page.text
    assert "file is missing" in page.text


def test_a_translation_has_its_curve_and_its_words(tmp_path: Path) -> None:
    sides = {s: picture(tmp_path / "audit" / f"{s}.jpg", 1) for s in ("before", "after")}
    rejected = {"frame": "images/a.jpg", "category": "car", "decision": "reject", "pattern": 0.1,
                "structure": 0.4, "p_value": 0.5, "reason": "gone", **sides}  # fmt: skip
    document = {
        "schema": "isthmus.translation-audit/1", "frames": 2, "left_out": [], "made_up": 2,
        "boxes": {"keep": 7, "ignore": 0, "reject": 1}, "reasons": {"gone": 1}, "seed": 0,
        "by_category": {"car": {"keep": 7, "ignore": 0, "reject": 1}},
        "structure": [0.01, 0.02, 0.03], "examples": [], "lost_cases": [rejected],
        "kept_cases": [], "problems": [],
    }  # fmt: skip
    page, _ = page_of(tmp_path, document)
    assert "12.5\u202f% of 8 boxes" in page.text
    assert "car, rejected (gone): pattern 0.10, structure distance 0.40, p 0.50." in page.text
    assert "finds 2 objects where none was" in page.text
    assert "Nothing was skipped." in page.text
    assert "strength" not in page.text
    (tmp_path / "curve.json").write_text(json.dumps(CURVE))
    with_curve, _ = page_of(tmp_path, document)
    assert "8 objects looked at" in with_curve.text
    assert len(with_curve.scripts) == 5  # the charts and what draws them


def test_what_is_no_audit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        write_audit_page(tmp_path)
    (tmp_path / "audit.json").write_text('{"schema": "isthmus.gap/1"}')
    with pytest.raises(InputError, match=r"isthmus\.gap/1"):
        write_audit_page(tmp_path)
    (tmp_path / "audit.json").write_text("[]")
    with pytest.raises(InputError, match="schema is None"):
        write_audit_page(tmp_path)


def test_of_a_bare_document_the_rest_is_shown(tmp_path: Path) -> None:
    page, _ = page_of(tmp_path, {"schema": "isthmus.augmented/1"})
    assert "No labelled object" in page.text
    assert "0 frames" in page.text
