"""What an intervention removes: its own kind of difference, nearly all of it, and no other."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from isthmus.errors import ConfigError
from isthmus.features.colour import lab
from isthmus.features.descriptors import Descriptors
from isthmus.features.extractor import Images
from isthmus.files import canonical_json
from isthmus.gap.interventions import INTERVENTIONS, removed_shares
from isthmus.gap.interventions.colour import _BETWEEN, grey_levels, statistics, to_rgb
from isthmus.gap.interventions.share import DEFAULT, RemovedShare, fit_in_a_row
from isthmus.gap.interventions.sharpness import sharpness
from isthmus.gap.interventions.spectrum import mean_amplitude

COUNT = 30
EXTRACTOR = Descriptors(("colour", "texture"), (64, 48))
FEW = {"permutations": 99, "bootstraps": 99, "floor_splits": 50}


def scenes(seed: int) -> np.ndarray:
    """Coloured clouds of two sizes, float (n, 48, 64, 3), hardly beyond the range of pixels."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(COUNT):
        fine = gaussian_filter(rng.standard_normal((48, 64, 3)), (1.2, 1.2, 0)) * 60
        coarse = gaussian_filter(rng.standard_normal((48, 64, 3)), (8, 8, 0)) * 300
        out.append(fine + coarse + rng.normal(120, 6) + rng.normal(0, 3, 3))
    return np.stack(out)


def pixels(values: np.ndarray) -> Images:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


SOURCE, OTHER = pixels(scenes(1)), scenes(2)
TARGETS = {
    "colour": pixels(OTHER * np.array([1.0, 0.85, 0.6]) + np.array([10, 0, -5])),
    "blur": pixels(gaussian_filter(OTHER, (0, 1.0, 1.0, 0))),
    "noise": pixels(OTHER + np.random.default_rng(5).normal(0, 14, (COUNT, 48, 64, 1))),
    "nothing": pixels(OTHER),
}


def shares(target: str) -> dict[tuple[str, str], RemovedShare]:
    found = removed_shares(SOURCE, TARGETS[target], EXTRACTOR, **FEW)
    return {(row.intervention, row.layer): row for row in found}


def test_a_shift_of_colour_goes_with_colour_and_with_nothing_else() -> None:
    found = shares("colour")
    gone = found["colour", "colour"]
    assert 0.8 < gone.low <= gone.share <= gone.high <= 1
    assert gone.share >= 0.9
    assert gone.change_low < gone.change == gone.after - gone.before < gone.change_high < 0
    assert gone.change_p_value == 0.01
    for other in ("spectrum", "sharpness"):
        row = found[other, "colour"]
        assert row.low < row.share < row.high
        assert abs(row.share) < 0.05
        assert row.share == pytest.approx(-row.change / (row.before - row.floor))
        assert row.before == pytest.approx(gone.before)  # one gap before, beside all
    # Texture is blind to this shift: there is no gap that could have shares.
    assert found["colour", "texture"].share is None
    assert found["colour", "texture"].reason == "the gap does not stand above its noise floor"
    canonical_json([row.to_document() for row in found.values()])


@pytest.mark.parametrize("shift", ["blur", "noise"])
def test_blur_and_noise_go_with_sharpness_not_with_colour(shift: str) -> None:
    found = shares(shift)
    gone = found["sharpness", "texture"]
    assert 0.8 < gone.low <= gone.share <= gone.high <= 1
    assert gone.share >= 0.9
    assert gone.settings["method"] == shift
    kept = found["colour", "texture"]
    assert kept.low < kept.share < kept.high
    assert abs(kept.share) < 0.1
    assert 0.4 < found["spectrum", "texture"].share <= gone.share


def test_equal_domains_have_no_shares() -> None:
    assert [row.share for row in shares("nothing").values()] == [None] * 6


def test_grey_levels_are_those_a_search_finds() -> None:
    border = np.concatenate([_BETWEEN, np.float32([-1.0, 0.0, 1.0, 2.0])])
    beside = [np.nextafter(border, np.float32(end)) for end in (-9, 9)]
    steps = np.linspace(0, 1, 100_001, dtype=np.float32)
    light = np.concatenate([border, *beside, steps])
    assert np.array_equal(grey_levels(light), np.searchsorted(_BETWEEN, light, side="right"))


def test_features_that_are_known_are_not_found_again() -> None:
    known = tuple(EXTRACTOR.extract(side) for side in (SOURCE, TARGETS["blur"]))
    rows = [
        removed_shares(SOURCE, TARGETS["blur"], EXTRACTOR, ("light",), features=given, **FEW)
        for given in (known, None)
    ]
    assert rows[0] == rows[1]
    other = (known[1], known[0])
    assert (
        removed_shares(SOURCE, TARGETS["blur"], EXTRACTOR, ("light",), features=other, **FEW)[0]
        != rows[0][0]
    )


def test_domain_statistics_agree_after_each_intervention() -> None:
    target = TARGETS["colour"]
    fitted = INTERVENTIONS["colour"].fit(SOURCE, target, 0)
    mean, spread = statistics(list(fitted.change(SOURCE)))
    wanted_mean, wanted_spread = statistics(list(target))
    np.testing.assert_allclose(mean, wanted_mean, atol=0.3)
    np.testing.assert_allclose(spread, wanted_spread, atol=0.3)
    light = INTERVENTIONS["light"].fit(SOURCE, target, 0).change(SOURCE)
    moved, _ = statistics(list(light))
    own, _ = statistics(list(SOURCE))
    assert moved[0] == pytest.approx(wanted_mean[0], abs=0.3)
    np.testing.assert_allclose(moved[1:], own[1:], atol=0.7)
    blurred = TARGETS["blur"]
    changed = INTERVENTIONS["sharpness"].fit(SOURCE, blurred, 0).change(SOURCE)
    assert sharpness(list(changed))[0] == pytest.approx(sharpness(list(blurred))[0], rel=0.03)
    spectral = INTERVENTIONS["spectrum"].fit(SOURCE, blurred, 0).change(SOURCE)
    # Beyond this band lies what rounding to whole grey levels adds to any picture.
    band = [mean_amplitude(list(p))[8:20, 10:27].mean() for p in (SOURCE, spectral, blurred)]
    assert abs(band[1] - band[2]) < 0.2 * abs(band[0] - band[2])


def test_spectrum_leaves_light_contrast_and_places_alone() -> None:
    change = INTERVENTIONS["spectrum"].fit(SOURCE, TARGETS["blur"], 0).change
    before, after = SOURCE.astype(float), change(SOURCE).astype(float)
    np.testing.assert_allclose(after.mean((1, 2)), before.mean((1, 2)), atol=0.2)
    np.testing.assert_allclose(after.std((1, 2)), before.std((1, 2)), rtol=0.02)
    alike = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(before, after, strict=True)]
    assert min(alike) > 0.95


@pytest.mark.parametrize("name", INTERVENTIONS)
def test_a_domain_matched_to_itself_stays_as_it_is_whatever_the_batches(name: str) -> None:
    change = INTERVENTIONS[name].fit(SOURCE, SOURCE, 0).change
    assert np.abs(change(SOURCE).astype(int) - SOURCE).max() <= 2
    other = INTERVENTIONS[name].fit(SOURCE, TARGETS["noise"], 0).change
    np.testing.assert_array_equal(other(SOURCE)[3:5], other(SOURCE[3:5]))


def test_lab_there_and_back() -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    back = to_rgb(*lab(rgb)).astype(int)
    bright = rgb.min(axis=2) > 20  # in the dark, `lab` itself is exact to 0.05 only
    assert np.abs(back - rgb)[bright].max() <= 1
    assert np.abs(back - rgb).mean() < 0.2


def test_interventions_in_a_row_are_fitted_to_what_is_left() -> None:
    both = pixels(gaussian_filter(TARGETS["colour"].astype(float), (0, 1.0, 1.0, 0)))
    found = removed_shares(
        SOURCE, both, EXTRACTOR, ("colour", "sharpness", "colour+sharpness"), **FEW
    )
    rows = {(row.intervention, row.layer): row.share for row in found}
    assert all(rows["colour+sharpness", layer] >= 0.9 for layer in EXTRACTOR.layers)  # type: ignore[operator]
    assert rows["colour", "texture"] < 0.1  # type: ignore[operator]
    assert rows["sharpness", "colour"] < 0.1  # type: ignore[operator]
    fitted = fit_in_a_row("colour+sharpness", SOURCE, both, 0)
    assert fitted.settings["sharpness"]["method"] == "blur"


def test_the_same_seed_gives_the_same_document_and_wrong_names_are_refused() -> None:
    small = {"permutations": 19, "bootstraps": 19, "floor_splits": 5}
    documents = [
        [r.to_document() for r in removed_shares(SOURCE, TARGETS["noise"], EXTRACTOR, **small)]
        for _ in range(2)
    ]
    assert canonical_json(documents[0]) == canonical_json(documents[1])
    assert set(DEFAULT) <= set(INTERVENTIONS)
    with pytest.raises(ConfigError, match="intervention 'fog' is not known"):
        removed_shares(SOURCE, SOURCE, EXTRACTOR, ("colour+fog",))
    with pytest.raises(ConfigError, match="no layer 'shape'"):
        removed_shares(SOURCE, SOURCE, EXTRACTOR, layers=("shape",))
