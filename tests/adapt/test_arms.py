"""Arms: waves, equal budgets, the same bytes whoever does the work, nothing done twice."""

from __future__ import annotations

import dataclasses

import pytest

from isthmus.adapt.arm_kinds import ARMS, BURN_IN
from isthmus.adapt.arms import ArmSpec, plan_arms, run_arm
from isthmus.compute.executor import SerialExecutor
from isthmus.compute.local import LocalExecutor
from isthmus.detect.detector import load_detector
from isthmus.detect.samples import save_images, save_samples
from isthmus.detect.train import weights_digest
from isthmus.errors import ConfigError

NAMES = ["plain_source", "fair_source", "augmented", "adabn", "fda", "mean_teacher", "oracle"]


@pytest.fixture
def template(draw, tmp_path):
    files = {name: tmp_path / f"{name}.npz" for name in ("source", "target", "extra", "oracle")}
    for seed, (name, path) in enumerate(files.items()):
        samples = draw(12, seed)
        if name == "target":
            save_images(path, samples.images)
        else:
            save_samples(path, samples)
    return ArmSpec(
        "",
        0,
        tmp_path,
        **files,
        options={"width": 4, "depth": 0},
        burn_in=3,
        steps=4,
        batch=4,
        checkpoint_every=2,
    )


def run_all(template, folder, executor, names=NAMES, seeds=(0,)):
    results = {}
    for wave in plan_arms(names, seeds, folder, template):
        for outcome in executor.map(run_arm, wave):
            result = outcome.unwrap()
            results[result.arm, result.seed] = result
    return results


def test_every_arm_has_the_same_budget_and_the_same_bytes_for_any_workers(template, tmp_path):
    alone = run_all(template, tmp_path / "a", SerialExecutor())
    assert set(alone) == {(name, 0) for name in [*NAMES, BURN_IN]}
    for name, _ in alone:
        assert alone[name, 0].steps == (3 if name == BURN_IN else 7)
    pool = run_all(template, tmp_path / "b", LocalExecutor(2), ["fair_source", "mean_teacher"])
    for key, result in pool.items():
        assert result.weights.read_bytes() == alone[key].weights.read_bytes(), key
        assert result.history == alone[key].history
    digests = {weights_digest(load_detector(r.weights)) for r in alone.values()}
    assert len(digests) == len(alone), "every arm learns something else"
    assert not list((tmp_path / "a").glob("*.checkpoint"))


def test_a_finished_arm_is_not_trained_again_unless_its_inputs_changed(template, draw, tmp_path):
    spec = dataclasses.replace(template, arm=BURN_IN, out=tmp_path / "o" / "burn.pt")
    first = run_arm(spec)
    stamp = spec.out.stat().st_mtime_ns
    assert run_arm(spec) == first
    assert run_arm(dataclasses.replace(spec, threads=2)) == first
    assert spec.out.stat().st_mtime_ns == stamp
    save_samples(spec.source, draw(12, 99))
    assert run_arm(spec).history != first.history
    assert spec.out.stat().st_mtime_ns != stamp


def test_weights_without_a_record_are_trained_again(template, tmp_path):
    spec = dataclasses.replace(template, arm=BURN_IN, out=tmp_path / "o" / "burn.pt")
    first = run_arm(spec)
    before = spec.out.read_bytes()
    spec.record.unlink()
    assert run_arm(spec) == first
    assert spec.out.read_bytes() == before


def test_waves_respect_what_starts_from_what(template, tmp_path):
    waves = [
        [(spec.arm, spec.seed) for spec in wave]
        for wave in plan_arms(["adabn", "fair_source", "plain_source"], [0, 1], tmp_path, template)
    ]
    assert waves == [
        [(BURN_IN, 0), (BURN_IN, 1), ("plain_source", 0), ("plain_source", 1)],
        [("fair_source", 0), ("fair_source", 1)],
        [("adabn", 0), ("adabn", 1)],
    ]


def test_wrong_arms_are_named(template, tmp_path):
    with pytest.raises(ConfigError, match="adda"):
        list(plan_arms(["adda"], [0], tmp_path, template))
    without = dataclasses.replace(template, oracle=None)
    with pytest.raises(ConfigError, match="needs oracle data"):
        list(plan_arms(["oracle"], [0], tmp_path, without))
    with pytest.raises(ConfigError, match="starts from 'fair_source'"):
        list(plan_arms(["adabn"], [0], tmp_path, template))


def test_every_arm_is_described():
    for name, kind in ARMS.items():
        assert kind.name == name
        assert kind.label
        assert kind.recipe
