"""Copies: the same pairs as by brute force, copies of pictures found, strangers not."""

import io

import numpy as np
import pytest
from made_pictures import picture
from PIL import Image, ImageEnhance

from isthmus.data.images import read_resized
from isthmus.errors import InputError
from isthmus.quality import duplicates
from isthmus.quality.duplicates import exact_groups, near_across, near_duplicates
from isthmus.quality.looks import NEAR, fingerprint_of


def test_exact_groups():
    assert exact_groups(["a", "b", "a", "c", "b", "a"]) == [[0, 2, 5], [1, 4]]
    assert exact_groups([]) == []


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(duplicates, "BLOCK", 7)


def test_pairs_are_those_of_brute_force(small_blocks):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 6)).astype(np.float32)
    rows[30] = 3 * rows[4]
    found = near_duplicates(rows, 0.7)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = unit @ unit.T
    wanted = {(i, j) for i in range(40) for j in range(i + 1, 40) if cosines[i, j] >= 0.7}
    assert {(int(a), int(b)) for a, b in zip(found.first, found.second, strict=True)} == wanted
    assert found.count == len(wanted) > 10
    assert (np.diff(found.similarity) <= 0).all()
    assert (found.first[0], found.second[0]) == (4, 30)


def test_groups_are_chains_of_pairs(small_blocks):
    angles = np.radians([0, 5, 10, 15, 90, 95, 180])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    found = near_duplicates(rows, float(np.cos(np.radians(6))))
    assert found.groups == [[0, 1, 2, 3], [4, 5]]
    assert found.distinct == 3


def test_groups_stay_exact_when_pairs_are_too_many_to_list(small_blocks, monkeypatch):
    monkeypatch.setattr(duplicates, "MOST_PAIRS", 10)
    rows = np.repeat(np.eye(2, dtype=np.float32), 20, axis=0)
    found = near_duplicates(rows, 0.99)
    assert found.count == 2 * 190
    assert len(found) == 10
    assert found.distinct == 2


def test_rows_of_length_zero_are_like_nothing():
    found = near_duplicates(np.zeros((3, 4), np.float32), 0.5)
    assert len(found) == 0
    assert found.distinct == 3


def test_across_two_sets(small_blocks):
    rng = np.random.default_rng(1)
    one, other = (rng.normal(size=(n, 30)).astype(np.float32) for n in (20, 25))
    other[11] = one[3] + 0.01 * other[11]
    found = near_across(one, other, 0.95)
    assert (found.first.tolist(), found.second.tolist()) == ([3], [11])
    with pytest.raises(InputError, match="not the same"):
        near_across(one, other[:, :5], 0.9)
    with pytest.raises(InputError, match="threshold"):
        near_across(one, other, 1.5)


def recompressed(image, quality):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


CHANGES = {
    "recompressed": lambda i: recompressed(i, 20),
    "halved": lambda i: i.resize((i.width // 2, i.height // 2)),
    "dimmed": lambda i: ImageEnhance.Brightness(i).enhance(0.5),
    "flattened": lambda i: ImageEnhance.Contrast(i).enhance(0.6),
    "grey": lambda i: i.convert("L").convert("RGB"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_copies_keep_their_fingerprint(change):
    for seed in range(4):
        image = picture(seed)
        copy = np.asarray(CHANGES[change](image))
        assert fingerprint_of(np.asarray(image)) @ fingerprint_of(copy) > NEAR


def test_strangers_and_flat_images_are_not_alike():
    prints = np.stack([fingerprint_of(np.asarray(picture(seed))) for seed in range(30)])
    assert len(near_duplicates(prints, NEAR)) == 0
    assert not fingerprint_of(np.full((90, 160, 3), 77, np.uint8)).any()


def test_real_streets_are_not_alike_but_their_copies_are(shared_data):
    folder = shared_data / "camvid" / "images" / "train"
    paths = [*sorted(folder.glob("0006R0*.jpg"))[::20], *sorted(folder.glob("0001TP*.jpg"))[::20]]
    images = [read_resized(path, 480, 360) for path in paths]
    prints = np.stack([fingerprint_of(image) for image in images])
    assert len(near_duplicates(prints, NEAR)) == 0
    copies = np.stack(
        [fingerprint_of(np.asarray(recompressed(Image.fromarray(i), 30))) for i in images]
    )
    assert near_across(prints, copies, NEAR).count == len(images)
