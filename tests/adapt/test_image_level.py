"""Fourier and colour transfer do what their papers say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus.adapt.image.fda import fourier_hook, fourier_transfer
from isthmus.adapt.image.reinhard import _from_lab, _to_lab, reinhard_transfer
from isthmus.errors import InputError


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    # mid-grey: nothing is clamped, so that spectra can be compared
    source = 0.5 + 0.05 * torch.randn(3, 3, 32, 48, generator=generator)
    target = 0.5 + 0.05 * torch.randn(3, 3, 32, 48, generator=generator)
    return source, target


@pytest.mark.parametrize("beta", [0.04, 0.1, 0.3])
def test_phase_stays_and_low_amplitudes_are_the_targets(pair, beta):
    source, target = pair
    mixed = fourier_transfer(source, target, beta)
    a, b, m = (torch.fft.fft2(x) for x in (source, target, mixed))
    reach = int(beta * 32)
    rows = (torch.fft.fftfreq(32) * 32).abs()
    columns = (torch.fft.fftfreq(48) * 48).abs()
    low = torch.maximum(rows[:, None], columns[None]) <= reach
    torch.testing.assert_close(m.abs()[..., low], b.abs()[..., low], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(m.abs()[..., ~low], a.abs()[..., ~low], rtol=1e-3, atol=1e-3)
    turn = torch.angle(m * a.conj())
    assert turn.abs()[a.abs() > 0.1].max() < 1e-2, "phase is the source's"


def test_beta_zero_changes_nothing_and_may_differ_by_image(pair):
    source, target = pair
    torch.testing.assert_close(fourier_transfer(source, target, 0.0), source)
    mixed = fourier_transfer(source, target, np.array([0.0, 0.1, 0.0]))
    torch.testing.assert_close(mixed[[0, 2]], source[[0, 2]])
    assert (mixed[1] - source[1]).abs().max() > 0.01


def test_an_image_transferred_to_itself_stays(pair):
    torch.testing.assert_close(fourier_transfer(pair[0], pair[0], 0.2), pair[0])


def test_the_mean_colour_becomes_the_targets(pair):
    source, target = pair
    mixed = fourier_transfer(source, target + 0.2, 0.01)
    torch.testing.assert_close(mixed.mean((2, 3)), (target + 0.2).mean((2, 3)))


def test_unequal_shapes_are_an_error(pair):
    with pytest.raises(InputError, match="equal shapes"):
        fourier_transfer(pair[0], pair[1][..., :40], 0.1)


def test_the_hook_is_seeded_and_keeps_its_input(draw):
    target = draw(6, 1).images
    images = torch.rand(8, 3, 48, 64)
    before = images.clone()
    hook = fourier_hook(target)
    first = hook(images, np.random.default_rng(0))
    assert torch.equal(first, hook(images, np.random.default_rng(0)))
    assert torch.equal(images, before)
    changed = (first != images).flatten(1).any(1)
    assert 0 < changed.sum() <= 8


def test_reinhard_gives_the_targets_statistics_in_its_colour_space(pair):
    source, target = pair[0], 0.3 + 0.5 * pair[1]
    moved, wanted = _to_lab(reinhard_transfer(source, target)), _to_lab(target)
    torch.testing.assert_close(moved.mean((2, 3)), wanted.mean((2, 3)), atol=2e-3, rtol=0)
    torch.testing.assert_close(moved.std((2, 3)), wanted.std((2, 3)), atol=2e-3, rtol=0.05)


def test_the_colour_space_is_invertible(pair):
    torch.testing.assert_close(_from_lab(_to_lab(pair[0])), pair[0], atol=1e-4, rtol=1e-3)
