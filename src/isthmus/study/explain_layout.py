"""How much of the gap goes when source frames hold what the target's hold: classes and layout.

Frames are weighted, not changed (see `isthmus.gap.interventions.layout`): those whose boxes look
like the target's count more. What the target's frames hold must be known, so its labels are looked
at; they serve this measurement alone, nothing is trained or chosen by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from isthmus.data.frame import Frame
from isthmus.errors import InputError
from isthmus.gap.interventions.layout import Weights, box_statistics, weights_by_classifier
from isthmus.gap.interventions.share import removed_by_weights
from isthmus.gap.units import find_units
from isthmus.study.explain_sides import WHOLE, Material, Sides

NAMED = 5
"""Classes that a warning names at most."""


def layout_share(sides: Sides, material: Material) -> dict[str, Any]:
    """The document of a `RemovedShare`, beside those of the interventions on pixels.

    Raises:
        InputError: frames without labels, no class that both sides have, or too few units to hold
            some out.
    """
    for role, frames in (("source", sides.source), ("target", sides.target)):
        _require_labels(role, frames)
    weights = _weights(sides, material)
    found = removed_by_weights(*material.features, weights, layer=WHOLE, **sides.options)
    return found.to_document()


def _require_labels(role: str, frames: Sequence[Frame]) -> None:
    without = sum(frame.objects is None for frame in frames)
    if without:
        many = "has no labels" if without == len(frames) else f"lacks labels of {without} frames"
        raise InputError(
            f"the {role} {many}: what its frames hold is not known, so source frames cannot be "
            "weighted to hold what the target's do; give labels (they serve this measurement "
            "only), or the predictions of a detector in their place"
        )


def _weights(sides: Sides, material: Material) -> Weights:
    own, theirs = _classes(sides.source), _classes(sides.target)
    shared = sorted(own & theirs)
    if not shared:
        raise InputError("no class has boxes on both sides: there is no mix that could be matched")
    units = find_units(*material.features, *sides.groups)
    weights = weights_by_classifier(
        box_statistics(sides.source, shared),
        box_statistics(sides.target, shared),
        units_x=units.x,
        units_y=units.y,
        seed=sides.seed,
    )
    notes = [
        f"{_listed(names)}: boxes on the side of the {role} only, which weights cannot match"
        for role, names in (("source", own - theirs), ("target", theirs - own))
        if names
    ]
    settings = {**weights.settings, "classes": shared}
    return replace(weights, settings=settings, warnings=weights.warnings + tuple(notes))


def _classes(frames: Sequence[Frame]) -> set[str]:
    return {box.category for f in frames for box in f.objects or () if not box.ignore}


def _listed(names: set[str]) -> str:
    shown = sorted(names)
    more = f" and {len(shown) - NAMED} more" if len(shown) > NAMED else ""
    return ", ".join(shown[:NAMED]) + more
