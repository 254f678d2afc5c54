"""Stages one after the other: order, budgets, what is undone, what is carried on."""

from __future__ import annotations

import dataclasses

import pytest

from isthmus.adapt import combination
from isthmus.adapt.adapter import ADAPTERS, Adapted, Budget, Task, adapt, build_adapter
from isthmus.adapt.arm_kinds import arm_kind, is_arm
from isthmus.adapt.combination import judge_stage, stages_of
from isthmus.detect.detector import build_detector
from isthmus.detect.train import weights_digest
from isthmus.errors import ConfigError


@pytest.fixture
def tiny():
    return build_detector("compact", ("square", "disc"), seed=0, width=4, depth=0)


def signs(consistent, square=1.0):
    return {
        "flip_consistency": consistent,
        "scale_consistency": consistent,
        "count_square": square,
        "count_disc": 2.0,
    }


def test_a_stage_is_undone_for_a_lost_class_or_for_inconsistency_only():
    assert judge_stage(signs(0.5), signs(0.6)) is None
    assert judge_stage(signs(0.5), signs(0.49)) is None
    assert "fell by 20 %" in judge_stage(signs(0.5), signs(0.4))
    assert "vanishing" in judge_stage(signs(0.5), signs(0.9, square=0.3))


def test_names_of_combinations():
    assert stages_of("fda+adabn+mean_teacher") == ["fda", "adabn", "mean_teacher"]
    with pytest.raises(ConfigError, match="adda"):
        stages_of("fda+adda")
    assert is_arm("fda+mean_teacher")
    assert not is_arm("fda+oracle")
    kind = arm_kind("fda+mean_teacher")
    assert kind.label == "FDA + mean teacher" != arm_kind("fda_mean_teacher").label
    # The legend of a chart must tell them apart, and holds about forty characters.
    longest = [arm_kind(f"fda+adabn+{name}").label for name in ADAPTERS]
    assert len(set(longest)) == len(ADAPTERS)
    assert sorted(map(len, longest))[-2] <= 40
    assert kind.inputs == ("target",)
    with pytest.raises(ConfigError, match="joined by"):
        arm_kind("fda+oracle")


def run(monkeypatch, draw, tiny, name, judgements):
    """Run a combination with stages that only note what they are given."""
    seen = []

    def fake(adapter, task):
        seen.append((adapter.name, task))
        other = build_detector("compact", ("square", "disc"), seed=len(seen), width=4, depth=0)
        return Adapted(other, (1.0,) * task.budget.steps)

    found = iter(judgements)
    monkeypatch.setattr(combination, "adapt", fake)
    monkeypatch.setattr(combination, "validators", lambda *a, **k: next(found))
    task = Task(tiny, draw(4, 0), draw(4, 1).images, Budget(11, batch=2, age=100), 0)
    return seen, build_adapter(name).fit(task)


def test_order_budgets_and_what_is_carried_on(monkeypatch, draw, tiny):
    seen, result = run(
        monkeypatch, draw, tiny, "fda+adabn+mean_teacher", [signs(x) for x in (0.3, 0.4, 0.5, 0.6)]
    )
    assert [name for name, _ in seen] == ["fda", "adabn", "mean_teacher"]
    budgets = [task.budget for _, task in seen]
    assert [b.steps for b in budgets] == [6, 0, 5], "adabn spends none; all is spent"
    assert [b.age for b in budgets] == [100, 106, 106]
    assert budgets[2].learning_rate < budgets[0].learning_rate
    assert [task.warmed for _, task in seen] == [False, True, True]
    assert seen[0][1].style is None
    assert seen[2][1].style.__name__ == "fourier_hook"
    assert weights_digest(seen[2][1].detector) != weights_digest(seen[0][1].detector)
    assert len(result.history) == 11
    assert result.alarms == ()


def test_a_stage_that_makes_it_worse_is_undone(monkeypatch, draw, tiny):
    seen, result = run(
        monkeypatch, draw, tiny, "fda+mean_teacher", [signs(x) for x in (0.5, 0.3, 0.2)]
    )
    assert seen[1][1].detector is tiny
    assert seen[1][1].style is None, "a look that did harm is not kept"
    assert result.detector is tiny, "never below the start"
    assert [alarm[:7] for alarm in result.alarms] == ["stage 1", "stage 2"]
    assert "undone" in result.alarms[0]


def test_a_real_one_resumes_to_the_same_bytes(draw, tiny, tmp_path):
    source, target = draw(12, 0), draw(8, 1).images
    budget = Budget(8, batch=4, checkpoint_every=2)

    def go(place, progress=None):
        task = Task(tiny, source, target, budget, 3, place, progress)
        return adapt(build_adapter("histogram+adabn+coral"), task)

    def stop(done, total, what):
        assert total == 8
        if done == 7:
            raise KeyboardInterrupt

    whole = go(None)
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path / "x.checkpoint", stop)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.0.checkpoint", "x.2.checkpoint"]
    resumed = go(tmp_path / "x.checkpoint")
    assert weights_digest(resumed.detector) == weights_digest(whole.detector)
    assert resumed.history == whole.history
    assert dataclasses.replace(resumed, detector=None) == dataclasses.replace(whole, detector=None)


def test_generated_frames_stay_in_the_batches_of_later_stages(monkeypatch, draw, tiny):
    seen, _ = run(
        monkeypatch, draw, tiny, "augmented+adabn+mean_teacher", [signs(x) for x in (3, 4, 5, 6)]
    )
    assert [task.mixed for _, task in seen] == [False, True, True]
    assert arm_kind("augmented+mean_teacher").inputs == ("target", "extra")


def test_generated_frames_go_with_a_stage_that_is_undone(monkeypatch, draw, tiny):
    seen, _ = run(
        monkeypatch, draw, tiny, "augmented+mean_teacher", [signs(x) for x in (0.5, 0.2, 0.6)]
    )
    assert [task.mixed for _, task in seen] == [False, False]
