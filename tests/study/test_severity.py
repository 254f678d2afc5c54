"""The severity of an effect is read off unlabeled frames."""

from dataclasses import replace

import numpy as np
import pytest

from drawn_street import write_streets
from isthmus.augment.apply import augment_dataset
from isthmus.cornercases.measures import MEASURES
from isthmus.cornercases.table import measure_conditions
from isthmus.data.images import read_rgb, write_jpeg
from isthmus.study.severity import COMPARED, asking_measures, fit_severity


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("severity")
    return write_streets(folder, 10, (192, 112), in_sequence=2)


def brightened(dataset, folder, factor):
    """The same frames as a camera with another exposure would show them."""
    frames = []
    for number, frame in enumerate(dataset.frames):
        image = np.clip(read_rgb(frame.image) * factor, 0, 255).astype(np.uint8)
        write_jpeg(folder / f"{number}.jpg", image)
        frames.append(replace(frame, image=folder / f"{number}.jpg", digest=None))
    return replace(dataset, frames=tuple(frames))


@pytest.mark.parametrize(
    ("effect", "true"), [("fog", 2.0), ("fog", 4.0), ("low_light", 3.0), ("night", 4.0)]
)
def test_the_severity_that_made_the_target_is_found_again(effect, true, source, tmp_path):
    made, _ = augment_dataset(source, effect, tmp_path, severity=true, seed=5)
    low, high = fit_severity(effect, source, measure_conditions(made.unlabeled()), seed=0)
    assert low <= true <= high


def test_the_cameras_exposure_does_not_hide_fog(source, tmp_path):
    made, _ = augment_dataset(source, "fog", tmp_path / "fog", severity=4.0, seed=5)
    (tmp_path / "dark").mkdir()
    darker = brightened(made, tmp_path / "dark", 0.75)
    low, _ = fit_severity("fog", source, measure_conditions(darker.unlabeled()), seed=0)
    assert low >= 2.0


def test_only_measures_that_ask_for_an_effect_decide():
    assert set(asking_measures("fog")) == {"haze", "contrast"}
    assert set(asking_measures("low_light")) == {"lightness", "under_exposed"}
    assert set(asking_measures("night")) == {"lightness", "under_exposed", "sky_darkness"}
    assert asking_measures("motion_blur") == COMPARED
    assert set(COMPARED) <= set(MEASURES)
