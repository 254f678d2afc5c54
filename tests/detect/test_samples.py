"""Samples: aspect ratio kept, boxes scaled and brought back, no label in images."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame
from isthmus.data.images import write_png
from isthmus.detect.batches import labelled_batch
from isthmus.detect.detector import ANY_CLASS, Detections
from isthmus.detect.evaluate import to_original
from isthmus.detect.samples import (
    FILL,
    Images,
    load_images,
    load_samples,
    read_images,
    read_samples,
    save_images,
    save_samples,
)
from isthmus.errors import InputError

CLASSES = ("pedestrian", "vehicle")


@pytest.fixture
def dataset(tmp_path):
    frames = []
    sizes = [(160, 80), (80, 160), (100, 50)]
    objects = [
        (Box("vehicle", (20.0, 10.0, 60.0, 50.0)), Box("sign", (0.0, 0.0, 9.0, 9.0))),
        (
            Box("sky", (0.0, 0.0, 30.0, 30.0), ignore=True),
            Box("pedestrian", (10.0, 10.0, 11.0, 90.0)),
        ),
        (),
    ]
    for i, ((w, h), boxes) in enumerate(zip(sizes, objects, strict=True)):
        path = tmp_path / f"{i}.png"
        write_png(path, np.full((h, w, 3), 40 + i, np.uint8))
        frames.append(Frame(f"f{i}", path, w, h, f"d{i}", sequence="s", objects=boxes))
    return Dataset("three", tuple(frames), categories=CLASSES)


def test_images_keep_their_aspect_ratio_on_a_filled_canvas(dataset):
    images = read_images(dataset.unlabeled(), (64, 48))
    assert images.pixels.shape == (3, 48, 64, 3)
    assert images.content.tolist() == [[64, 32], [24, 48], [64, 32]]
    assert (images.pixels[0, :32] == 40).all()
    assert (images.pixels[0, 32:] == FILL).all()
    assert (images.pixels[1, :, 24:] == FILL).all()


def test_boxes_are_scaled_and_unknown_or_tiny_ones_handled(dataset):
    samples = read_samples(dataset, CLASSES, (64, 48))
    assert samples.boxes[0].tolist() == [8.0, 4.0, 24.0, 20.0]
    assert samples.labels.tolist() == [1, ANY_CLASS, 0]
    assert samples.ignore.tolist() == [False, True, True], "0.3 pixels cannot be learnt"
    assert samples.offsets.tolist() == [0, 1, 3, 3]
    assert samples.counts() == {"pedestrian": 0, "vehicle": 1}
    assert samples.prior().tolist() == [0, pytest.approx(1 / 3)]


def test_detections_come_back_in_original_pixels(dataset):
    samples = read_samples(dataset, CLASSES, (64, 48))
    on_canvas = Detections(
        np.array([[8, 4, 24, 20], [50, 40, 60, 47]], np.float32),
        np.array([0.9, 0.8]),
        np.array([1, 1]),
    )
    back = to_original(on_canvas, samples.images, 0)
    assert back.boxes.tolist() == [[20.0, 10.0, 60.0, 50.0]], "what lies on the fill is dropped"


def test_images_hold_no_label_even_of_a_labelled_dataset(dataset):
    images = read_images(dataset, (64, 48))
    assert type(images) is Images
    names = {field.name for field in dataclasses.fields(Images)}
    assert names == {"pixels", "content", "original", "ids", "sequences", "problems"}


def test_files_round_trip(dataset, tmp_path):
    samples = read_samples(dataset, CLASSES, (64, 48))
    save_samples(tmp_path / "s.npz", samples)
    loaded = load_samples(tmp_path / "s.npz")
    for name in ("boxes", "labels", "ignore", "offsets"):
        assert np.array_equal(getattr(loaded, name), getattr(samples, name))
    assert np.array_equal(loaded.images.pixels, samples.images.pixels)
    assert loaded.classes == CLASSES
    assert loaded.images.ids == samples.images.ids
    first = (tmp_path / "s.npz").read_bytes()
    save_samples(tmp_path / "s.npz", samples)
    assert (tmp_path / "s.npz").read_bytes() == first
    assert load_images(tmp_path / "s.npz").ids == samples.images.ids


def test_images_do_not_pass_for_samples_and_damage_is_named(dataset, tmp_path):
    place = tmp_path / "i.npz"
    save_images(place, read_images(dataset, (64, 48)))
    with pytest.raises(InputError, match="without labels"):
        load_samples(place)
    place.write_bytes(place.read_bytes()[:100])
    with pytest.raises(InputError, match=r"i\.npz"):
        load_images(place)
    with pytest.raises(InputError, match="no such file"):
        load_images(tmp_path / "missing.npz")


def test_an_unreadable_image_becomes_a_problem_and_none_at_all_an_error(dataset, tmp_path):
    (tmp_path / "1.png").write_bytes(b"not an image")
    samples = read_samples(dataset, CLASSES, (64, 48))
    assert samples.images.ids == ("f0", "f2")
    assert len(samples.images.problems) == 1
    assert "1.png" in samples.images.problems[0].path
    for i in (0, 2):
        (tmp_path / f"{i}.png").unlink()
    with pytest.raises(InputError, match="not one of its 3 images"):
        read_samples(dataset, CLASSES, (64, 48))


def test_frames_without_labels_are_refused(dataset):
    bare = dataclasses.replace(dataset.frames[1], objects=None)
    mixed = dataclasses.replace(dataset, frames=(dataset.frames[0], bare))
    with pytest.raises(InputError, match="1 of 2"):
        read_samples(mixed, CLASSES, (64, 48))


def test_joined_samples_and_batches_keep_boxes_with_their_images(dataset):
    samples = read_samples(dataset, CLASSES, (64, 48))
    double = samples.concat(samples)
    batch = labelled_batch(double, np.array([3, 2, 4]))
    assert batch.targets.image.tolist() == [0, 2, 2]
    assert batch.images.shape == (3, 3, 48, 64)
    joined = batch.joined(batch)
    assert joined.targets.image.tolist() == [0, 2, 2, 3, 5, 5]
    other = dataclasses.replace(samples, classes=("x", "y"))
    with pytest.raises(InputError, match="cannot be joined"):
        samples.concat(other)
