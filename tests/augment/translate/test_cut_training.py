"""Training `cut`: what it learns, how it stops, and that it goes on with the same bytes."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from isthmus.augment.translate import training
from isthmus.augment.translate.crops import Pictures, class_map, patch_places
from isthmus.augment.translate.cut import CutSettings, matching_curve
from isthmus.augment.translate.networks import KNOTS, through_curve
from isthmus.augment.translate.patch_nce import UNKNOWN
from isthmus.augment.translate.train import train_translator
from isthmus.augment.translate.training import train_cut
from isthmus.augment.translate.translator import build_translator, load_translator
from isthmus.augment.translate.weights import read_weights
from isthmus.data.dataset import Dataset
from isthmus.data.images import read_rgb
from isthmus.errors import ConfigError, InputError, TrainingError

SMALL = CutSettings(steps=6, height=64, crop=32, width=8, blocks=2, patches=16)


@pytest.fixture(scope="module")
def day(tmp_path_factory, streets):
    return streets(tmp_path_factory.mktemp("sets") / "day", 6, 0, 1.0)


@pytest.fixture(scope="module")
def dusk(tmp_path_factory, streets):
    return streets(tmp_path_factory.mktemp("sets") / "dusk", 4, 1, 0.35, labelled=False)


def means(paths):
    return float(np.mean([read_rgb(path).mean() for path in paths]))


def test_a_darker_world_is_learnt_without_a_head_start(tmp_path, day, dusk):
    settings = replace(
        SMALL, steps=40, learning_rate=8e-3, match_colours=False, nce=0.5, identity=0.5
    )
    made = train_cut(day, dusk, tmp_path, settings=settings)
    translator = load_translator(made.path)
    before, looks = means(f.image for f in day), means(f.image for f in dusk)
    after = float(np.mean([translator.transform(read_rgb(f.image), f.id).mean() for f in day]))
    assert abs(after - looks) < 0.4 * abs(before - looks)
    assert made.mean_losses(20)["nce"] < made.history[:5, made.losses.index("nce")].mean()
    assert [path.name for path in made.samples] == ["step-000040.png"]
    assert read_rgb(made.samples[0]).shape == (4 * 64, 3 * 96, 3)


def test_a_stopped_training_ends_with_the_same_bytes(tmp_path, day, dusk):
    train_cut(day, dusk, tmp_path / "whole", settings=SMALL, checkpoint_every=2)

    def stop(done, total, what):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_cut(day, dusk, tmp_path / "parts", settings=SMALL, checkpoint_every=2, progress=stop)
    steps = []
    train_cut(
        day, dusk, tmp_path / "parts", settings=SMALL, checkpoint_every=2,
        progress=lambda done, total, what: steps.append(done),
    )  # fmt: skip
    assert steps == [3, 4, 5, 6]
    for name in (training.CHECKPOINT, training.TRANSLATOR, "samples/step-000006.png"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes()


def test_the_seed_decides(tmp_path, day, dusk):
    weights = [
        train_cut(day, dusk, tmp_path / str(i), settings=SMALL, seed=seed).path.read_bytes()
        for i, seed in enumerate((0, 0, 1))
    ]
    assert weights[0] == weights[1] != weights[2]


def test_a_loss_that_is_not_finite_stops_with_the_last_good_checkpoint(
    tmp_path, day, dusk, monkeypatch
):
    real = training.cut_step

    def spoilt(state, *args):
        if state.step == 4:
            state.networks["generator"].out.bias.data.fill_(float("nan"))
        return real(state, *args)

    monkeypatch.setattr(training, "cut_step", spoilt)
    with pytest.raises(TrainingError, match=r"not finite at step 4 .*last good checkpoint is"):
        train_cut(day, dusk, tmp_path, settings=SMALL, checkpoint_every=2)
    tensors, note = read_weights(tmp_path / training.CHECKPOINT)
    assert note["step"] == 4
    assert all(torch.isfinite(v).all() for k, v in tensors.items() if k != "history")
    monkeypatch.undo()
    assert train_cut(day, dusk, tmp_path, settings=SMALL).steps == 6


def test_one_target_image_and_a_source_without_labels_are_enough(tmp_path, day, dusk):
    bare = Dataset("bare", tuple(replace(f, objects=None) for f in day.frames))
    one = Dataset("one", dusk.frames[:1])
    made = train_cut(bare, one.unlabeled(), tmp_path, settings=SMALL)
    assert set(made.mean_losses()) == {"gan", "nce", "identity", "discriminator"}


def test_another_training_is_not_overwritten(tmp_path, day, dusk):
    train_cut(day, dusk, tmp_path, settings=replace(SMALL, steps=1))
    before = (tmp_path / training.CHECKPOINT).read_bytes()
    with pytest.raises(InputError, match="another training"):
        train_cut(day, dusk, tmp_path, settings=replace(SMALL, steps=2))
    assert (tmp_path / training.CHECKPOINT).read_bytes() == before


def test_one_method_does_not_write_over_another(tmp_path, day, dusk):
    for trained, other in (("cut", "adain"), ("adain", "cut")):
        folder = tmp_path / trained
        options = {"cut": asdict(replace(SMALL, steps=1)), "adain": {}}
        file = train_translator(day, dusk, folder, method=trained, **options[trained])
        before = file.read_bytes()
        with pytest.raises(InputError, match=f"holds a training of {trained}, not {other}"):
            train_translator(day, dusk, folder, method=other, **options[other])
        assert file.read_bytes() == before


def test_a_damaged_checkpoint_is_named(tmp_path, day, dusk):
    train_cut(day, dusk, tmp_path, settings=replace(SMALL, steps=1))
    path = tmp_path / training.CHECKPOINT
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match=r"checkpoint\.safetensors: not a readable file"):
        train_cut(day, dusk, tmp_path, settings=replace(SMALL, steps=1))


def test_what_cannot_be_is_said_at_once(tmp_path, day, dusk):
    with pytest.raises(ConfigError, match=r"steps 0: 1 or more; crop 30: a multiple"):
        CutSettings(steps=0, crop=30)
    with pytest.raises(InputError, match="no image; the target needs"):
        train_cut(day, Dataset("none", ()), tmp_path, settings=SMALL)
    with pytest.raises(InputError, match="cannot be used here"):
        train_cut(day, dusk, tmp_path, settings=SMALL, device="cuda:77")


def test_weights_are_safetensors_alone(tmp_path):
    pickled = tmp_path / "weights.pt"
    torch.save({"a": torch.zeros(1)}, pickled)
    with pytest.raises(InputError, match="safetensors files alone"):
        load_translator(pickled)
    disguised = tmp_path / "weights.safetensors"
    disguised.write_bytes(pickled.read_bytes())
    with pytest.raises(InputError, match="not a readable file of weights"):
        load_translator(disguised)
    with pytest.raises(InputError, match="no such file"):
        load_translator(tmp_path / "none.safetensors")
    with pytest.raises(ConfigError, match="unknown; there is cut, adain"):
        build_translator("magic", disguised)


def test_the_curve_it_starts_from_gives_the_targets_histogram(day, dusk):
    pictures = [Pictures(d.frames, height=64, crop=32) for d in (day, dusk)]
    curve = matching_curve(*pictures)
    assert curve.shape == (3, KNOTS)
    assert (curve.diff(dim=1) >= -1e-6).all()
    assert curve.diff(dim=1).max() <= 1.5 * 4 / (KNOTS - 1) + 1e-6
    assert curve[:, -1].max() / curve[:, -1].min() < 1.2  # white stays nearly white
    source, target = (np.stack([read_rgb(f.image) for f in d]) / 255 for d in (day, dusk))
    moved = through_curve(torch.from_numpy(source).float().permute(0, 3, 1, 2), curve).numpy()
    target = target.transpose(0, 3, 1, 2)
    for share in (0.1, 0.5, 0.9):
        got, wanted = (np.quantile(x, share, axis=(0, 2, 3)) for x in (moved, target))
        assert np.allclose(got, wanted, atol=0.05)
    x = torch.rand(1, 3, 8, 8) * 0.4 + 0.2
    assert torch.allclose(through_curve(x, torch.linspace(0, 1, KNOTS).repeat(3, 1)), x, atol=1e-6)


def test_crops_know_where_objects_are_and_how_high_they_lie(day):
    pictures = Pictures(day.frames, height=64, crop=32, categories=("vehicle",))
    crops = pictures.draw(8, np.random.default_rng(0))
    assert crops.images.shape == (8, 3, 32, 32)
    assert crops.classes.shape == (8, 8, 8)
    assert set(crops.classes.unique().tolist()) <= {0, 1}
    assert (crops.classes == 1).any()
    assert torch.allclose(crops.rows.diff(dim=1), torch.full((8, 31), 1 / 64))
    assert 0 <= crops.rows.min() < crops.rows.max() <= 1


def test_maps_of_classes():
    boxes = [((0.0, 0.0, 64.0, 32.0), 1), ((8.0, 8.0, 16.0, 16.0), UNKNOWN)]
    cells = class_map(boxes, 4, 0, 32)
    assert cells[0, 0] == 1
    assert cells[2, 1] == cells[3, 2] == UNKNOWN
    assert (cells == UNKNOWN).sum() == 4
    far = class_map([((100.0, 100.0, 110.0, 110.0), 1)], 0, 0, 32)
    assert (far == 0).all()


def test_patches_are_laid_on_objects():
    classes = torch.zeros(2, 8, 8, dtype=torch.long)
    classes[0, 2, 5] = 1
    places = patch_places(classes, 20, np.random.default_rng(0), on_objects=0.5)
    cells = (places * 8).long()
    on = (cells[0] == torch.tensor([2, 5])).all(1)
    assert on[:10].all()
    assert places.min() >= 0
    assert places.max() < 1
