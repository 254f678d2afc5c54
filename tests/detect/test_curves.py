"""Training curves reach the tools that teams watch trainings with."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import ClassVar

import pytest

from isthmus.detect.curves import curves_of
from isthmus.detect.detector import build_detector
from isthmus.detect.objectives import Supervised
from isthmus.detect.train import Recipe, train, weights_digest
from isthmus.errors import ConfigError, MissingExtraError


def trained(draw, curves):
    samples = draw(6, 0)
    detector = build_detector("compact", samples.classes, seed=0, width=4, depth=0)
    recipe = Recipe(25, age=100)
    objective = Supervised(samples, batch=2, seed=0)
    return train(detector, objective, recipe, seed=0, name="fair_source", curves=curves)


def test_tensorboard_holds_every_tenth_loss_and_the_weights_are_the_same(draw, tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with curves_of(["tensorboard"], tmp_path, "fair_source-0") as curves:
        result = trained(draw, curves)
    events = EventAccumulator(str(tmp_path / "tensorboard" / "fair_source-0"))
    events.Reload()
    points = events.Scalars("loss/total")
    assert [point.step for point in points] == [110, 120]
    assert [p.value for p in points] == pytest.approx([result.history[9], result.history[19]])
    parts = {name for name in events.Tags()["scalars"] if name.startswith("loss/")} - {"loss/total"}
    total = sum(events.Scalars(name)[0].value for name in parts)
    assert total == pytest.approx(points[0].value, rel=1e-5)
    rates = [point.value for point in events.Scalars("learning_rate")]
    assert rates == pytest.approx([Recipe(25, age=100).rate(step) for step in (9, 19)])
    assert weights_digest(result.detector) == weights_digest(trained(draw, None).detector)


class FakeClient:
    """Notes what is sent, by the methods of MLflow's client."""

    made: ClassVar[list[FakeClient]] = []

    def __init__(self, uri):
        self.uri, self.points, self.ended = uri, [], False
        self.made.append(self)

    def get_experiment_by_name(self, name):
        return None

    def create_experiment(self, name):
        return f"experiment {name}"

    def create_run(self, experiment, run_name):
        self.run = (experiment, run_name)
        return SimpleNamespace(info=SimpleNamespace(run_id="7"))

    def log_metric(self, run, name, value, step):
        self.points.append((run, name, step))

    def set_terminated(self, run):
        self.ended = run == "7"


def test_mlflow_gets_a_run_for_each_training(draw, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "mlflow.tracking", SimpleNamespace(MlflowClient=FakeClient))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(ConfigError, match="MLFLOW_TRACKING_URI"), \
            curves_of(["mlflow"], tmp_path, "fda-3"):  # fmt: skip
        pass
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    with curves_of(["mlflow"], tmp_path, "fda-3") as curves:
        trained(draw, curves)
    (client,) = FakeClient.made
    assert client.uri == "http://localhost:5000"
    assert client.run == ("experiment isthmus", "fda-3")
    assert ("7", "loss/total", 110) in client.points
    assert client.ended


def test_tools_that_are_unknown_or_missing_are_named(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="'wandb' is none of tensorboard, mlflow"), \
            curves_of(["wandb"], tmp_path, "a"):  # fmt: skip
        pass
    for tool in ("tensorboard", "mlflow"):
        monkeypatch.setitem(sys.modules, tool, None)
        monkeypatch.setitem(sys.modules, f"{tool}.tracking", None)
        with pytest.raises(MissingExtraError, match=rf"isthmus\[{tool}\]"), \
                curves_of([tool], tmp_path, "a"):  # fmt: skip
            pass
