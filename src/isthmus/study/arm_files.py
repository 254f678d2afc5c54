"""Where the trained arms of a study lie, and what decides them; nothing here loads a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isthmus.study.config import StudyConfig
from isthmus.study.run import Context, code_digest

ROOMS = ("data", "detect", "adapt", "study/stage_train.py")
"""Code that decides the weights."""


def parameters(config: StudyConfig) -> Any:
    """The part of the study that decides the weights."""
    return {
        "detector": config.detector.model_dump(mode="json"),
        "training": config.training.model_dump(mode="json"),
        "arms": config.arms,
        "share": config.generate.share,
        "threads": config.compute.threads,
        "place": [config.compute.device, config.compute.precision],
    }


def training_seeds(config: StudyConfig) -> list[int]:
    """Seeds of the repetitions: different studies' seeds give different ones."""
    return [1000 * config.seed + number for number in range(config.training.seeds)]


def detector_path(context: Context, arm: str, repetition: int) -> Path:
    """Where the weights of an arm lie."""
    seed = training_seeds(context.config)[repetition]
    return arms_folder(context) / f"{arm}-{seed}.pt"


def arms_folder(context: Context) -> Path:
    """Where weights are kept: elsewhere for other code, so that none is mistaken for new."""
    return context.cache_folder("arms") / code_digest(ROOMS)[:12]
