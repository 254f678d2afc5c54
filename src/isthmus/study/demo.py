"""`run_demo`: two small rendered domains, and a whole study on them, with nothing to download."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from isthmus.compute.local import local_executor
from isthmus.files import make_folder
from isthmus.study.api import run_study
from isthmus.study.config import StudyConfig, parse_study
from isthmus.study.run import StudyResult
from isthmus.study.watcher import Silent, Watcher
from isthmus.synth.maker import make_dataset

SIZE = (192, 112)
SEQUENCE = 10


@dataclass(frozen=True)
class _Scale:
    source: int
    target: int
    seeds: int
    burn_in: int
    steps: int
    permutations: int


FULL = _Scale(source=320, target=280, seeds=3, burn_in=500, steps=200, permutations=999)
QUICK = _Scale(source=60, target=60, seeds=1, burn_in=12, steps=8, permutations=99)


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
    for name, count, condition, part in (
        ("clear-day", scale.source, "clear_day", 1),
        ("fog", scale.target, "fog", 2),
    ):
        # Two seeds: source and target show different places.
        make_dataset(
            folder / "input" / name,
            n=count,
            condition=condition,
            seed=2 * seed + part,
            size=SIZE,
            sequence_length=SEQUENCE,
            executor=executor,
            progress=watcher.progress,
        )
    # Absolute, so that the study kept in the run can itself be given to `study run`.
    config = demo_config((folder / "input").resolve(), scale, seed)
    return run_study(config, out=folder, executor=executor, watcher=watcher)


def demo_config(inputs: Path, scale: _Scale, seed: int) -> StudyConfig:
    """The demo's study: the first half of the target's places is seen, the second is scored."""
    places = [f"place-{i:04d}" for i in range(-(-scale.target // SEQUENCE))]
    cut = len(places) // 2
    return parse_study(
        {
            "name": "demo",
            "title": "Demo: rendered clear day → fog",
            "seed": seed,
            "source": {"name": "clear day", "path": inputs / "clear-day" / "coco.json"},
            "target": {
                "name": "fog",
                "path": inputs / "fog" / "coco.json",
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
