"""`isthmus augment` and `isthmus effects` from the outside."""

import json

import pytest

import isthmus
from drawn_street import write_streets
from isthmus.cli import main


def run(*arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([str(a) for a in arguments])
    shown = capsys.readouterr()
    return stopped.value.code, shown.out, shown.err


def test_augment_writes_a_data_set_and_its_audit(tmp_path, capsys):
    write_streets(tmp_path / "source", 2)
    out = tmp_path / "foggy"
    code, shown, _ = run(
        "augment", tmp_path / "source" / "coco.json", "--effect", "fog", "--value", "60m,90m",
        "--seed", "3", "--workers", "1", "--out", out, capsys=capsys,
    )  # fmt: skip
    assert code == 0
    audit = json.loads((out / "audit.json").read_text())
    assert 60 <= audit["values"][0] <= audit["values"][2] <= 90
    assert audit["seed"] == 3
    assert audit["depth"] == {"map": 2}
    assert sum(audit["boxes"].values()) > 0
    assert audit["contrast"][1][1] < audit["contrast"][0][1]
    assert f"{audit['boxes']['keep']} kept" in shown
    assert len(list((out / "images").glob("*-fog.jpg"))) == 2
    page = out / "audit.html"
    written = page.read_text()
    assert "page: " in shown
    assert "2 frames, visibility 6" in written
    assert written.count('src="data:image/jpeg') >= 4
    assert str(tmp_path) not in written + (out / "audit.json").read_text()
    page.write_text("half a page")
    again = ("augment", tmp_path / "source" / "coco.json", "--effect", "fog", "--value", "60m,90m",
             "--seed", "3", "--workers", "1", "--out", out)  # fmt: skip
    assert run(*again, capsys=capsys)[0] == 0
    assert page.read_text() == written
    assert len(isthmus.read_dataset(out)) == 2  # pictures of the audit are no frames


def test_skipped_frames_are_told_by_the_exit_status(tmp_path, capsys):
    made = write_streets(tmp_path / "source", 2)
    made.frames[1].depth.write_bytes(b"no image")
    code, _, errors = run(
        "augment", tmp_path / "source" / "coco.json", "--effect", "rain", "--severity", "2", "3",
        "--workers", "1", "--out", tmp_path / "rainy", capsys=capsys,
    )  # fmt: skip
    assert code == 3
    assert "augmentation-failed" in errors
    page = (tmp_path / "rainy" / "audit.html").read_text()
    assert "augmentation-failed" in page
    assert "street-001.jpg" in page
    assert str(tmp_path) not in page


def test_wrong_requests_are_explained(tmp_path, capsys):
    write_streets(tmp_path / "source", 1)
    given = ("augment", tmp_path / "source" / "coco.json", "--workers", "1", "--out", tmp_path)
    for options, words in (
        (("--effect", "plague"), "not known; one of fog"),
        (("--effect", "fogg"), "did you mean 'fog'?"),
        (("--effect", "fog", "--value", "5m"), "visibility 5: 40 to 400 m can be made"),
        (("--effect", "fog", "--value", "80m", "--severity", "1", "2"), "not both"),
        (("--effect", "fog", "--severity", "4", "2"), "the lower one first"),
        (("--effect", "fog", "--value", "3 mm/h"), "stated in m"),
        (("--effect", "fog", "--depth", "guess"), "onnx:PATH"),
        (("--effect", "fog", "--classes", "kitti"), "one of isthmus, cityscapes"),
    ):
        code, _, errors = run(*given, *options, capsys=capsys)
        assert code == 1
        assert words in " ".join(errors.split())


def test_effects_are_listed_with_their_ladders(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    code, shown, _ = run("effects", capsys=capsys)
    assert code == 0
    assert "mm/h" in shown
    assert "wet_night" in shown
