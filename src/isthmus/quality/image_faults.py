"""Faults of images: what no condition of the world explains, or what should be looked at.

A night is dark and fog is pale; these rules are for pictures in which next to nothing can be seen
(a covered lens, a failed exposure), that are out of focus, or that do not fit into their set. A new
fault is one entry of `IMAGE_FAULTS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus.quality.looks import Looks

Flags = NDArray[np.bool_]
UNLIT = 0.2
WASHED_OUT = 0.8
MOSTLY_WHITE = 0.5
BLURRED_BELOW = 0.5
FLAT = 5 / 255
FLAT_IN_THE_DARK = 0.15
COLOURLESS = 1.5 / 255
ODD_ASPECT = 1.4
ODD_AREA = 4.0


@dataclass(frozen=True)
class ImageFault:
    """One way for an image to be wrong.

    Attributes:
        name: key in results.
        description: the rule, for people.
        found: looks → (n,) whether each image has it.
    """

    name: str
    description: str
    found: Callable[[Looks], Flags]


def _under_exposed(looks: Looks) -> Flags:
    return np.asarray((looks.values["bright_end"] < UNLIT) & ~_uniform(looks))


def _over_exposed(looks: Looks) -> Flags:
    pale = looks.values["dark_end"] >= WASHED_OUT
    return np.asarray((pale | (looks.values["clipped"] >= MOSTLY_WHITE)) & ~_uniform(looks))


def _blurred(looks: Looks) -> Flags:
    return np.asarray((looks.values["sharpness"] < BLURRED_BELOW) & ~_uniform(looks))


def _uniform(looks: Looks) -> Flags:
    """Little spread, also for how dark the frame is: a dim picture is still a picture."""
    dim = FLAT_IN_THE_DARK * looks.values["brightness"] + 0.5 / 255
    return np.asarray(looks.values["spread"] < np.minimum(FLAT, dim))


def _grayscale(looks: Looks) -> Flags:
    """Without colour, in a set that has colour for the most part."""
    grey = (looks.values["colour"] < COLOURLESS) & ~_uniform(looks)
    return np.asarray(grey if grey.mean() <= 0.5 else np.zeros(len(looks), bool))


def _odd_aspect(looks: Looks) -> Flags:
    aspects = np.array([frame.width / frame.height for frame in looks.frames])
    return _far(aspects, ODD_ASPECT)


def _odd_size(looks: Looks) -> Flags:
    areas = np.array([float(frame.width * frame.height) for frame in looks.frames])
    return _far(areas, ODD_AREA)


def _far(values: NDArray[np.float64], factor: float) -> Flags:
    """More than `factor` times larger or smaller than the median."""
    ratio = values / np.median(values)
    return np.asarray((ratio > factor) | (ratio < 1 / factor))


IMAGE_FAULTS: dict[str, ImageFault] = {
    fault.name: fault
    for fault in (
        ImageFault(
            "under_exposed", f"99 % of the frame is darker than {UNLIT:.0%} luma", _under_exposed
        ),
        ImageFault(
            "over_exposed",
            f"90 % of the frame is brighter than {WASHED_OUT:.0%} luma, or {MOSTLY_WHITE:.0%} of "
            "it is white",
            _over_exposed,
        ),
        ImageFault("blurred", f"sharpness below {BLURRED_BELOW} at 480 pixels", _blurred),
        ImageFault(
            "uniform", "next to no detail: luma hardly deviates over the whole frame", _uniform
        ),
        ImageFault("grayscale", "no colour, in a set that has colour", _grayscale),
        ImageFault(
            "odd_aspect",
            f"more than {ODD_ASPECT} times wider or narrower than the set's median shape",
            _odd_aspect,
        ),
        ImageFault(
            "odd_size", f"area more than {ODD_AREA:.0f} times off the set's median", _odd_size
        ),
    )
}
"""Name → fault, in the order in which they are listed."""


def image_faults(looks: Looks) -> dict[str, tuple[str, ...]]:
    """Fault → ids of the frames that have it, in order; every fault of `IMAGE_FAULTS` is a key."""
    ids = np.array([frame.id for frame in looks.frames], dtype=object)
    return {
        name: tuple(str(i) for i in ids[fault.found(looks)]) for name, fault in IMAGE_FAULTS.items()
    }
