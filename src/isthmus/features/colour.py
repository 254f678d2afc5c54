"""Colour and light of an image: the `colour` block, and the conversions that others share.

Colours are CIE L*a*b* of the sRGB standard (IEC 61966-2-1) under its own white D65, so that
grey pixels have a* = b* = 0 at every brightness. L* runs from 0 to 100; over all sRGB colours
a* lies in [-86.2, 98.3] and b* in [-107.9, 94.5].
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.features.extractor import Images, Matrix

Array = NDArray[np.float32]
Column = NDArray[np.float64]
"""One figure of each of n pictures, (n,)."""
Named = list[tuple[str, Column]]
SPACE = (1, 2)
"""Axes of the pixels of a picture in (n, h, w)."""

HISTOGRAM_BINS = 16
LIGHTNESS_PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
CHROMA_PERCENTILES = (5, 50, 95)
OPPONENT_LIMIT = 110.0
CLIPPED = 250
BLACK = 8
_STEPS = 16384

_LEVELS = np.arange(256) / 255.0
SRGB_TO_LINEAR: Array = np.where(
    _LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4
).astype(np.float32)
_RGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_TO_WHITE = (_RGB_TO_XYZ / _RGB_TO_XYZ.sum(axis=1, keepdims=True)).astype(np.float32)
_SHARE = np.arange(_STEPS + 1) / _STEPS
_CUBE_ROOT: Array = np.where(
    _SHARE > (6 / 29) ** 3, np.cbrt(_SHARE), _SHARE * (29 / 6) ** 2 / 3 + 4 / 29
).astype(np.float32)


def luma(rgb: Images) -> Array:
    """Gamma-coded brightness Y' in [0, 1] (Rec. 601 weights) of uint8 (…, 3) pixels."""
    total: Array = rgb[..., 0] * np.float32(0.299 / 255)
    total += rgb[..., 1] * np.float32(0.587 / 255)
    total += rgb[..., 2] * np.float32(0.114 / 255)
    return total


def lab(rgb: Images) -> tuple[Array, Array, Array]:
    """L* in [0, 100], a* and b* of uint8 (…, 3) sRGB pixels; exact to about 0.05."""
    return lab_and_luminance(rgb)[:3]


def lab_and_luminance(rgb: Images) -> tuple[Array, Array, Array, Array]:
    """L*, a*, b* as `lab` gives them, and relative luminance Y in [0, 1]."""
    red, green, blue = (np.take(SRGB_TO_LINEAR, rgb[..., c]) for c in range(3))
    shares, roots = [], []
    for row in _TO_WHITE:
        share = red * row[0]
        share += green * row[1]
        share += blue * row[2]
        shares.append(share)
        steps = share * np.float32(_STEPS)
        steps += np.float32(0.5)
        roots.append(np.take(_CUBE_ROOT, np.minimum(steps.astype(np.int32), _STEPS)))
    x, y, z = roots
    return 116 * y - 16, 500 * (x - y), 200 * (y - z), shares[1]


def squash(value: Column, half: float) -> Column:
    """``value / (value + half)``: 0 at 0, 1/2 at `half`, below 1 for every finite value >= 0."""
    return value / (value + half)


def percentiles(values: Array, wanted: tuple[int, ...]) -> list[Column]:
    """Order statistics of each of (n, …) at the given percentages (no interpolation)."""
    flat = values.reshape(len(values), -1)
    ranks = [round((flat.shape[1] - 1) * percent / 100) for percent in wanted]
    # Sorting all is vectorised in numpy, and faster than selecting several ranks.
    return list(np.sort(flat, axis=1)[:, ranks].T.astype(np.float64))


def histograms(index: NDArray[Any], length: int, weights: NDArray[Any] | None = None) -> Column:
    """How often each of 0 … length - 1 stands in each of (n, …), as (n, length).

    With `weights` of the same shape their sums instead, added in their order.
    """
    n = len(index)
    flat = index.reshape(n, -1)
    if n > 1:
        flat = flat + np.arange(0, n * length, length)[:, None]
    given = None if weights is None else weights.ravel()
    return column(np.bincount(flat.ravel(), given, n * length)).reshape(n, length)


def column(values: NDArray[Any]) -> Column:
    """Figures of n pictures in double precision, for the arithmetic that follows."""
    return values.astype(np.float64)


def colour_block(rgb: Images) -> Named:
    """Named components (n,), each in [0, 1], of uint8 (n, h, w, 3) images.

    Lightness: mean, deviation (÷ 50, the largest possible), percentiles, 16-bin histogram.
    Opponent colours: means, deviations and percentiles of a* and b*, mapped from [-110, 110];
    a deviation, the mean chroma and the cast are squashed with half-points of 10, 20 and 5 ΔE.
    The colour cast is the mean colour of pixels of middle lightness, off grey; its direction
    (cosine and sine of the hue) fades to 1/2 where there is no cast. Saturation is that of HSV.
    """
    light, green_red, blue_yellow = lab(rgb)
    named: Named = [
        ("lightness_mean", column(light.mean(axis=SPACE)) / 100),
        ("lightness_deviation", column(light.std(axis=SPACE)) / 50),
    ]
    for percent, value in zip(
        LIGHTNESS_PERCENTILES, percentiles(light, LIGHTNESS_PERCENTILES), strict=True
    ):
        named.append((f"lightness_p{percent:02d}", value / 100))
    bins = np.minimum((light * (HISTOGRAM_BINS / 100)).astype(np.int32), HISTOGRAM_BINS - 1)
    shares = histograms(bins, HISTOGRAM_BINS) / light[0].size
    named += [(f"lightness_bin{k:02d}", shares[:, k]) for k in range(HISTOGRAM_BINS)]
    for name, values in (("a", green_red), ("b", blue_yellow)):
        named.append((f"{name}_mean", _opponent(column(values.mean(axis=SPACE)))))
        named.append((f"{name}_deviation", squash(column(values.std(axis=SPACE)), 10)))
        for percent, value in zip(
            CHROMA_PERCENTILES, percentiles(values, CHROMA_PERCENTILES), strict=True
        ):
            named.append((f"{name}_p{percent:02d}", _opponent(value)))
    chroma = np.hypot(green_red, blue_yellow).mean(axis=SPACE)
    named.append(("chroma_mean", squash(column(chroma), 20)))
    return named + _cast(light, green_red, blue_yellow) + _extremes(rgb)


def _opponent(value: Column) -> Column:
    return (value + OPPONENT_LIMIT) / (2 * OPPONENT_LIMIT)


def cast_of(light: Array, green_red: Array, blue_yellow: Array) -> tuple[float, float]:
    """Mean (a*, b*) of the pixels of middle lightness (5 < L* < 95), (0, 0) if there are none.

    Of one image, (h, w) each. Clipped and black pixels carry no colour; they would hide a cast.
    """
    middle = (light > 5) & (light < 95)
    count = int(np.count_nonzero(middle))
    if not count:
        return 0.0, 0.0
    return (
        float(np.sum(green_red, where=middle)) / count,
        float(np.sum(blue_yellow, where=middle)) / count,
    )


def _cast(light: Array, green_red: Array, blue_yellow: Array) -> Named:
    a, b = np.array([cast_of(*one) for one in zip(light, green_red, blue_yellow, strict=True)]).T
    amount = np.hypot(a, b)
    fade = 1 / (amount + 5)
    return [
        ("cast_amount", squash(amount, 5)),
        ("cast_red_green", (1 + a * fade) / 2),
        ("cast_yellow_blue", (1 + b * fade) / 2),
    ]


def _extremes(rgb: Images) -> Named:
    red, green, blue = (np.ascontiguousarray(rgb[..., c]) for c in range(3))
    top = np.maximum(np.maximum(red, green), blue)
    low = np.minimum(np.minimum(red, green), blue)
    pixels = top[0].size
    spread = histograms(top, 256, top - low)
    # Saturation (max - min) / max summed per value of max: one division per grey level.
    saturation = (spread / np.maximum(np.arange(256), 1)).sum(axis=1) / pixels
    return [
        ("saturation_mean", saturation),
        ("clipped_any", np.count_nonzero(top >= CLIPPED, axis=SPACE) / pixels),
        ("clipped_all", np.count_nonzero(low >= CLIPPED, axis=SPACE) / pixels),
        ("black", np.count_nonzero(top <= BLACK, axis=SPACE) / pixels),
    ]


def as_rows(named: Named) -> Matrix:
    """Values as float32 (n, d), rounding errors of 1e-7 beyond [0, 1] cut off."""
    return np.clip(np.stack([values for _, values in named], axis=1).astype(np.float32), 0, 1)
