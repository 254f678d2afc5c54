"""Pictures of an audit: which cases are shown, how boxes are drawn, what is left on disk."""

from __future__ import annotations

import numpy as np

from isthmus.augment.gallery import (
    COLOURS,
    MarkedBox,
    MarkedFrame,
    _window,
    marked,
    write_gallery,
)
from isthmus.data.images import write_png

BOX = (100.0, 60.0, 300.0, 180.0)
GREY = np.full((240, 400, 3), 90, np.uint8)


def box(fate, left=0.5, xyxy=BOX):
    return MarkedBox(xyxy, "car", fate, left, {"reason": "why"})


def drawn_share(fate):
    """Share of the box's upper line that has the fate's colour, clear of the word on it."""
    line = marked(GREY, [box(fate)])[60, 180:300].astype(int)
    return float((np.abs(line - COLOURS[fate]).max(axis=1) < 12).mean())


def test_line_styles_differ_without_colour():
    assert drawn_share("keep") == 1
    assert 0.55 < drawn_share("ignore") < 0.85
    assert 0.2 < drawn_share("drop") < drawn_share("ignore")
    assert drawn_share("before") < 0.45
    crossed = marked(GREY, [box("drop")])[70:170, 110:290]
    assert (crossed != 90).any()
    assert (marked(GREY, [box("ignore")])[70:170, 110:290] == 90).all()


def test_what_the_audit_takes_away_carries_a_word():
    above = np.s_[46:58, 100:160]
    for fate in ("keep", "before"):
        assert (marked(GREY, [box(fate)])[above] == 90).all()
    for fate in ("ignore", "drop", "reject"):
        assert (marked(GREY, [box(fate)])[above] != 90).any()


def test_words_do_not_hide_one_another():
    near = (BOX[0] + 12, *BOX[1:])
    lost = box("drop", xyxy=near)
    both, alone = marked(GREY, [box("ignore"), lost]), marked(GREY, [lost])
    word = np.s_[46:58, 113:200]
    assert (alone[word] != 90).any()
    assert (both[word] == alone[word]).all()
    yellow = np.abs(both[40:58].astype(int) - COLOURS["ignore"]).max(axis=2) < 60
    assert not yellow.any()


def test_windows_hold_the_box_and_stay_inside():
    for xyxy in (BOX, (0.0, 0.0, 3.0, 4.0), (390.0, 230.0, 400.0, 240.0), (0.0, 0.0, 400.0, 240.0)):
        x1, y1, x2, y2 = _window(xyxy, 400, 240)
        assert 0 <= x1 < x2 <= 400
        assert 0 <= y1 < y2 <= 240
        # A box as wide as the picture does not fit the window's shape as a whole.
        assert y1 <= xyxy[1]
        assert y2 >= xyxy[3]
        assert min(x2 - x1, y2 - y1) >= 40
    assert marked(GREY, [box("keep")], BOX).shape == (225, 300, 3)


def frame(tmp_path, name, *boxes):
    for side in ("before", "after"):
        write_png(tmp_path / f"{name}-{side}.png", GREY)
    places = (tmp_path / f"{name}-{side}.png" for side in ("before", "after"))
    return MarkedFrame(f"images/{name}.jpg", *places, "fog", boxes)


def test_the_least_left_comes_first_and_no_frame_fills_the_page(tmp_path):
    many = [box("drop", 0.01 * k) for k in range(6)]
    frames = [
        frame(tmp_path, "a", *many, box("keep", 0.9)),
        frame(tmp_path, "b", box("ignore", 0.2), box("keep", 0.3), box("before", 0.0)),
    ]
    out = tmp_path / "out"
    entries = write_gallery(out, frames)
    lost = [(case["frame"], case["decision"]) for case in entries["lost_cases"]]
    assert lost == [("images/a.jpg", "drop")] * 2 + [("images/b.jpg", "ignore")]
    assert [case["frame"] for case in entries["kept_cases"]] == ["images/b.jpg", "images/a.jpg"]
    assert entries["examples"][0]["boxes"] == {"drop": 6, "keep": 1}
    assert entries["lost_cases"][0]["reason"] == "why"
    named = {e[s] for part in entries.values() for e in part for s in ("before", "after")}
    assert named == {f"audit/{path.name}" for path in (out / "audit").iterdir()}


def test_pictures_of_an_earlier_audit_go_and_equal_ones_stay(tmp_path):
    frames = [frame(tmp_path, name, box("drop")) for name in "abc"]
    out = tmp_path / "out"
    write_gallery(out, frames)
    before = {path: path.stat().st_mtime_ns for path in (out / "audit").iterdir()}
    write_gallery(out, frames)
    assert {path: path.stat().st_mtime_ns for path in (out / "audit").iterdir()} == before
    frames[0].after.write_bytes(b"no picture")
    write_gallery(out, frames[:1])
    assert not (out / "audit").exists()  # neither of others, nor of what cannot be read
