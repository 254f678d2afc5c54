"""The audit of translation: what is kept, what is rejected, and over whole data sets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from isthmus.augment.report import AUDIT_FILE
from isthmus.augment.translate.adain import fit_adain
from isthmus.augment.translate.apply import translate_dataset
from isthmus.augment.translate.audit import audit_frame, decide, other_places, overlap
from isthmus.augment.translate.audit_dataset import audit_translation, match_frames
from isthmus.augment.translate.curve import acceptance_curve
from isthmus.augment.translate.run import translate_and_audit
from isthmus.augment.translate.structure import (
    Structure,
    cells,
    self_similarity,
    structure_distance,
)
from isthmus.compute.local import LocalExecutor
from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box
from isthmus.data.images import read_rgb, write_png
from isthmus.errors import ConfigError, InputError
from isthmus.report.audit_page import write_audit_page


class Look:
    """A translator for tests: dims, tints, and erases what it is told to."""

    method = "look"

    def __init__(self, erase=()):
        self.erase, self.fingerprint = tuple(erase), f"look{erase}"

    def transform(self, image, name):
        made = (image * np.array([0.4, 0.45, 0.6])).astype(np.uint8)
        for number, (x1, y1, x2, y2) in self.erase:
            if name == f"{number:03d}.png":
                made[int(y1) : int(y2), int(x1) : int(x2)] = made[60, 48]  # road
        return made


@pytest.fixture(scope="module")
def day(tmp_path_factory, streets):
    return streets(tmp_path_factory.mktemp("sets") / "day", 6, 0, 1.0)


def test_self_similarity_minds_no_light_and_no_contrast(day):
    crops = Structure().crops(read_rgb(day.frames[0].image), [day.frames[0].objects[0].xyxy])
    dim = (crops * 0.5 + 20).astype(np.uint8)
    other = Structure().crops(read_rgb(day.frames[0].image), [(0.0, 0.0, 24.0, 20.0)])
    known = [self_similarity(cells(x)) for x in (crops, dim, other)]
    assert np.allclose(np.diagonal(known[0][0]), 1, atol=1e-5)
    assert np.allclose(known[0], known[0].transpose(0, 2, 1))
    assert structure_distance(known[0], known[0])[0] == 0
    dimmed, foreign = (structure_distance(known[0], k)[0] for k in known[1:])
    assert dimmed < 0.25 * foreign


def test_structure_distance_is_the_root_mean_square():
    assert structure_distance(np.zeros((1, 2, 2)), np.array([[[0, 2], [2, 0]]]))[0] == (
        pytest.approx(np.sqrt(2))
    )


def test_an_untouched_frame_keeps_every_label(day):
    for frame in day:
        image = read_rgb(frame.image)
        audit = audit_frame(image, image, frame.objects, np.random.default_rng(0))
        assert [box.decision for box in audit.boxes] == ["keep", "keep"]
        assert [box.structure for box in audit.boxes] == [0.0, 0.0]
        assert all(box.p_value == pytest.approx(1 / 25) for box in audit.boxes)


def test_what_can_hardly_be_seen_any_more_is_ignored(day):
    frame = day.frames[0]
    before = read_rgb(frame.image)
    # The same pattern at a fiftieth of its contrast: too little for eyes, enough for correlations.
    faint = np.clip(10 + before.astype(float) / 25, 0, 255).round().astype(np.uint8)
    black = np.zeros_like(before)
    for after, reasons in ((faint, {"too little of its contrast is left"}), (black, None)):
        found = audit_frame(before, after, frame.objects, np.random.default_rng(0))
        assert "keep" not in {box.decision for box in found.boxes}
        if reasons:
            assert reasons & {box.reason for box in found.boxes}
    # What was as faint before is not the translation's fault.
    found = audit_frame(faint, faint, frame.objects, np.random.default_rng(0))
    assert {box.decision for box in found.boxes} == {"keep"}


def test_an_erased_object_is_rejected_and_the_others_are_kept(tmp_path, day):
    gone = [(index, frame.objects[0].xyxy) for index, frame in enumerate(day)]
    made = translate_dataset(day, Look(gone), tmp_path)
    kept, audit = audit_translation(day, made)
    first = [row["decision"] for row in audit.rows[0::2]]
    assert first.count("reject") >= 5
    assert "keep" not in first
    assert [row["decision"] for row in audit.rows[1::2]] == ["keep"] * 6
    assert audit.boxes["keep"] == 6
    assert audit.reject_share == first.count("reject") / 12
    assert audit.by_category == {"vehicle": audit.boxes}
    assert audit.left_out == ()
    rejected = first.index("reject")
    assert len(kept.frames[rejected].objects) == 1
    assert kept.frames[rejected].objects[0].xyxy == day.frames[rejected].objects[1].xyxy


def test_a_frame_that_lost_its_objects_is_left_out_and_listed(tmp_path, day):
    gone = [(2, box.xyxy) for box in day.frames[2].objects]
    made = translate_dataset(day, Look(gone), tmp_path)
    kept, audit = audit_translation(day, made)
    assert audit.left_out == (made.frames[2].id,)
    assert len(kept) == 5
    assert [p.kind for p in kept.problems] == ["translation-rejected"]


def test_any_number_of_workers_gives_the_same_audit(tmp_path, day):
    made = translate_dataset(day, Look(), tmp_path)
    alone = audit_translation(day, made, seed=3)[1]
    assert audit_translation(day, made, seed=3, executor=LocalExecutor(2))[1] == alone
    alone.save(tmp_path / "audit.json")
    assert '"isthmus.translation-audit/1"' in (tmp_path / "audit.json").read_text()


def test_a_translation_is_resumed_and_says_what_it_is(tmp_path, day):
    made = translate_dataset(day, Look(), tmp_path)
    assert {f.attributes["look"] for f in made} == {"look"}
    assert [f.attributes["translated_from"] for f in made] == [f.id for f in day]
    assert [f.objects for f in made] == [f.objects for f in day]
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "images").iterdir()}
    again = translate_dataset(day, Look(), tmp_path)
    assert [f.digest for f in again] == [f.digest for f in made]
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "images").iterdir()} == before
    with pytest.raises(ConfigError, match="strength 0"):
        translate_dataset(day, Look(), tmp_path, strength=0)


def test_the_audit_survives_being_written_and_read(tmp_path, day):
    from isthmus.data.formats import read_dataset

    translate_dataset(day, Look(), tmp_path)
    again = read_dataset(tmp_path / "coco.json")
    assert len(match_frames(day, again)[0]) == 6
    assert audit_translation(day, again)[1].boxes["keep"] == 12


def test_pictures_of_another_program_are_adopted_and_audited(tmp_path, day):
    for frame in day.frames[:-1]:
        picture = np.repeat(np.repeat(Look().transform(read_rgb(frame.image), ""), 2, 0), 2, 1)
        write_png(tmp_path / "their" / f"{frame.image.stem}_fake.png", picture)
    made = translate_dataset(day, tmp_path / "their", tmp_path / "out")
    assert [p.kind for p in made.problems] == ["not-translated"]
    _, audit = audit_translation(day, made)
    assert audit.boxes == {"keep": 10, "ignore": 0, "reject": 0}


def test_an_image_style_is_a_translator(tmp_path, day):
    from isthmus.adapt.image.style import ImageStyle

    style = ImageStyle("histogram").fit([day.frames[0].image])
    made = translate_dataset(day, style, tmp_path)
    assert {f.attributes["look"] for f in made} == {"histogram"}


@pytest.mark.parametrize(
    ("signs", "decision"),
    [
        ((0.04, 0.9), "keep"),
        ((0.04, 0.9, 0.8, 0.7), "keep"),
        ((0.04, 0.9, 0.1, 0.0), "keep"),  # was not found before either: says nothing
        ((0.04, 0.9, 0.8, 0.1), "ignore"),
        ((0.04, 0.3, 0.8, 0.1), "reject"),
        ((0.2, 0.9), "ignore"),
        ((0.04, 0.3), "ignore"),
        ((0.5, 0.2), "reject"),
        ((0.2, 0.05), "reject"),
        ((None, 0.9), "keep"),
        ((None, 0.1), "reject"),
    ],
)
def test_decisions(signs, decision):
    found, reason = decide(*signs)
    assert found == decision
    assert bool(reason) == (found != "keep")


def test_what_a_detector_makes_up_becomes_an_ignore_region(day):
    image, boxes = read_rgb(day.frames[0].image), day.frames[0].objects
    seen = [replace(box, score=0.9) for box in boxes]
    ghost = Box("vehicle", (30.0, 2.0, 45.0, 12.0), score=0.8)
    rng = np.random.default_rng(0)
    audit = audit_frame(image, image, boxes, rng, found=(seen, [*seen, ghost]))
    assert audit.made_up == (ghost,)
    assert [box.after for box in audit.boxes] == [0.9, 0.9]
    known = audit_frame(image, image, boxes, rng, found=([*seen, ghost], [*seen, ghost]))
    assert known.made_up == ()


def test_a_detector_is_asked_before_and_after(tmp_path, day):
    from isthmus.detect.compact import CompactDetector

    made = translate_dataset(day, Look(), tmp_path)
    blind = CompactDetector(("vehicle",), seed=0)
    _, audit = audit_translation(day, made, detector=blind, detector_size=(96, 64))
    assert audit.made_up == 0
    assert all(0 <= row["before"] < 0.3 for row in audit.rows)
    assert audit.boxes["keep"] == 12


@pytest.mark.parametrize("option", [{"detector": "none.pt"}, {"extractor": "none:such"}])
def test_what_the_audit_needs_is_tried_before_anything_is_translated(tmp_path, day, option):
    look = fit_adain(day, tmp_path / "look.safetensors")
    with pytest.raises((ConfigError, InputError), match="none"):
        translate_and_audit(day, tmp_path / "out", translator=look, **option)
    assert not (tmp_path / "out").exists()


def test_a_new_translation_takes_an_earlier_audit_away(tmp_path, day):
    made = translate_dataset(day, Look(), tmp_path)
    audit_translation(day, made, folder=tmp_path)
    page = write_audit_page(tmp_path)
    audit_translation(day, made, folder=tmp_path)
    assert (tmp_path / AUDIT_FILE).is_file()
    assert not page.exists()  # drawn from the document before
    write_audit_page(tmp_path)
    assert list((tmp_path / "audit").glob("*.jpg"))
    translate_dataset(day, Look(), tmp_path)
    left = {path.name for path in tmp_path.iterdir()}
    assert left & {AUDIT_FILE, page.name, "audit"} == set()


def test_labels_that_are_not_the_sources_are_refused(tmp_path, day):
    made = translate_dataset(day, Look(), tmp_path)
    fewer = Dataset("fewer", tuple(replace(f, objects=f.objects[:1]) for f in made))
    with pytest.raises(InputError, match="its labels are not those of its source frame"):
        audit_translation(day, fewer)


def test_other_places_hardly_overlap_and_a_box_of_the_whole_frame_has_none():
    rng = np.random.default_rng(0)
    box = (10.0, 10.0, 30.0, 26.0)
    places = other_places(box, (64, 96, 3), rng)
    assert len(places) == 24
    assert all(overlap(box, place) < 0.2 and place[2] <= 96 and place[3] <= 64 for place in places)
    assert other_places((0.0, 0.0, 96.0, 64.0), (64, 96, 3), rng) == []


def test_acceptance_falls_with_strength(day):
    gone = [(index, box.xyxy) for index, frame in enumerate(day) for box in frame.objects]
    points = acceptance_curve(day, Look(gone), strengths=(0.2, 1.0), frames=4)
    assert [p.boxes for p in points] == [8, 8]
    assert points[0].keep == 1.0
    assert points[1].keep == 0.0
    assert points[0].structure < points[1].structure
    assert points[1].keep + points[1].ignore + points[1].reject == 1.0
    own = acceptance_curve(day, {0.5: Look()}, frames=2)
    assert own[0].strength == 0.5
    with pytest.raises(ConfigError, match="above 0"):
        acceptance_curve(day, Look(), strengths=(0.0,))
