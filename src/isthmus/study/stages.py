"""The stages of a study, in order: what each needs, and what decides its result."""

from __future__ import annotations

from isthmus.study import (
    stage_conditions,
    stage_data,
    stage_gap,
    stage_generate,
    stage_score,
    stage_train,
)
from isthmus.study.run import Context, Document, Stage
from isthmus.study.takeaway import takeaway


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
        stage_generate.run,
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
        stage_train.run,
        needs=("data", "generate"),
        parameters=stage_train.parameters,
        rooms=stage_train.ROOMS,
    ),
    Stage(
        "gap",
        stage_gap.run,
        needs=("data", "train"),
        parameters=lambda config: config.gap.model_dump(mode="json"),
        rooms=("data", "features", "gap", "study/stage_gap.py", "study/gap_rows.py"),
    ),
    Stage(
        "score",
        stage_score.run,
        needs=("data", "train"),
        parameters=stage_score.parameters,
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
