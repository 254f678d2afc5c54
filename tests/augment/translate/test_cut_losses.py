"""The losses of `cut` against closed forms; the networks' promises."""

from __future__ import annotations

import math

import pytest
import torch

from isthmus.augment.translate.cut import CutSettings, new_state
from isthmus.augment.translate.networks import (
    Discriminator,
    Generator,
    Projections,
    Reader,
    draw_weights,
)
from isthmus.augment.translate.patch_nce import (
    UNKNOWN,
    least_squares,
    patch_nce,
    read_loss,
    vectors_at,
)


def generator(width=8, blocks=2, seed=0):
    made = Generator(width, blocks)
    draw_weights(made, seed, "generator")
    # the last layer starts at zero, where nothing of the network would show
    torch.nn.init.normal_(made.out.weight, std=0.1, generator=torch.Generator().manual_seed(1))
    return made.eval().requires_grad_(False)


@pytest.mark.parametrize("patches", [2, 5, 16])
def test_patch_nce_of_orthonormal_patches_is_the_softmax_of_one(patches):
    keys = torch.eye(patches)[None].repeat(3, 1, 1)
    tau = 0.5
    expected = math.log(math.exp(1 / tau) + patches - 1) - 1 / tau
    assert float(patch_nce(keys, keys, tau)) == pytest.approx(expected, rel=1e-5)


def test_patch_nce_of_equal_patches_is_the_logarithm_of_their_number():
    same = torch.nn.functional.normalize(torch.ones(2, 7, 4), dim=-1)
    assert float(patch_nce(same, same)) == pytest.approx(math.log(7), rel=1e-5)


def test_patch_nce_of_patches_that_changed_places():
    keys = torch.eye(2)[None]
    tau = 0.5
    expected = math.log(math.exp(1 / tau) + 1)  # the query's own key is the one that does not fit
    assert float(patch_nce(keys.flip(1), keys, tau)) == pytest.approx(expected, rel=1e-5)


def test_keys_get_no_gradient():
    queries = torch.randn(1, 4, 3, requires_grad=True)
    keys = torch.randn(1, 4, 3, requires_grad=True)
    patch_nce(queries, keys).backward()
    assert keys.grad is None
    assert queries.grad.abs().sum() > 0


def test_least_squares():
    assert float(least_squares(torch.tensor([1.0, 3.0]), 1)) == 2.0


def test_objects_and_background_weigh_alike_in_the_readers_loss():
    """One object cell in nine, read with no opinion: log 2 for two classes, wherever it lies."""
    classes = torch.zeros(1, 3, 3, dtype=torch.long)
    classes[0, 1, 1] = 1
    logits = torch.zeros(1, 2, 3, 3)
    assert float(read_loss(logits, classes)) == pytest.approx(math.log(2), rel=1e-5)
    logits[0, 1, 1, 1] = 20.0  # now the object is read for certain: half of the loss goes
    assert float(read_loss(logits, classes)) == pytest.approx(math.log(2) / 2, rel=1e-4)


def test_unknown_places_say_nothing():
    classes = torch.full((1, 3, 3), UNKNOWN)
    assert float(read_loss(torch.randn(1, 2, 3, 3), classes)) == 0.0


def test_vectors_are_taken_at_their_places():
    level = torch.arange(6.0).view(1, 1, 2, 3)
    places = torch.tensor([[[0.0, 0.0], [0.9, 0.4], [0.99, 0.999]]])
    assert vectors_at(level, places).flatten().tolist() == [0.0, 4.0, 5.0]


@pytest.mark.parametrize("size", [(16, 16), (33, 47), (64, 48)])
def test_networks_keep_their_shapes(size):
    images = torch.rand(2, 3, *size)
    made = generator()
    assert made(images).shape == images.shape
    assert [level.shape[1] for level in made.encode(torch.rand(1, 3, 32, 32))] == list(made.widths)
    judged = Discriminator(8)(torch.rand(2, 3, 32, 32), torch.rand(2, 32))
    assert judged.shape == (2, 1, 4, 4)
    assert Reader(3)(torch.rand(2, 3, 32, 32)).shape == (2, 4, 8, 8)
    vectors = Projections(made.widths)(0, torch.rand(2, 5, 8))
    assert torch.allclose(vectors.norm(dim=-1), torch.ones(2, 5), atol=1e-5)


def test_a_new_generator_changes_nothing():
    made = Generator(8, 2)
    draw_weights(made, 0, "generator")
    image = torch.rand(1, 3, 20, 28)
    assert torch.allclose(made(image), image, atol=1e-6)


def test_a_crop_is_translated_like_the_same_place_of_the_whole_frame():
    """Trained on crops, applied to frames: nothing may depend on the rest of the picture."""
    made = generator()
    frame = torch.rand(1, 3, 160, 192)
    crop = made(frame[..., 32:128, 48:144])
    whole = made(frame)[..., 32:128, 48:144]
    assert torch.allclose(crop[..., 32:64, 32:64], whole[..., 32:64, 32:64], atol=1e-5)
    assert not torch.allclose(crop, frame[..., 32:128, 48:144], atol=1e-2)


def test_the_discriminator_knows_at_what_height_a_patch_lies():
    judge = Discriminator(8)
    draw_weights(judge, 0, "discriminator")
    image = torch.rand(1, 3, 32, 32)
    rows = torch.linspace(0, 0.2, 32)[None]
    assert not torch.allclose(judge(image, rows), judge(image, rows + 0.7), atol=1e-3)


def test_weights_come_from_the_seed_alone_and_the_global_generator_stays():
    settings = CutSettings(width=8, blocks=2)
    before = torch.get_rng_state()
    one = new_state(settings, 1, seed=3).networks["generator"].stem.weight
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert torch.equal(one, new_state(settings, 1, seed=3).networks["generator"].stem.weight)
    assert not torch.equal(one, new_state(settings, 1, seed=4).networks["generator"].stem.weight)
