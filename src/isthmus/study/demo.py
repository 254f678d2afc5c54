"""`run_demo`: two small rendered domains, and a whole study on them, with nothing to download."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from isthmus.compute.local import local_executor
from isthmus.files import make_folder, write_text
from isthmus.study.api import run_study
from isthmus.study.config import StudyConfig, parse_study
from isthmus.study.run import StudyResult
from isthmus.study.watcher import Silent, Watcher
from isthmus.synth.odd.domain import load_odd
from isthmus.synth.output.dataset import render_dataset

SIZE = (192, 112)
SEQUENCE = 6
"""Frames of each place, half a second apart."""
STREETS: Mapping[str, Any] = {
    "road_type": {"choice": {"street": 4, "avenue": 3, "suburb": 2}},
    "surroundings": {"choice": {"residential": 4, "downtown": 3, "shops": 3}},
    "junction": {"choice": {"none": 3, "crossroads": 1, "t_junction": 1}},
    "curvature": {"uniform": [-0.006, 0.006]},
    "parking": {"choice": {"both": 3, "right": 2, "left": 1}},
    "parked_share": {"uniform": [0.3, 0.8]},
    "traffic_density": {"log_uniform": [12, 40]},
    "pedestrian_density": {"log_uniform": [20, 60]},
    "camera_fov": {"uniform": [45, 52]},
    "ego_speed": {"uniform": [4, 12]},
}
"""Factors of the ODD that both domains share."""
CLEAR_DAY: Mapping[str, Any] = {
    "sun_elevation": {"uniform": [15, 60]},
    "sun_azimuth": {"uniform": [0, 360]},
    "clouds": {"uniform": [0, 0.6]},
}
FOG: Mapping[str, Any] = {
    "sun_elevation": {"uniform": [10, 50]},
    "clouds": 1.0,
    "visibility": {"log_uniform": [35, 130]},
}


UNUSED = {"rider": None, "animal": None}
"""Categories of the world that are neither pedestrians nor vehicles."""


@dataclass(frozen=True)
class _Scale:
    source: int
    target: int
    seeds: int
    burn_in: int
    steps: int
    permutations: int


FULL = _Scale(source=204, target=192, seeds=3, burn_in=500, steps=200, permutations=999)
QUICK = _Scale(source=48, target=48, seeds=1, burn_in=12, steps=8, permutations=99)


def run_demo(
    out: Path | str,
    *,
    workers: int | None = None,
    quick: bool = False,
    seed: int = 0,
    watcher: Watcher | None = None,
) -> StudyResult:
    """Render a clear-day source and a foggy target, and run a study on them.

    Args:
        out: run directory; the rendered sets lie in its `input` folder.
        workers: processes to work with; no figure depends on it.
        quick: far fewer frames and steps: shows the way, proves nothing.
        seed: decides every random draw.
        watcher: is told how far things are.

    Returns:
        As `run_study`.
    """
    folder = Path(out)
    make_folder(folder)
    scale = QUICK if quick else FULL
    watcher = watcher or Silent()
    executor = local_executor(workers)
    for name, count, weather, part in (
        ("clear-day", scale.source, CLEAR_DAY, 1),
        ("fog", scale.target, FOG, 2),
    ):
        odd = folder / "input" / f"{name}.yaml"
        write_text(odd, _odd(name, weather))
        # Two seeds: source and target show different places.
        render_dataset(
            load_odd(odd),
            count,
            folder / "input" / name,
            seed=2 * seed + part,
            size=SIZE,
            layers=("depth",),
            overwrite=True,
            executor=executor,
            progress=watcher.progress,
        )
    # Absolute, so that the study kept in the run can itself be given to `study run`.
    config = demo_config((folder / "input").resolve(), scale, seed)
    return run_study(config, out=folder, executor=executor, watcher=watcher)


def _odd(name: str, weather: Mapping[str, Any]) -> str:
    """The ODD file of one domain, for `isthmus synth render` as well."""
    factors = {**STREETS, **weather}
    return yaml.safe_dump(
        {"name": name, "factors": factors, "frames": SEQUENCE, "fps": 2.0}, sort_keys=False
    )


def demo_config(inputs: Path, scale: _Scale, seed: int) -> StudyConfig:
    """The demo's study: the first half of the target's places is seen, the second is scored."""
    places = [f"scene-{i:06d}" for i in range(-(-scale.target // SEQUENCE))]
    cut = len(places) // 2
    return parse_study(
        {
            "name": "demo",
            "title": "Demo: rendered clear day → fog",
            "seed": seed,
            "source": {
                "name": "clear day",
                "path": inputs / "clear-day" / "coco.json",
                "categories": UNUSED,
            },
            "target": {
                "name": "fog",
                "path": inputs / "fog" / "coco.json",
                "categories": UNUSED,
                "train": {"sequence": places[:cut]},
                "test": {"sequence": places[cut:]},
                "oracle": True,
            },
            "gap": {"permutations": scale.permutations},
            "detector": {"width": 8, "size": list(SIZE)},
            # The plain source would take a third of the time and is not needed for the lesson.
            "arms": [
                "fair_source",
                "augmented",
                "adabn",
                "fda",
                "mean_teacher",
                "fda_mean_teacher",
                "oracle",
            ],
            "training": {
                "seeds": scale.seeds,
                "burn_in": scale.burn_in,
                "steps": scale.steps,
                # Small batches: many steps teach more in five minutes than few large ones.
                "batch": 4,
            },
        }
    )
