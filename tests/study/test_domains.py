"""What a study can be made of: classes that are there, sides that are large enough."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from drawn_street import write_streets
from isthmus.compute.executor import SerialExecutor
from isthmus.data.images import write_jpeg
from isthmus.errors import InputError
from isthmus.study.api import run_study
from isthmus.study.config import StudyConfig, parse_study
from isthmus.study.domains import read_domains


def labelled(folder: Path, categories: list[str], n: int = 8, seed: int = 0) -> Path:
    """A COCO file of `n` frames, two a sequence, with one box of each category on each."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for number in range(n):
        pixels = rng.integers(0, 255, (48, 64, 3), np.uint8)
        write_jpeg(folder / f"{number}.jpg", pixels)
    images = [
        {"id": i, "file_name": f"{i}.jpg", "width": 64, "height": 48, "sequence": f"drive{i // 2}"}
        for i in range(n)
    ]
    boxes = [(i, k) for i in range(n) for k in range(len(categories))]
    annotations = [
        {"id": j + 1, "image_id": i, "category_id": k + 1, "bbox": [4 + 20 * k, 8, 16, 16]}
        for j, (i, k) in enumerate(boxes)
    ]
    named = [{"id": k + 1, "name": name} for k, name in enumerate(categories)]
    path = folder / "coco.json"
    content = {"images": images, "annotations": annotations, "categories": named}
    path.write_text(json.dumps(content))
    return path


def study(source: Path, target: Path, **of_target) -> StudyConfig:
    return parse_study(
        {
            "name": "s",
            "source": {"path": source, "name": "day"},
            "target": {"path": target, "name": "town", **of_target},
        }
    )


def test_a_class_that_the_source_lacks_is_left_out_and_listed(tmp_path):
    source = labelled(tmp_path / "a", ["car"])
    target = labelled(tmp_path / "b", ["car", "person"], seed=1)
    domains = read_domains(study(source, target))
    assert domains.classes == ("vehicle",)
    listed = [p for p in domains.source.problems if p.kind == "missing-class"]
    assert [p.severity for p in listed] == ["note"]
    assert "not one pedestrian box among the 6 source frames to train on" in listed[0].reason
    assert listed[0].reason in domains.notes


def test_a_source_with_both_classes_keeps_them_without_a_remark(tmp_path):
    source = labelled(tmp_path / "a", ["person", "car"])
    domains = read_domains(study(source, labelled(tmp_path / "b", [], seed=1)))
    assert domains.classes == ("pedestrian", "vehicle")
    assert domains.source.problems == ()
    assert domains.notes == ()


def test_a_source_without_any_class_is_refused_with_the_remedy(tmp_path):
    source = labelled(tmp_path / "a", ["unicorn"])
    target = labelled(tmp_path / "b", ["car"], seed=1)
    with pytest.raises(InputError, match=r"not one box of pedestrian or vehicle.*categories"):
        read_domains(study(source, target))


def test_a_test_without_a_box_of_the_classes_is_refused_before_training(tmp_path):
    source = labelled(tmp_path / "a", ["car"])
    target = labelled(tmp_path / "b", ["person"], seed=1)
    test = {"sequence": ["drive3"]}
    with pytest.raises(InputError, match="not one box of vehicle among the 2 frames of the target"):
        read_domains(study(source, target, test=test))


@pytest.mark.parametrize(
    ("n", "m", "message"),
    [
        (4, 8, r"the source \(day/train\) has 2 usable frame\(s\); at least 4 are needed"),
        (8, 3, r"the target \(town\) has 3 usable frame\(s\); at least 4 are needed"),
    ],
)
def test_the_side_that_is_too_small_is_named_with_its_number(tmp_path, n, m, message):
    source = labelled(tmp_path / "a", ["car"], n)
    target = labelled(tmp_path / "b", ["car"], m, seed=1)
    with pytest.raises(InputError, match=message):
        read_domains(study(source, target))


def test_a_missing_target_is_said_before_the_source_is_read(tmp_path):
    source = tmp_path / "a.json"
    source.write_text("not JSON: reading this would be another error")
    with pytest.raises(InputError, match=r"none: no such file or folder \(target.path\)"):
        read_domains(study(source, tmp_path / "none"))


def test_a_single_sequence_leaves_a_frame_for_validation_whatever_the_share(tmp_path):
    source = labelled(tmp_path / "a", ["car"], 8)
    content = json.loads(source.read_text())
    for image in content["images"]:
        image["sequence"] = "drive"
    source.write_text(json.dumps(content))
    config = study(source, labelled(tmp_path / "b", ["car"], seed=1))
    section = config.source.model_copy(update={"val_share": 0.01})
    domains = read_domains(config.model_copy(update={"source": section}))
    assert (len(domains.train), len(domains.val)) == (7, 1)


def test_a_study_of_one_class_runs_to_its_report(tmp_path):
    for name, first, visibility in (("day", 0, None), ("fog", 100, 60.0)):
        write_streets(
            tmp_path / name, 16, (96, 64), first=first, in_sequence=4, visibility=visibility
        )
    labels = tmp_path / "day" / "coco.json"
    content = json.loads(labels.read_text())
    people = {c["id"] for c in content["categories"] if c["name"] == "pedestrian"}
    content["annotations"] = [a for a in content["annotations"] if a["category_id"] not in people]
    labels.write_text(json.dumps(content))
    config = parse_study(
        {
            "name": "one-class",
            "source": {"path": labels},
            "target": {
                "path": tmp_path / "fog" / "coco.json",
                "test": {"sequence": ["place-0002", "place-0003"]},
            },
            "gap": {
                "permutations": 99, "bootstraps": 50, "floor_splits": 10,
                "metrics": ["mmd"], "extractors": ["descriptors"],
            },
            "generate": {"effects": []},
            "detector": {"width": 4, "size": [96, 64]},
            "training": {"seeds": 1, "burn_in": 2, "steps": 2, "batch": 2},
            "arms": ["fair_source", "mean_teacher"],
        }
    )  # fmt: skip
    result = run_study(config, out=tmp_path / "run", executor=SerialExecutor())
    assert result.documents["score"]["classes"] == ["vehicle"]
    assert set(result.documents["score"]["arms"][0]["ap50"]) == {"vehicle", "mean"}
    assert result.skipped == 0
    assert "not one pedestrian box" in result.report.read_text()
    statements = [s["text"] for s in result.documents["takeaway"]["statements"]]
    assert any("not one pedestrian box" in text.lower() for text in statements)
