"""`adain`: statistics taken exactly, an encoder that can be undone, networks from files."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from isthmus.augment.translate.adain import (
    adain,
    analyse,
    fit_adain,
    statistics,
    synthesise,
)
from isthmus.augment.translate.adain_network import AdainNetwork
from isthmus.augment.translate.pixels import mixed, to_bytes, to_tensor
from isthmus.augment.translate.translator import load_translator
from isthmus.data.dataset import Dataset
from isthmus.data.images import read_rgb
from isthmus.errors import InputError


def test_adain_gives_the_styles_mean_and_spread():
    """Huang & Belongie 2017, eq. 8."""
    content = torch.randn(1, 3, 20, 30)
    mean, spread = torch.tensor([1.0, -2.0, 0.5]), torch.tensor([0.5, 1.5, 0.0])
    made = adain(content, mean, spread)
    assert torch.allclose(statistics(made), torch.stack([mean, spread]), atol=1e-5)


def test_flat_content_is_not_blown_up():
    made = adain(torch.zeros(1, 1, 4, 4), torch.tensor([0.3]), torch.tensor([1.0]))
    assert torch.allclose(made, torch.full_like(made, 0.3))


def test_the_wavelets_are_orthonormal_and_can_be_undone():
    image = torch.rand(1, 3, 32, 48, dtype=torch.float64)
    bands = analyse(image)
    assert [band.shape[1:] for band in bands[:2]] == [(9, 16, 24), (9, 8, 12)]
    assert torch.allclose(synthesise(bands), image, atol=1e-6)
    energy = sum(band.square().sum() for band in bands)
    assert float(energy) == pytest.approx(float(image.square().sum()), rel=1e-6)


def test_a_frame_gets_the_look_of_a_target(tmp_path, streets):
    day = streets(tmp_path / "day", 3, 0, 1.0)
    dusk = streets(tmp_path / "dusk", 2, 1, 0.4, labelled=False)
    path = fit_adain(dusk, tmp_path / "look.safetensors")
    translator = load_translator(path)
    looks = [read_rgb(f.image) for f in dusk]
    low, high = sorted(look.mean() for look in looks)
    for frame in day:
        made = translator.transform(read_rgb(frame.image), frame.id)
        assert made.shape == (64, 96, 3)
        assert low - 3 < made.mean() < high + 3
        assert np.array_equal(made, translator.transform(read_rgb(frame.image), frame.id))
    odd = np.ascontiguousarray(read_rgb(day.frames[0].image)[:61, :83])
    assert translator.transform(odd, "odd").shape == (61, 83, 3)


def test_its_own_look_leaves_an_image_as_it_is(tmp_path, streets):
    day = streets(tmp_path / "day", 1, 0, 1.0)
    translator = load_translator(fit_adain(day, tmp_path / "look.safetensors"))
    image = read_rgb(day.frames[0].image)
    assert np.abs(translator.transform(image, "x").astype(int) - image).max() <= 1


def network(folder, halve="0", width=8):
    torch.manual_seed(0)
    tensors = {
        "encoder.0.weight": torch.randn(width, 3, 3, 3) * 0.2,
        "encoder.0.bias": torch.zeros(width),
        "encoder.1.weight": torch.randn(width, width, 3, 3) * 0.2,
        "encoder.1.bias": torch.zeros(width),
        "decoder.0.weight": torch.randn(width, width, 3, 3) * 0.2,
        "decoder.0.bias": torch.zeros(width),
        "decoder.1.weight": torch.randn(3, width, 3, 3) * 0.2,
        "decoder.1.bias": torch.full((3,), 0.5),
    }
    path = folder / "net.safetensors"
    save_file(tensors, path, {"halve": halve})
    return path


def test_a_network_from_a_file_is_used(tmp_path, streets):
    day = streets(tmp_path / "day", 1, 0, 1.0)
    net = network(tmp_path)
    translator = load_translator(fit_adain(day, tmp_path / "look.safetensors", network=net))
    image = read_rgb(day.frames[0].image)
    known = AdainNetwork.read(net)
    features = known.encode(to_tensor(image))
    assert features.shape == (1, 8, 32, 48)
    # an image in its own look is what the decoder makes of its features
    expected = to_bytes(known.decode(features)[..., :64, :96])
    assert np.abs(translator.transform(image, "x").astype(int) - expected).max() <= 1


def test_a_network_that_does_not_fit_is_refused(tmp_path):
    with pytest.raises(InputError, match="do not mirror each other"):
        AdainNetwork.read(network(tmp_path, halve="7"))
    with pytest.raises(InputError, match="no list of numbers"):
        AdainNetwork.read(network(tmp_path, halve="a"))
    save_file({"encoder.0.weight": torch.zeros(1)}, tmp_path / "bad.safetensors")
    with pytest.raises(InputError, match=r"encoder\.0: weight"):
        AdainNetwork.read(tmp_path / "bad.safetensors")


def test_a_look_needs_an_image(tmp_path):
    with pytest.raises(InputError, match="at least one"):
        fit_adain(Dataset("none", ()), tmp_path / "look.safetensors")


def test_strength_mixes_pixels():
    before, after = np.full((2, 2, 3), 100, np.uint8), np.full((2, 2, 3), 201, np.uint8)
    assert (mixed(before, after, 0.5) == 150).all()
    assert mixed(before, after, 1.0) is after
