"""Colour and light: the source's mean and spread of L*, a*, b* become the target's.

Reinhard et al., "Color transfer between images", IEEE CG&A 21 (2001), with statistics of the whole
domain in place of one picture's, in CIE L*a*b*: equal steps look equal, and dark noise is not blown
up as in their logarithmic space. `light` moves L* alone, `colour` all three. Values that leave the
range of colours are cut off, which would leave the statistics short of the target's; scale and
offset are therefore corrected a few times by what the cut pictures show.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isthmus.data.images import RGB
from isthmus.features.colour import SRGB_TO_LINEAR, Array, lab
from isthmus.features.extractor import Images
from isthmus.gap.interventions.intervention import Fitted, Intervention
from isthmus.gap.metric import Floats
from isthmus.gap.pictures import Pictures, some

LOOKED_AT = 200
STRIDE = 3
ROUNDS = 3
STEEPEST = 8.0
_FROM_XYZ = np.linalg.inv(
    np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
)
_WHITE = np.linalg.inv(_FROM_XYZ).sum(axis=1)
# Linear light half-way between two grey levels decides which of them is nearest.
_BETWEEN = ((SRGB_TO_LINEAR[1:] + SRGB_TO_LINEAR[:-1]) / 2).astype(np.float32)
# A table takes the place of a search: steps so fine that each holds one such border at most.
_STEPS = 4096
_LEVEL_AT = np.searchsorted(_BETWEEN, np.arange(_STEPS + 1) / _STEPS, side="right").astype(np.intp)
_NEXT_BORDER = np.append(_BETWEEN, np.float32(np.inf))


def to_rgb(light: Array, green_red: Array, blue_yellow: Array) -> Images:
    """uint8 (…, 3) sRGB of L*, a*, b* (…); the inverse of `isthmus.features.colour.lab`.

    Colours outside sRGB are cut off channel by channel.
    """
    y = (light + 16) / 116
    roots = (y + green_red / 500, y, y - blue_yellow / 200)
    cubes = [np.where(t > 6 / 29, t**3, 3 * (6 / 29) ** 2 * (t - 4 / 29)) for t in roots]
    out = np.empty((*light.shape, 3), np.uint8)
    for channel, row in enumerate((_FROM_XYZ * _WHITE).astype(np.float32)):
        linear = cubes[0] * row[0] + cubes[1] * row[1] + cubes[2] * row[2]
        out[..., channel] = grey_levels(linear.astype(np.float32))
    return out


def grey_levels(linear: Array) -> Images:
    """The uint8 level whose linear light is nearest to `linear`, cut off below 0 and above 1."""
    level = _LEVEL_AT[(np.clip(linear, 0, 1) * _STEPS).astype(np.intp)]
    return (level + (linear >= _NEXT_BORDER[level])).astype(np.uint8)


def statistics(pictures: Sequence[RGB]) -> tuple[Floats, Floats]:
    """Mean (3,) and standard deviation (3,) of L*, a*, b* over all pixels of the pictures."""
    count, total, squares = 0, np.zeros(3), np.zeros(3)
    for picture in pictures:
        values = np.stack(lab(picture)).reshape(3, -1).astype(np.float64)
        count += values.shape[1]
        total += values.sum(axis=1)
        squares += np.square(values).sum(axis=1)
    mean = total / count
    deviation: Floats = np.sqrt(np.maximum(squares / count - mean**2, 0))
    return mean, deviation


def moved(batch: Images, factor: Floats, offset: Floats) -> Images:
    """Each channel of L*a*b* times `factor` (3,) plus `offset` (3,)."""
    channels = lab(batch)
    light, green_red, blue_yellow = (
        c * np.float32(f) + np.float32(o) for c, f, o in zip(channels, factor, offset, strict=True)
    )
    return to_rgb(np.clip(light, 0, 100), green_red, blue_yellow)


def _fit(source: Pictures, target: Pictures, channels: int) -> Fitted:
    looked, others = (
        [p[::STRIDE, ::STRIDE] for p in some(side, LOOKED_AT)] for side in (source, target)
    )
    wanted_mean, wanted_spread = statistics(others)
    mean, spread = statistics(looked)
    before = mean, spread
    factor, offset = np.ones(3), np.zeros(3)
    for _ in range(ROUNDS):
        # A domain without any colour has nothing that could be spread.
        step = np.where(spread > 1e-3, wanted_spread / np.maximum(spread, 1e-3), 1.0)
        step[channels:] = 1.0
        step = np.clip(factor * step, 1 / STEEPEST, STEEPEST) / factor
        shift = wanted_mean - step * mean
        shift[channels:] = 0.0
        factor, offset = factor * step, offset * step + shift
        mean, spread = statistics([moved(p, factor, offset) for p in looked])
    settings = {
        "space": "CIE L*a*b*",
        "source_mean": before[0].round(3).tolist(),
        "source_deviation": before[1].round(3).tolist(),
        "target_mean": wanted_mean.round(3).tolist(),
        "target_deviation": wanted_spread.round(3).tolist(),
        "factor": factor.round(4).tolist(),
        "offset": offset.round(3).tolist(),
    }
    return Fitted(lambda batch: moved(batch, factor, offset), settings)


def fit_light(source: Pictures, target: Pictures, seed: int) -> Fitted:
    """L* alone."""
    del seed  # nothing here is drawn
    return _fit(source, target, 1)


def fit_colour(source: Pictures, target: Pictures, seed: int) -> Fitted:
    """L*, a* and b*."""
    del seed  # nothing here is drawn
    return _fit(source, target, 3)


LIGHT = Intervention("light", "Match light", "colour and light", fit_light)
COLOUR = Intervention("colour", "Match colour and light", "colour and light", fit_colour)
