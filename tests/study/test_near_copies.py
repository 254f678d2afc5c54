"""Test images that are all but copies of training images are found before anything is trained."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from drawn_street import write_streets
from isthmus.compute.executor import SerialExecutor
from isthmus.errors import InputError
from isthmus.study.config import parse_study
from isthmus.study.domains import read_domains
from isthmus.study.near_copies import near_copies, refuse_near_copies


@pytest.fixture
def folders(tmp_path):
    write_streets(tmp_path / "day", 9, in_sequence=3)
    write_streets(tmp_path / "fog", 12, first=100, in_sequence=3, visibility=60.0)
    return tmp_path


def domains_of(folders):
    test = {"sequence": ["place-0002", "place-0003"]}
    target = {"name": "fog", "path": folders / "fog" / "coco.json", "test": test}
    source = {"name": "day", "path": folders / "day" / "coco.json"}
    return read_domains(parse_study({"name": "copies", "source": source, "target": target}))


def saved_anew(source, place):
    """`place` becomes `source`, darker, smaller and up again, and saved with another quality."""
    image = Image.open(source)
    small = image.resize((image.width // 2, image.height // 2)).resize(image.size)
    Image.fromarray((np.asarray(small) * 0.9).astype(np.uint8)).save(place, quality=60)


def test_different_streets_are_no_copies(folders):
    domains = domains_of(folders)
    assert near_copies(domains, executor=SerialExecutor()) is None
    assert refuse_near_copies(domains, allowed=False) == ()


def test_a_training_image_saved_anew_in_the_test_is_found(folders):
    images = folders / "fog" / "images"
    saved_anew(images / "street-001.jpg", images / "street-007.jpg")
    saved_anew(folders / "day" / "images" / "street-002.jpg", images / "street-008.jpg")
    domains = domains_of(folders)
    with pytest.raises(InputError, match=r"2 of 6 test images.*street-008.*allow_near_copies"):
        refuse_near_copies(domains, allowed=False)
    (note,) = refuse_near_copies(domains, allowed=True)
    assert "images/street-007.jpg is like images/street-001.jpg in target train" in note
    assert "target.allow_near_copies accepts" in note


def test_without_a_test_there_is_nothing_to_find(folders):
    labels = folders / "fog" / "coco.json"
    content = json.loads(labels.read_text())
    content["annotations"] = []
    labels.write_text(json.dumps(content))
    source = {"name": "day", "path": folders / "day" / "coco.json"}
    config = parse_study({"name": "n", "source": source, "target": {"path": labels}})
    assert near_copies(read_domains(config)) is None
