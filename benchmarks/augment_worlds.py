"""Rendered pairs: the same scenes on a clear day and under each condition, for `augment.py`.

What differs between a pair is the condition alone: the scene, the moment and the camera are the
same, and the condition's physical value is known. Frames that are there are kept, also those of an
earlier recipe of the renderer: both sides of a pair are of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from isthmus.compute.executor import Executor, Progress, SerialExecutor
from isthmus.data.dataset import Dataset
from isthmus.files import read_json
from isthmus.synth.odd.domain import load_odd
from isthmus.synth.odd.rows import Row, counterfactual, sample_rows
from isthmus.synth.output.frame import Job, frame_of, make_frame
from isthmus.synth.output.labels import LabelStyle
from isthmus.synth.output.request import Request

ODD = Path(__file__).resolve().parents[1] / "examples/street-world/clear-day.yaml"
SEED = 20
SIZE = (640, 360)
CLEAR: dict[str, Any] = {}
STILL: dict[str, Any] = {"sun_elevation": -3.0, "motion_blur": 0.0, "ego_speed": 14.0}
"""By day cameras expose for a fraction of a millisecond: only at dusk does speed blur."""
WORLDS: Mapping[str, dict[str, Any]] = {
    "clear": CLEAR,
    "fog": {"clouds": 1.0, "visibility": 90.0},
    "rain": {"clouds": 1.0, "rain": 8.0, "wetness": 1.0, "visibility": 1500.0},
    "snow": {"clouds": 1.0, "snow_cover": 0.9, "snowfall": 2.0, "visibility": 900.0},
    "night": {"sun_elevation": -16.0, "clouds": 0.8},
    "wet_road": {"wetness": 1.0},
    "low_light": {"sun_elevation": -3.0},
    "high_illumination": {"exposure_bias": 1.5, "sun_elevation": 9.0, "sun_azimuth": 5.0},
    "still": STILL,
    "motion_blur": {**STILL, "motion_blur": 1.0},
    "lens_dirt": {"lens_dirt": 1.0},
    "defocus": {"defocus": 2.0},
    "sensor_noise": {"noise_gain": 8.0},
    "storm": {
        "clouds": 1.0,
        "rain": 10.0,
        "wetness": 1.0,
        "visibility": 1500.0,
        "sun_elevation": -1.5,
    },
    "wet_night": {"wetness": 1.0, "sun_elevation": -16.0, "clouds": 0.8},
}
"""Condition → what differs from the clear day."""
BASES: Mapping[str, str] = {"motion_blur": "still"}
"""Condition → the world that it is compared with and made of, where that is not the clear day."""
EFFECTS: Mapping[str, tuple[str, float]] = {
    "fog": ("fog", 90.0),
    "rain": ("rain", 8.0),
    "snow": ("snow", 2.0),
    "night": ("night", 10.0),
    "wet_road": ("wet_road", 1.0),
    "low_light": ("low_light", 60.0),
    "high_illumination": ("high_illumination", 1.5),
    "motion_blur": ("motion_blur", 33.0),
    "lens_dirt": ("lens_dirt", 21.0),
    "defocus": ("defocus", 14.1),
    "sensor_noise": ("sensor_noise", 22.8),
    "storm": ("storm", 10.0),
    "wet_night": ("wet_night", 0.6),
}
"""Condition → the effect that makes it, and the physical value that the renderer was given.

Out of focus the renderer blurs by a Gaussian of 2 pixels where the clear day has 0.4: a disc of the
same spread is 7.8 pixels wide, 14.1 mrad at the mean focal length of 554 pixels. Its noise is that
of 1125 electrons at saturation, 191 at middle grey: 22.8 dB. Dirt is compared by the light that it
takes away, 15 % on the mean: the renderer's is thinner and on more of the glass. Composed effects
have one severity: rain of 10 mm/h is storm's at which about 100 lux are left, as with the sun 1.5°
below an overcast horizon; 0.6 mm of water is the wet night's that 10 lux light.
"""


def rows(n: int) -> list[Row]:
    """The clear day's rows, half of them in winter: snow does not fall in summer."""
    drawn = sample_rows(load_odd(ODD), n, SEED)
    seasons = ("autumn", "winter")
    return [counterfactual(row, season=seasons[k % 2]) for k, row in enumerate(drawn)]


def record_there(job: Job) -> dict[str, Any] | None:
    """The record of a frame of the same row, of whatever recipe."""
    if not job.record.exists():
        return None
    record = read_json(job.record)
    same = {**record["request"], "recipe": ""} == {**job.request.document(), "recipe": ""}
    return record if same else None


def world(
    name: str,
    n: int,
    folder: Path,
    *,
    first: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """`n` scenes from the `first` on under condition `name`, in `folder`/`name`."""
    jobs = [
        Job(folder / name, Request(SEED, counterfactual(row, **WORLDS[name]), SIZE),
            ("depth", "semantic"))
        for row in rows(first + n)[first:]
    ]  # fmt: skip
    missing = [job for job in jobs if record_there(job) is None]
    outcomes = (executor or SerialExecutor()).map(
        make_frame, missing, progress=progress, what=f"rendering {name}"
    )
    for outcome in outcomes:
        outcome.unwrap()
    records = [read_json(job.record) for job in jobs]
    frames = [frame_of(job, r, LabelStyle()) for job, r in zip(jobs, records, strict=True)]
    # Ids as in the clear day's set: pairs are found by them.
    return Dataset(name, tuple(replace(frame, id=frame.image.name) for frame in frames))
