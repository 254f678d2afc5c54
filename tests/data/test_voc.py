"""Pascal VOC folders."""

from __future__ import annotations

import pytest

from isthmus.data.formats import detect_format, read_dataset
from isthmus.data.frame import Box
from isthmus.errors import InputError

OBJECT = """<object><name>{name}</name><difficult>{difficult}</difficult>
<truncated>1</truncated><bndbox><xmin>{box[0]}</xmin><ymin>{box[1]}</ymin><xmax>{box[2]}</xmax>
<ymax>{box[3]}</ymax></bndbox><part><name>head</name></part></object>"""


def label(name: str, *objects: str, size: tuple[int, int] = (40, 30)) -> str:
    return (
        f"<annotation><filename>{name}</filename><size><width>{size[0]}</width>"
        f"<height>{size[1]}</height><depth>3</depth></size>{''.join(objects)}</annotation>"
    )


def thing(name="car", box=(1, 1, 10, 10), difficult=0) -> str:
    return OBJECT.format(name=name, box=box, difficult=difficult)


@pytest.fixture
def voc(tmp_path, make_image):
    for name in ("Annotations", "JPEGImages"):
        (tmp_path / name).mkdir()
    make_image(tmp_path / "JPEGImages" / "a.jpg")
    return tmp_path


def write(voc, name, text) -> None:
    (voc / "Annotations" / name).write_text(text)


def test_boxes_count_from_one_and_include_the_last_pixel(voc):
    write(voc, "a.xml", label("a.jpg", thing(), thing("person", (5, 6, 40, 30), 1)))
    dataset = read_dataset(voc)
    assert detect_format(voc) == detect_format(voc / "Annotations") == "voc"
    assert dataset.frames[0].objects == (
        Box("car", (0, 0, 10, 10), None, True),
        Box("person", (4, 5, 40, 30), None, True, True),
    )
    assert dataset.categories == ("car", "person")
    assert not dataset.problems


def test_splits_come_from_the_lists(voc, make_image):
    make_image(voc / "JPEGImages" / "b.jpg", shade=3)
    (voc / "ImageSets" / "Main").mkdir(parents=True)
    (voc / "ImageSets" / "Main" / "val.txt").write_text("b\n")
    (voc / "ImageSets" / "Main" / "train.txt").write_text("a  1\n\n")
    for name in "ab":
        write(voc, f"{name}.xml", label(f"{name}.jpg"))
    assert [frame.split for frame in read_dataset(voc)] == ["train", "val"]


def test_hostile_and_damaged_xml_is_listed(voc):
    write(voc, "a.xml", label("a.jpg"))
    write(voc, "bomb.xml", '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><annotation>&b;'
          "</annotation>")  # fmt: skip
    write(voc, "file.xml", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotation>&a;'
          "</annotation>")  # fmt: skip
    write(voc, "cut.xml", label("a.jpg")[:50])
    write(voc, "odd.xml", '<?xml version="1.0" encoding="klingon"?><annotation/>')
    write(voc, "away.xml", label("../../../../../../etc/hostname"))
    dataset = read_dataset(voc)
    assert len(dataset) == 1
    listed = {p.path.rpartition("/")[2]: p.kind for p in dataset.problems}
    bad = dict.fromkeys(("bomb.xml", "file.xml", "cut.xml", "odd.xml"), "bad-label-file")
    assert listed == {**bad, "away.xml": "path-escape"}


@pytest.mark.parametrize(
    ("box", "kind"),
    [
        ((1, 1, "x", 9), "bad-box"),
        ((9, 9, 3, 12), "bad-box"),
        ((1, 1, "nan", 9), "bad-box"),
        ((1, 1, "inf", 9), "bad-box"),
        ((90, 90, 99, 99), "bad-box"),
    ],
)
def test_bad_boxes_are_listed(voc, box, kind):
    write(voc, "a.xml", label("a.jpg", thing(box=box), thing()))
    dataset = read_dataset(voc)
    assert [p.kind for p in dataset.problems] == [kind]
    assert len(dataset.frames[0].objects) == 1


def test_carla_labels_are_read_although_images_were_converted(shared_data):
    dataset = read_dataset(shared_data / "carla_synthetic" / "voc_xml")
    counts = {name: 0 for name in dataset.categories}
    for frame in dataset:
        for box in frame.objects:
            counts[box.category] += 1
    assert counts == {
        "vehicle": 401,
        "bike": 181,
        "motobike": 91,
        "traffic_light": 613,
        "traffic_sign": 10,
    }
    assert len(dataset) == 250
    assert [(p.kind, p.count) for p in dataset.problems] == [("other-ending", 250)]


def test_the_devkit_sample(shared_data):
    root = shared_data / "label_formats" / "datumaro_assets" / "voc_dataset"
    assert {b.category for b in read_dataset(root / "voc_dataset1").frames[0].objects} == {
        "cat",
        "person",
    }
    with pytest.raises(InputError, match="option `images`"):
        read_dataset(root / "voc_dataset2")
