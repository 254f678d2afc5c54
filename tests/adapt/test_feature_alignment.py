"""CORAL, MMD and gradient reversal: closed forms, gradients, and what training with them does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus.adapt.adapter import Budget, Task, adapt, build_adapter
from isthmus.adapt.features.alignment import positions
from isthmus.adapt.features.coral import CoralAdaptation, coral_loss
from isthmus.adapt.features.dann import DomainDiscriminators, ramp, reverse_gradient
from isthmus.adapt.features.mmd import FACTORS, MmdAdaptation, mmd_loss
from isthmus.detect.batches import image_tensor
from isthmus.detect.detector import build_detector
from isthmus.detect.train import weights_digest
from isthmus.errors import ConfigError

ALIGNERS = ("coral", "mmd", "dann")


@pytest.fixture
def tiny():
    return build_detector("compact", ("square", "disc"), seed=0, width=4, depth=0)


def rows(seed, n=60, d=5, scale=1.0, shift=0.0):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(n, d, generator=generator) + shift


def test_coral_is_the_formula_of_the_paper():
    x, y = rows(0), rows(1, n=45, scale=2.0)
    difference = np.cov(x.numpy().T) - np.cov(y.numpy().T)
    assert coral_loss(x, y).item() == pytest.approx((difference**2).sum() / (4 * 25), rel=1e-5)
    # covariances do not see a shift
    assert coral_loss(x, x + 3.0).item() == pytest.approx(0, abs=1e-9)


def test_mmd_of_two_points_is_the_closed_form():
    # distances² 0 and r²; their mean over the two off-diagonal pairs is r² too
    x, y = torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]])
    kernel = np.mean([np.exp(-1 / factor) for factor in FACTORS])
    assert mmd_loss(x, y).item() == pytest.approx(2 - 2 * kernel, rel=1e-5)


def test_mmd_is_zero_for_equal_samples_and_grows_with_the_shift():
    x = rows(0)
    assert mmd_loss(x, x).item() == pytest.approx(0, abs=1e-6)
    apart = [mmd_loss(x, rows(1, shift=shift)).item() for shift in (0.0, 0.5, 1.5)]
    assert 0 <= apart[0] < apart[1] < apart[2]


@pytest.mark.parametrize("loss", [coral_loss, mmd_loss])
def test_following_the_gradient_brings_the_samples_together(loss):
    x, y = rows(0), rows(1, scale=2.0, shift=1.0).requires_grad_()
    before = loss(x, y)
    before.backward()
    assert loss(x, y - 1e-2 * y.grad / y.grad.norm()).item() < before.item()


def test_every_place_of_a_map_is_a_sample():
    maps = torch.arange(24.0).view(2, 3, 2, 2)
    assert positions(maps).shape == (8, 3)
    assert torch.equal(positions(maps)[5], maps[1, :, 0, 1])


def test_the_gradient_is_reversed_and_weighted():
    x = torch.ones(3, requires_grad=True)
    y = reverse_gradient(x, 0.25)
    assert torch.equal(y, x)
    (2 * y).sum().backward()
    assert x.grad.tolist() == [-0.5, -0.5, -0.5]


def test_the_ramp_of_the_paper():
    assert ramp(0.0) == 0
    assert ramp(0.5) == pytest.approx(np.tanh(2.5))
    assert 0.999 < ramp(1.0) < 1


def test_discriminators_are_seeded_and_leave_the_global_generator_alone():
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    first = DomainDiscriminators({"neck": 4}, 0)
    assert torch.equal(torch.rand(1), expected)
    again, other = DomainDiscriminators({"neck": 4}, 0), DomainDiscriminators({"neck": 4}, 1)
    x = torch.ones(1, 4, 2, 2)
    assert torch.equal(first("neck", x), again("neck", x))
    assert not torch.equal(first("neck", x), other("neck", x))


@pytest.mark.parametrize("name", ALIGNERS)
def test_target_pixels_matter_and_weights_stay_finite(name, draw, tiny):
    source, budget = draw(12, 0), Budget(3, batch=4)
    before = weights_digest(tiny)
    one = adapt(build_adapter(name), Task(tiny, source, draw(12, 1).images, budget, 0))
    two = adapt(build_adapter(name), Task(tiny, source, draw(12, 2).images, budget, 0))
    assert weights_digest(one.detector) != weights_digest(two.detector)
    assert all(torch.isfinite(v).all() for v in one.detector.state_dict().values())
    assert weights_digest(tiny) == before


def test_an_interrupted_adversary_ends_with_the_same_bytes(draw, tiny, tmp_path):
    """The discriminators and their optimiser are part of the checkpoint."""
    source, target = draw(12, 0), draw(12, 1).images
    budget = Budget(6, batch=4, checkpoint_every=2)

    def run(place, progress=None):
        return adapt(build_adapter("dann"), Task(tiny, source, target, budget, 3, place, progress))

    def stop(done, total, what):
        if done == 5:
            raise KeyboardInterrupt

    whole = run(None)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "x.checkpoint", stop)
    assert weights_digest(run(tmp_path / "x.checkpoint").detector) == weights_digest(whole.detector)


@pytest.mark.parametrize(
    ("adapter", "loss"), [(CoralAdaptation, coral_loss), (MmdAdaptation, mmd_loss)]
)
def test_training_with_the_loss_brings_the_domains_nearer(adapter, loss, draw, tiny):
    source, target = draw(16, 0), darker(draw(16, 1).images)
    task = Task(tiny, source, target, Budget(16, batch=8, learning_rate=8e-3), 0)
    with_loss = adapter(levels=("neck",), weight=30.0).fit(task)
    without = adapter(levels=("neck",), weight=0.0).fit(task)

    def distance(detector):
        a, b = (
            positions(detector.features(image_tensor(images, np.arange(16)))["neck"])[::8]
            for images in (source.images, target)
        )
        # as shares of the features' own spread, so that shrinking them all is no success
        spread = torch.cat([a, b]).std(0).mean()
        return float(loss(a / spread, b / spread))

    with torch.no_grad():
        assert distance(with_loss.detector) < distance(without.detector)


def darker(images):
    import dataclasses

    return dataclasses.replace(images, pixels=(images.pixels * 0.5).astype(np.uint8))


def test_an_unknown_level_is_named(draw, tiny):
    task = Task(tiny, draw(4, 0), draw(4, 1).images, Budget(2, batch=2), 0)
    with pytest.raises(ConfigError, match=r"no level c9; it has stem"):
        CoralAdaptation(levels=("c9",)).fit(task)


def test_one_pass_gives_what_two_give(draw, tiny):
    tiny.eval()
    x = image_tensor(draw(3, 0).images, np.arange(3))
    with torch.no_grad():
        raw, features = tiny.raw_and_features(x)
        assert torch.equal(raw.heat, tiny.raw(x).heat)
        assert torch.equal(features["c2"], tiny.features(x)["c2"])
        assert torch.equal(raw.part(1, 3).heat, raw.heat[1:])
