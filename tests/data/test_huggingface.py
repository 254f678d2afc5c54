"""Hugging Face data sets, as others make them and both ways."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from PIL import Image
from test_round_trips import comparable, full_dataset

from isthmus.data.formats import WRITERS, detect_format, read_dataset, write_dataset
from isthmus.data.formats.huggingface import from_huggingface, to_huggingface
from isthmus.data.frame import Box
from isthmus.errors import InputError, MissingExtraError
from isthmus.files import file_digest

library = pytest.importorskip("datasets")


def picture(shade: int) -> Image.Image:
    return Image.fromarray(np.full((20, 40, 3), shade, dtype=np.uint8))


def test_rows_as_others_publish_them(tmp_path):
    label = library.ClassLabel(names=["car", "person"])
    numbers = library.List(library.Value("float32"), length=4)
    kinds = library.Features(
        {
            "image_id": library.Value("int64"),
            "image": library.Image(),
            "weather": library.Value("string"),
            "objects": library.List({"bbox": numbers, "category": label}),
        }
    )
    rows = [
        {"image_id": 1, "image": picture(30), "weather": "rain", "objects": [
            {"bbox": [1, 2, 3, 4], "category": 1}, {"bbox": [5, 5, 9, 9], "category": 0}]},
        {"image_id": 2, "image": picture(90), "weather": "fog", "objects": []},
        {"image_id": 3, "image": None, "weather": "fog", "objects": []},
    ]  # fmt: skip
    found = library.Dataset.from_list(rows, features=kinds)
    dataset = from_huggingface(library.DatasetDict({"train": found}), tmp_path / "out", name="cppe")
    assert dataset.name == "cppe"
    assert [f.split for f in dataset] == ["train", "train"]
    assert [f.attributes["weather"] for f in dataset] == ["rain", "fog"]
    expected = (Box("person", (1, 2, 4, 6)), Box("car", (5, 5, 14, 14)))
    assert [f.objects for f in dataset] == [expected, ()]
    assert [p.kind for p in dataset.problems] == ["bad-image-record"]
    with pytest.raises(InputError, match="no column `image` among weather"):
        from_huggingface(found.select_columns(["weather"]), tmp_path / "none")


def test_objects_in_memory_both_ways(tmp_path, make_image):
    dataset = full_dataset(tmp_path, make_image)
    holds = WRITERS["huggingface"].holds
    made = to_huggingface(dataset)
    assert sorted(made) == ["data", "train", "val"]
    assert made["val"][0]["image"].size == (50, 20)
    assert made["val"][0]["objects"]["bbox"] == [[0.0, 0.0, 50.0, 20.0]]
    back = from_huggingface(made, tmp_path / "back")
    assert comparable(back, holds) == comparable(dataset, holds)


def test_a_damaged_folder_is_named(tmp_path, make_image):
    image = make_image(tmp_path / "in" / "a.jpg")
    dataset = read_dataset(image.parent)
    folder = WRITERS["huggingface"].write(dataset, tmp_path / "set")
    assert detect_format(folder) == "huggingface"
    arrow = next(folder.rglob("*.arrow"))
    arrow.write_bytes(arrow.read_bytes()[:100])
    with pytest.raises(InputError, match="set: cannot be read by `datasets`"):
        read_dataset(folder)


def test_without_the_library_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtraError, match=r"isthmus\[hf-datasets\]"):
        from_huggingface(object(), tmp_path)


def test_a_saved_set_names_no_file_outside_itself(tmp_path, make_image):
    secret = make_image(tmp_path / "secret.png", 40, 20)
    kinds = library.Features({"image": {"bytes": library.Value("binary"),
                                        "path": library.Value("string")}})  # fmt: skip
    inside = tmp_path / "set" / "own.png"
    picture(60).save(make_image(inside, 40, 20))
    rows = [{"image": {"bytes": None, "path": str(p)}} for p in (secret, inside, "/dev/zero")]
    found = library.Dataset.from_list(rows, features=kinds)
    found.save_to_disk(str(tmp_path / "set"))
    info = tmp_path / "set" / "dataset_info.json"
    text = json.loads(info.read_text())
    text["features"] = {"image": {"_type": "Image"}}
    info.write_text(json.dumps(text))
    dataset = read_dataset(tmp_path / "set")
    assert [f.digest for f in dataset] == [file_digest(inside)]
    assert sum(p.count for p in dataset.problems if p.kind == "bad-image-record") == 2


def test_saving_draws_no_bars_and_leaves_the_setting_as_it_was(tmp_path, make_image, capfd):
    write_dataset(full_dataset(tmp_path, make_image), tmp_path / "out", "huggingface")
    assert "Saving" not in capfd.readouterr().err
    assert not library.utils.are_progress_bars_disabled()
