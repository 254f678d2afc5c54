"""Transformers detectors behind the one interface, with tiny models in the pretrained format."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from isthmus.adapt.adapter import Budget, Task, adapt, build_adapter
from isthmus.detect.detector import QueryRaw, Targets, build_detector, load_detector, save_detector
from isthmus.detect.objectives import Supervised
from isthmus.detect.set_loss import match_sets, pair_overlaps, set_loss
from isthmus.detect.train import Recipe, train, weights_digest
from isthmus.errors import ConfigError

CLASSES = ("square", "disc")
SMALL = {
    "encoder_hidden_dim": 16, "encoder_in_channels": [8, 16, 16], "encoder_ffn_dim": 32,
    "encoder_attention_heads": 2, "d_model": 16, "num_queries": 12,
    "decoder_in_channels": [16, 16, 16], "decoder_ffn_dim": 32, "decoder_layers": 2,
    "decoder_attention_heads": 2, "hidden_expansion": 0.5, "num_labels": 5,
}  # fmt: skip


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    """A folder as `save_pretrained` leaves it, of a model with five classes."""
    transformers = pytest.importorskip("transformers")
    backbone = transformers.RTDetrResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1], layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("hub") / "rtdetr"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = transformers.RTDetrV2Config(backbone_config=backbone, **SMALL)
        transformers.RTDetrV2ForObjectDetection(config).save_pretrained(folder)
    return folder


def objects(boxes, labels, ignore=None):
    count = len(labels)
    return Targets.of(
        torch.tensor(boxes, dtype=torch.float32).reshape(count, 4),
        torch.tensor(labels, dtype=torch.long),
        torch.tensor(ignore or [False] * count, dtype=torch.bool),
        torch.zeros(count, dtype=torch.long),
    )


def query_raw(boxes, logits):
    return QueryRaw.of(torch.tensor([logits]), torch.tensor([boxes]), (100, 100))


def test_overlaps_of_pairs():
    a = torch.tensor([[0.0, 0, 2, 2], [0, 0, 1, 1]])
    b = torch.tensor([[1.0, 0, 3, 2], [2, 0, 3, 1]])
    overlap, generalised = pair_overlaps(a, b)
    assert overlap.tolist() == pytest.approx([1 / 3, 0])
    assert generalised.tolist() == pytest.approx([1 / 3, -1 / 3])


def test_matching_is_one_to_one_and_the_cheapest():
    boxes = torch.tensor([[0.0, 0, 0.2, 0.2], [0.5, 0.5, 0.9, 0.9], [0.0, 0, 0.21, 0.2]])
    logits = torch.zeros(3, 2)
    query, which = match_sets(logits, boxes, boxes[[1, 0]], torch.tensor([0, 1]))
    assert dict(zip(which.tolist(), query.tolist(), strict=True)) == {0: 1, 1: 0}
    none, _ = match_sets(logits, boxes, torch.zeros(0, 4), torch.zeros(0, dtype=torch.long))
    assert len(none) == 0


def test_a_perfect_set_costs_nothing_and_each_fault_costs():
    truth = [[10.0, 10, 30, 40], [50, 50, 70, 90]]
    targets = objects(truth, [0, 1])
    sure, no = 12.0, -12.0
    good = query_raw([*truth, [0.0, 0, 5, 5]], [[sure, no], [no, sure], [no, no]])
    assert sum(set_loss(good, targets).values()).item() == pytest.approx(0, abs=1e-3)
    moved = query_raw(
        [[15.0, 10, 35, 40], truth[1], [0, 0, 5, 5]], [[sure, no], [no, sure], [no, no]]
    )
    losses = set_loss(moved, targets)
    # 5 of 100 pixels in x, of two objects, times the weight 5
    assert losses["corners"].item() == pytest.approx(5 * 0.05 / 2, rel=1e-4)
    # the overlap 15/25 is the generalised one too, as the hull is the union
    assert losses["boxes"].item() == pytest.approx(2 * 0.4 / 2, rel=1e-4)
    false_alarm = query_raw([*truth, [80.0, 0, 99, 20]], [[sure, no], [no, sure], [sure, no]])
    assert set_loss(false_alarm, targets)["scores"].item() > 4


def test_an_ignored_region_silences_false_alarms_of_its_class():
    alarm = query_raw([[80.0, 0, 99, 20], [0.0, 0, 5, 5]], [[9.0, -12.0], [-12.0, -12.0]])
    nothing = set_loss(alarm, objects([], []))["scores"].item()
    region = set_loss(alarm, objects([[75, 0, 100, 25]], [0], [True]))["scores"].item()
    other = set_loss(alarm, objects([[75, 0, 100, 25]], [1], [True]))["scores"].item()
    assert nothing == pytest.approx(other)
    assert region < 1e-3 < nothing


def test_a_pretrained_folder_takes_the_tasks_classes_and_keeps_its_weights(pretrained):
    detector = build_detector(f"hf:{pretrained}", CLASSES, seed=0)
    assert detector.network.config.num_labels == 2
    assert detector.name == "hf"
    from safetensors.torch import load_file

    stored = load_file(pretrained / "model.safetensors")
    own = detector.network.state_dict()
    assert torch.equal(own["model.enc_bbox_head.layers.0.weight"],
                       stored["model.enc_bbox_head.layers.0.weight"])  # fmt: skip
    again = build_detector(f"hf:{pretrained}", CLASSES, seed=0)
    assert weights_digest(again) == weights_digest(detector)


@pytest.mark.slow
def test_training_learns_is_seeded_and_survives_storage(pretrained, draw, tmp_path):
    detector = build_detector(f"hf:{pretrained}", CLASSES, seed=0)
    samples = draw(8, 0)

    def go():
        objective = Supervised(samples, batch=4, seed=0, strong_changes=False)
        recipe = Recipe(6, learning_rate=2e-3)
        return train(detector, objective, recipe, seed=0, name="hf")

    result = go()
    assert np.isfinite(result.history).all()
    assert weights_digest(go().detector) == weights_digest(result.detector)
    save_detector(tmp_path / "x.pt", result.detector)
    loaded = load_detector(tmp_path / "x.pt")
    assert weights_digest(loaded) == weights_digest(result.detector)
    x = torch.rand(2, 3, 48, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        raw, features = loaded.raw_and_features(x)
        found = loaded.decode(raw, threshold=0.0)
        same = result.detector.decode(result.detector.raw(x), threshold=0.0)
    assert list(features) == ["p3", "p4", "p5"]
    assert raw.part(1, 2).logits.shape == (1, 12, 2)
    for one, other in zip(found, same, strict=True):
        assert np.array_equal(one.boxes, other.boxes)
        assert (np.diff(one.scores) <= 0).all()
        assert (one.boxes[:, 2] <= 64).all()
        assert (one.boxes[:, 3] <= 48).all()


@pytest.mark.parametrize("name", ["mean_teacher", "dann", "adabn", "pseudo_labels"])
def test_every_kind_of_adapter_works_on_it(name, pretrained, draw):
    detector = build_detector(f"hf:{pretrained}", CLASSES, seed=0)
    task = Task(detector, draw(8, 0), draw(6, 1).images, Budget(2, batch=2), 0, warmed=True)
    result = adapt(build_adapter(name), task)
    assert all(torch.isfinite(v).all() for v in result.detector.state_dict().values())
    assert len(result.history) == (0 if name == "adabn" else 2)


def test_what_cannot_be_loaded_is_named(pretrained, tmp_path):
    with pytest.raises(ConfigError, match="cannot be loaded"):
        build_detector(f"hf:{tmp_path}", CLASSES, seed=0)
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text(json.dumps({"model_type": "detr"}))
    with pytest.raises(ConfigError, match="rt_detr_v2 and d_fine"):
        build_detector(f"hf:{other}", CLASSES, seed=0)
    with pytest.raises(ConfigError, match="FOLDER_OR_NAME"):
        build_detector("hf", CLASSES, seed=0)
