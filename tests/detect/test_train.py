"""The training loop: learns, resumes to the same bytes, stops when it must."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from isthmus.data.dataset import Dataset
from isthmus.data.frame import Box, Frame
from isthmus.detect.detector import build_detector
from isthmus.detect.evaluate import coco_scores, predict
from isthmus.detect.objectives import Order, Supervised
from isthmus.detect.train import Recipe, train, update_average, weights_digest
from isthmus.errors import TrainingError


@pytest.fixture(scope="module")
def samples(draw):
    return draw(64, 1)


def tiny(seed: int = 0):
    return build_detector("compact", ("square", "disc"), seed=seed, width=4, depth=0)


def as_dataset(samples) -> Dataset:
    frames = []
    for i, name in enumerate(samples.images.ids):
        own = slice(samples.offsets[i], samples.offsets[i + 1])
        frames.append(
            Frame(
                name,
                Path(name),
                *map(int, samples.images.original[i]),
                name,
                objects=(
                    *(
                        Box(samples.classes[k], tuple(map(float, b)))
                        for b, k in zip(samples.boxes[own], samples.labels[own], strict=True)
                    ),
                ),
            )
        )
    return Dataset("shapes", tuple(frames), categories=samples.classes)


def test_a_tiny_detector_learns_squares_from_discs_in_seconds(draw):
    objective = Supervised(draw(200, 2), batch=8, seed=0, strong_changes=False)
    detector = build_detector("compact", ("square", "disc"), seed=0, width=8, depth=0)
    trained = train(detector, objective, Recipe(400, learning_rate=1e-2), seed=0, name="learn")
    unseen = draw(60, 3)
    found = predict(trained.detector, unseen.images)
    scores = coco_scores(found, as_dataset(unseen), ("square", "disc"))
    assert scores["ap50"]["mean"] > 0.8
    assert np.mean(trained.history[-20:]) < 0.5 * np.mean(trained.history[:20])


class _Stop(Exception):
    pass


@pytest.mark.parametrize("ema", [0.998, None])
def test_an_interrupted_training_ends_with_the_same_bytes(samples, tmp_path, ema):
    recipe = Recipe(14, ema=ema, checkpoint_every=4)

    def run(place, progress=None):
        objective = Supervised(samples, batch=4, seed=5)
        return train(
            tiny(), objective, recipe, seed=5, name="run", checkpoint=place, progress=progress
        )

    def stop(done, total, what):
        if done == 10:
            raise _Stop

    whole = run(None)
    place = tmp_path / "run.checkpoint"
    with pytest.raises(_Stop):
        run(place, stop)
    steps = []
    resumed = run(place, lambda done, total, what: steps.append(done))
    assert steps[0] == 9, "goes on from the checkpoint of step 8"
    assert weights_digest(resumed.detector) == weights_digest(whole.detector)
    assert resumed.history == whole.history


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_not_resumed(samples, tmp_path):
    place = tmp_path / "run.checkpoint"
    recipe = Recipe(4, checkpoint_every=2)
    objective = Supervised(samples, batch=4, seed=5)
    train(tiny(), objective, recipe, seed=5, name="run", checkpoint=place)
    steps = []
    other = train(
        tiny(),
        objective,
        recipe,
        seed=6,
        name="run",
        checkpoint=place,
        progress=lambda done, total, what: steps.append(done),
    )
    assert steps[0] == 1
    place.write_bytes(place.read_bytes()[:500])
    again = train(tiny(), objective, recipe, seed=6, name="run", checkpoint=place)
    assert weights_digest(again.detector) == weights_digest(other.detector)


def test_training_leaves_the_given_detector_and_the_global_generators_alone(samples):
    detector = tiny()
    before, states = weights_digest(detector), (torch.get_rng_state(), np.random.get_state()[1])
    train(detector, Supervised(samples, batch=4, seed=0), Recipe(2), seed=0, name="x")
    assert weights_digest(detector) == before
    assert torch.equal(states[0], torch.get_rng_state())
    assert np.array_equal(states[1], np.random.get_state()[1])


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_checkpoint(samples, tmp_path):
    class Poisoned(Supervised):
        def losses(self, state, rng):
            losses = super().losses(state, rng)
            return losses if state.step < 5 else {"centres": losses["centres"] * float("nan")}

    place = tmp_path / "run.checkpoint"
    with pytest.raises(TrainingError, match=r"not finite at step 5 .*run\.checkpoint"):
        train(
            tiny(),
            Poisoned(samples, batch=4, seed=0),
            Recipe(9, checkpoint_every=2),
            seed=0,
            name="poisoned",
            checkpoint=place,
        )
    good = torch.load(place, weights_only=True)
    assert good["step"] == 4
    assert all(torch.isfinite(v).all() for v in good["state"]["student"].values())


def test_a_class_without_a_box_is_refused_before_training(samples):
    lacking = dataclasses.replace(samples, labels=np.zeros_like(samples.labels))
    with pytest.raises(TrainingError, match="no box of disc in 64 images"):
        Supervised(lacking, batch=4, seed=0)
    ignored = dataclasses.replace(samples, ignore=samples.labels == 1)
    with pytest.raises(TrainingError, match="disc"):
        Supervised(ignored, batch=4, seed=0)


def test_a_disk_that_was_full_from_the_start_promises_no_checkpoint(samples, tmp_path, monkeypatch):
    from isthmus.detect import train as module

    def write(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_bytes", write)
    objective = Supervised(samples, batch=4, seed=0)
    detector = build_detector("compact", samples.classes, seed=0, width=4, depth=0)
    with pytest.raises(TrainingError, match=r"step 1 cannot be written .*there is none before it"):
        train(detector, objective, Recipe(2, checkpoint_every=1), seed=0, name="t",
              checkpoint=tmp_path / "run.checkpoint")  # fmt: skip


def test_a_full_disk_names_the_checkpoint_and_keeps_the_old_one(samples, tmp_path, monkeypatch):
    from isthmus.detect import train as module

    place = tmp_path / "run.checkpoint"
    objective = Supervised(samples, batch=4, seed=0)
    written = []

    def write(path, content):
        if written:
            raise OSError(28, "No space left on device")
        written.append(path.write_bytes(content))

    monkeypatch.setattr(module, "write_bytes", write)
    with pytest.raises(TrainingError, match=r"step 4 cannot be written.*No space left"):
        train(tiny(), objective, Recipe(6, checkpoint_every=2), seed=0, name="x", checkpoint=place)
    assert torch.load(place, weights_only=True)["step"] == 2


def test_averaging_follows_its_formula():
    average, student = tiny(0).eval(), tiny(1)
    old = {k: v.clone() for k, v in average.state_dict().items()}
    student.stem[1].running_mean += 3
    student.stem[1].num_batches_tracked += 7
    update_average(average, student, 0.9)
    for key, value in average.state_dict().items():
        new = student.state_dict()[key]
        expected = 0.9 * old[key] + 0.1 * new if value.is_floating_point() else new
        torch.testing.assert_close(value, expected)


def test_rate_and_decay_over_the_budget():
    recipe = Recipe(1000, learning_rate=1.0, warmup=50, age=0)
    assert recipe.rate(0) == pytest.approx(1 / 50)
    assert max(recipe.rate(s) for s in range(1000)) == pytest.approx(recipe.rate(49))
    assert recipe.rate(999) < 1e-4
    assert recipe.decay(0) == pytest.approx(0.1)
    assert Recipe(10, age=400).decay(0) == pytest.approx(401 / 410)
    assert recipe.decay(10**6) == 0.998


def test_order_passes_over_every_sample_equally_often():
    order = Order(10, 4, seed=0, name="x")
    seen = np.concatenate([order(step) for step in range(5)])
    assert np.bincount(seen, minlength=10).tolist() == [2] * 10
    assert not np.array_equal(seen[:10], seen[10:])
    assert np.array_equal(Order(10, 4, 0, "x")(3), order(3))
