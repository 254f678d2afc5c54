"""Histogram matching and sliced optimal transport against what theory says they give."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus.adapt.image.histogram import histogram_hook, histogram_transfer
from isthmus.adapt.image.optimal_transport import optimal_transport_hook, sliced_transport


def colours(seed, mean, spread, count=3):
    generator = torch.Generator().manual_seed(seed)
    mean, spread = torch.tensor(mean).view(3, 1, 1), torch.tensor(spread)
    noise = torch.randn(count, 3, 32 * 40, generator=generator)
    return (mean + (spread @ noise).view(count, 3, 32, 40)).clamp(0, 1)


DIAGONAL = np.diag([0.06, 0.04, 0.05]).astype(np.float32).tolist()
LEANING = [[0.06, 0.0, 0.0], [0.05, 0.02, 0.0], [-0.04, 0.0, 0.03]]


def test_a_histogram_becomes_the_targets():
    source = colours(0, [0.3, 0.5, 0.6], DIAGONAL)
    target = colours(1, [0.6, 0.4, 0.5], LEANING)
    moved = histogram_transfer(source, target)
    at = torch.linspace(0.02, 0.98, 25)
    for k in range(3):
        for channel in range(3):
            a, b = moved[k, channel].flatten(), target[k, channel].flatten()
            torch.testing.assert_close(
                torch.quantile(a, at), torch.quantile(b, at), atol=0.012, rtol=0
            )


def test_matching_is_monotone_and_an_image_matched_to_itself_stays():
    source = colours(0, [0.3, 0.5, 0.6], DIAGONAL)
    same = histogram_transfer(source, source)
    assert (same - source).abs().max() <= 1.01 / 255
    moved = histogram_transfer(source, colours(1, [0.6, 0.4, 0.5], LEANING))
    order = source[0, 1].flatten().argsort()
    assert (moved[0, 1].flatten()[order].diff() >= -1 / 255).all()


def test_transport_brings_means_and_correlations_where_histograms_cannot():
    source = colours(0, [0.4, 0.5, 0.6], DIAGONAL, 2)
    target = colours(1, [0.6, 0.4, 0.5], LEANING, 2)
    moved = sliced_transport(source, target, np.random.default_rng(0))
    for k in range(2):
        a, b = moved[k].flatten(1), target[k].flatten(1)
        torch.testing.assert_close(a.mean(1), b.mean(1), atol=1e-2, rtol=0)
        torch.testing.assert_close(torch.cov(a), torch.cov(b), atol=1.2e-3, rtol=0)
    by_channel = histogram_transfer(source, target)[0].flatten(1)
    wanted = torch.cov(target[0].flatten(1))
    assert (torch.cov(by_channel) - wanted).abs().max() > 2.4e-3


def test_transport_to_itself_changes_little_and_equal_colours_stay_equal():
    source = colours(0, [0.4, 0.5, 0.6], LEANING, 1)
    moved = sliced_transport(source, source, np.random.default_rng(0))
    assert (moved - source).abs().mean() < 0.01
    flat = source.clone()
    flat[..., :4] = 0.25
    changed = sliced_transport(flat, colours(1, [0.6, 0.4, 0.5], DIAGONAL, 1), rng(0))
    assert changed[..., :4].flatten(2).std(2).max() < 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_a_burnt_out_sky_takes_the_mean_colour_of_the_targets_brightest_part(seed):
    # Two fifths of the source are one colour; the target's brightest two fifths are a spread sky.
    dark = colours(0, [0.3, 0.32, 0.35], DIAGONAL, 1)
    source, target = dark.clone(), colours(1, [0.1, 0.12, 0.15], DIAGONAL, 1)
    source[..., :16] = 1.0
    target[..., :16] = colours(2, [0.55, 0.65, 0.7], DIAGONAL, 1)[..., :16]
    sky = sliced_transport(source, target, rng(seed))[0, :, :, :16].flatten(1)
    wanted = target[0, :, :, :16].flatten(1).mean(1)
    torch.testing.assert_close(sky.mean(1), wanted, atol=0.03, rtol=0)


def rng(seed):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("make", [histogram_hook, optimal_transport_hook])
def test_hooks_are_seeded_and_keep_shape_and_input(make, draw):
    hook = make(draw(6, 1).images)
    images = torch.rand(8, 3, 48, 64)
    before = images.clone()
    first = hook(images, rng(0))
    assert torch.equal(first, hook(images, rng(0)))
    assert torch.equal(images, before)
    assert first.shape == images.shape
    assert 0 <= first.min() <= first.max() <= 1
    assert (first != images).flatten(1).any(1).any()
