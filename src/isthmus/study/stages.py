"""The stages of a study, in order: what each needs, and what decides its result."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from isthmus.study import arm_files, stage_conditions, stage_data
from isthmus.study.run import Context, Document, Stage
from isthmus.study.takeaway import takeaway


def _later(module: str) -> Callable[[Context], Document]:
    """The `run` of a module that loads heavy libraries, which a finished stage does not need."""

    def run(context: Context) -> Document:
        document: Document = import_module(f"isthmus.study.{module}").run(context)
        return document

    return run


def _takeaway(context: Context) -> Document:
    return takeaway(context.documents)


STAGES: tuple[Stage, ...] = (
    Stage(
        "data",
        stage_data.run,
        needs=(),
        parameters=stage_data.parameters,
        rooms=("data", "study/stage_data.py", "study/domains.py"),
        unchanged=stage_data.inputs_unchanged,
    ),
    Stage(
        "conditions",
        stage_conditions.run,
        needs=("data",),
        parameters=lambda config: None,
        rooms=("data", "cornercases", "study/stage_conditions.py"),
    ),
    Stage(
        "generate",
        _later("stage_generate"),
        needs=("data", "conditions"),
        parameters=lambda config: {
            "effects": config.generate.effects,
            "metrics": config.gap.metrics,
            "max_frames": config.gap.max_frames,
            "independent_frames": config.gap.independent_frames,
        },
        rooms=(
            "data",
            "augment",
            "cornercases",
            "features",
            "gap",
            "study/gap_rows.py",
            "study/stage_generate.py",
            "study/severity.py",
        ),
    ),
    Stage(
        "train",
        _later("stage_train"),
        needs=("data", "generate"),
        parameters=arm_files.parameters,
        rooms=arm_files.ROOMS,
    ),
    Stage(
        "gap",
        _later("stage_gap"),
        needs=("data", "train"),
        parameters=lambda config: config.gap.model_dump(mode="json"),
        rooms=("data", "features", "gap", "study/stage_gap.py", "study/gap_rows.py"),
    ),
    Stage(
        "score",
        _later("stage_score"),
        needs=("data", "generate", "train"),
        parameters=lambda config: {"size": config.detector.size},
        rooms=("data", "detect", "adapt", "study/stage_score.py"),
    ),
    Stage(
        "takeaway",
        _takeaway,
        needs=("data", "conditions", "generate", "train", "gap", "score"),
        parameters=lambda config: None,
        rooms=("study/takeaway.py", "study/phrases.py"),
    ),
)
