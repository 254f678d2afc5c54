"""Every reader on label files of which some bytes were changed: an error that names, or an account.

The sets are written by our own writers, or made by hand for what is only read; the bytes of one
label file are cut, replaced or repeated. Whatever comes of it, no other exception than an
`InputError` that names a path may be raised, and what is read is sound.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_round_trips import full_dataset

from isthmus.data.formats import FORMATS, WRITERS, read_dataset, write_dataset
from isthmus.errors import InputError

TEXT = (".json", ".xml", ".txt", ".yaml", ".jsonl")
CVAT = (
    '<annotations><image name="a.jpg" width="40" height="30"><box label="car" occluded="0" xtl="1" '
    'ytl="2" xbr="9" ybr="8"><attribute name="a">b</attribute></box><polygon label="car" '
    'points="1,2;3,4;9,1"/><mask label="c" rle="1,3,2" left="1" top="1" width="3" height="2"/>'
    '</image><track id="1" label="car"><box frame="0" xtl="1" ytl="2" xbr="3" ybr="4"/></track>'
    "</annotations>"
)
LABELME = {
    "shapes": [{"label": "car", "points": [[1, 2], [9, 2], [9, 7]], "shape_type": "polygon"}],
    "flags": {"x": True}, "imagePath": "a.jpg", "imageWidth": 40, "imageHeight": 30,
}  # fmt: skip
TRACKLETS = (
    "<boost_serialization><tracklets><item><objectType>Car</objectType><h>1</h><w>2</w><l>3</l>"
    "<first_frame>0</first_frame><poses><item><tx>9</tx><ty>0</ty><tz>0</tz><rz>0</rz></item>"
    "</poses></item></tracklets></boost_serialization>"
)
BY_HAND = {"cvat": ("a.xml", CVAT), "labelme": ("a.json", json.dumps(LABELME)),
           "kitti_raw": ("tracklet_labels.xml", TRACKLETS)}  # fmt: skip
READ = [*(name for name in WRITERS if name not in ("folder", "webdataset")), *BY_HAND]


@pytest.fixture(scope="module")
def sets(tmp_path_factory, make_image) -> dict[str, tuple[Path, list[Path]]]:
    """Format → (what to read, its label files)."""
    found = {}
    for name in READ:
        root = tmp_path_factory.mktemp(name)
        if name in BY_HAND:
            file, content = BY_HAND[name]
            make_image(root / "a.jpg")
            make_image(root / "0.jpg", shade=40)
            (root / file).write_text(content)
            path = root
        else:
            path = write_dataset(full_dataset(root, make_image), root / "out", name)
        base = path if path.is_dir() else path.parent
        found[name] = (path, sorted(f for f in base.rglob("*") if f.suffix in TEXT))
    return found


def changed(content: bytes, at: int, kind: str, noise: bytes) -> bytes:
    at %= max(len(content), 1)
    if kind == "cut":
        return content[:at]
    if kind == "repeat":
        return content[:at] + content[max(at - 40, 0) :]
    return content[:at] + noise + content[at + (len(noise) if kind == "replace" else 0) :]


@pytest.mark.parametrize("format", READ)
@settings(deadline=None, max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    which=st.integers(0, 50),
    at=st.integers(0, 10**5),
    kind=st.sampled_from(["cut", "replace", "insert", "repeat"]),
    noise=st.sampled_from(
        [
            b"\x00",
            b"\xff\xfe",
            b"nan",
            b"-1e999",
            b"]",
            b"}",
            b'"',
            b"<",
            b"../",
            b"9" * 400,
            b"&x;",
        ]
    ),
)
def test_damage_is_an_error_that_names_or_an_account(sets, format, which, at, kind, noise):
    path, labels = sets[format]
    file = labels[which % len(labels)]
    before = file.read_bytes()
    file.write_bytes(changed(before, at, kind, noise))
    dataset, message = None, ""
    try:
        dataset = read_dataset(path, format=format, decode=False)
    except InputError as error:
        message = str(error)
    finally:
        file.write_bytes(before)
    if dataset is None:
        assert str(path if path.is_dir() else path.parent) in message
        return
    for frame in dataset:
        for box in frame.objects or ():
            x1, y1, x2, y2 = box.xyxy
            assert 0 <= x1 < x2 <= frame.width
            assert 0 <= y1 < y2 <= frame.height
    assert len(dataset.fingerprint) == 64
    assert all(p.path and p.reason for p in dataset.problems)


def test_every_reader_is_tried() -> None:
    # Of files that are no text: test_container_mutations.py.
    other = {"folder", "sequence", "manifest", "webdataset", "video", "bdd100k_masks"}
    other |= {"scalabel"}  # read by the reader of bdd100k
    assert set(READ) | other == set(FORMATS)
