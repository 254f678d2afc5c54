"""The arms that a comparison can have: what each is, what it starts from, what it needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from isthmus.adapt.adapter import ADAPTERS, Level
from isthmus.errors import ConfigError

BURN_IN = "burn_in"
REFERENCE = "fair_source"
ORACLE = "oracle"
_LABELS = re.compile(r"labels_([1-9][0-9]{0,6})")


@dataclass(frozen=True)
class ArmKind:
    """What an arm is.

    Attributes:
        name, label, level: as for adapters; the level of an arm without adapter is "source".
        recipe: one sentence for people.
        start: what it starts from: "scratch", `BURN_IN`, or another arm's name.
        inputs: files it needs beside the source: "target", "extra", "oracle".
        stage: what it is called as a stage of a combination: charts have no room for labels.
    """

    name: str
    label: str
    level: Level
    recipe: str
    start: str = BURN_IN
    inputs: tuple[str, ...] = ()
    stage: str = ""


ARMS: dict[str, ArmKind] = {
    kind.name: kind
    for kind in (
        ArmKind(
            "plain_source",
            "Source only, plain",
            "source",
            "source with flips and scaling alone, no weight averaging",
            start="scratch",
        ),
        ArmKind(
            REFERENCE,
            "Source only, fair",
            "source",
            "source with strong augmentation and averaged weights; the gap is measured from here",
        ),
        ArmKind(
            "augmented",
            "Generated corner cases",
            "image",
            "fair source with generated frames mixed into every batch",
            inputs=("target", "extra"),
            stage="generated frames",
        ),
        ArmKind(
            "augmented_mean_teacher",
            "Generated corner cases, then mean teacher",
            "combination",
            "generated frames in every batch, and from half of the steps a mean teacher",
            inputs=("target", "extra"),
            stage="generated frames with mean teacher",
        ),
        ArmKind(
            "adabn",
            "Batch-norm statistics (AdaBN)",
            "feature",
            "fair source, then normalisation statistics re-estimated on the target",
            start=REFERENCE,
            inputs=("target",),
            stage="AdaBN",
        ),
        ArmKind(
            "coral",
            "Covariances of features (deep CORAL)",
            "feature",
            "fair source, and features whose covariances are alike on source and target",
            inputs=("target",),
            stage="deep CORAL",
        ),
        ArmKind(
            "mmd",
            "Distribution of features (MMD)",
            "feature",
            "fair source, and features of small maximum mean discrepancy to the target's",
            inputs=("target",),
            stage="MMD",
        ),
        ArmKind(
            "dann",
            "Adversarial features (gradient reversal)",
            "feature",
            "fair source, and features from which discriminators cannot tell the domain",
            inputs=("target",),
            stage="gradient reversal",
        ),
        ArmKind(
            "fda",
            "Fourier adaptation (FDA)",
            "image",
            "source images with the low-frequency amplitudes of target images",
            inputs=("target",),
            stage="FDA",
        ),
        ArmKind(
            "reinhard",
            "Colour transfer (Reinhard)",
            "image",
            "source images with the colour statistics of target images",
            inputs=("target",),
            stage="colour transfer",
        ),
        ArmKind(
            "histogram",
            "Histogram matching",
            "image",
            "source images with the histograms of target images, by channel",
            inputs=("target",),
            stage="histogram matching",
        ),
        ArmKind(
            "ot",
            "Optimal transport of colours",
            "image",
            "source images with the colour distribution of target images",
            inputs=("target",),
            stage="optimal transport",
        ),
        ArmKind(
            "pseudo_labels",
            "Pseudo-labels in rounds",
            "pseudo-label",
            "sure detections on target images as labels, sure by precision on source validation",
            inputs=("target",),
            stage="pseudo-labels",
        ),
        ArmKind(
            "mean_teacher",
            "Mean teacher, soft targets",
            "pseudo-label",
            "the averaged weights teach on target images, thresholds matched to the class prior",
            inputs=("target",),
            stage="mean teacher",
        ),
        ArmKind(
            "fda_mean_teacher",
            "FDA, then mean teacher",
            "combination",
            "Fourier adaptation all the way, and from half of the steps a mean teacher",
            inputs=("target",),
            stage="FDA with mean teacher",
        ),
        ArmKind(
            ORACLE,
            "Oracle (target labels)",
            "source",
            "fair source with labelled target-train frames in every batch: what labels would give",
            inputs=("oracle",),
        ),
    )
}


def labelled_frames(name: str) -> int | None:
    """N of an arm ``labels_N``, which is given N labelled frames of the target; else None."""
    found = _LABELS.fullmatch(name)
    return int(found[1]) if found else None


def sees_labels(name: str) -> bool:
    """Whether the arm is given labels of the target: such arms are compared with, never chosen."""
    return name == ORACLE or labelled_frames(name) is not None


def combined_label(stages: Sequence[str]) -> str:
    """Label of a combination of adapters, for people: like its name, and short."""
    joined = " + ".join(ARMS[stage].stage for stage in stages)
    return joined[:1].upper() + joined[1:]


def is_arm(name: str) -> bool:
    """Whether an arm of this name can be trained.

    One of `ARMS`, ``labels_N``, or adapters joined by "+".
    """
    stages = name.split("+")
    combined = len(stages) > 1 and all(stage in ADAPTERS for stage in stages)
    return name in ARMS or combined or labelled_frames(name) is not None


def arm_kind(name: str) -> ArmKind:
    """What the arm of this name is: see `is_arm`.

    Raises:
        ConfigError: there is no such arm.
    """
    if not is_arm(name):
        raise ConfigError(
            f"arm {name!r}: unknown; there is {', '.join(ARMS)}, labels_N (N labelled "
            "target frames), and adapters joined by +, such as fda+adabn+mean_teacher"
        )
    if name in ARMS:
        return ARMS[name]
    if (count := labelled_frames(name)) is not None:
        return ArmKind(
            name,
            f"{count} labelled target frame{'s' * (count != 1)}",
            "source",
            "fair source with so many labelled frames of the target mixed into every batch",
            inputs=(ORACLE,),
        )
    stages = name.split("+")
    return ArmKind(
        name,
        combined_label(stages),
        "combination",
        f"{len(stages)} stages, each kept only if no sign that needs no label falls",
        inputs=tuple(dict.fromkeys(i for stage in stages for i in ARMS[stage].inputs)),
    )
