"""Measured conditions of one frame: light, contrast, exposure, sharpness, haze, colour cast.

They need neither labels nor a network, are absolute (no stretching to the frame's own range:
night must stay darker than day) and are taken at one scale, so that cameras of different
resolution compare. `MEASURES` names each with its unit, range and histogram bins.

Haze is read off the dark channel (He, Sun and Tang, "Single image haze removal using dark
channel prior", 2009): among the pixels of a clear view near the horizon some are almost black
in at least one channel; a veil of scattered light lifts them.

Night is read off the sky. By day, also at dusk and in fog, the sky is the lamp of the scene: of
what a picture shows, little is brighter. A blue sky at right angles to the sun (some 2 000 cd/m²)
lies 3.6 EV below a white wall in full sun (25 000), about the most that there is by day. At night
the sky over a lit town (0.02 to 0.1 cd/m²) lies 4 EV and more below the road that lamps light
(0.5 to 2, the classes of EN 13201-2), and far below the lamps. No exposure changes a ratio.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus.cornercases.order import extreme_around, quantile
from isthmus.features.colour import SRGB_TO_LINEAR, cast_of, lab_and_luminance, luma
from isthmus.features.sharpness import sharpness_of

Image = NDArray[np.uint8]

VERSION = 3
"""Raise it whenever a value changes."""

LONGEST_SIDE = 480
SHORTEST_SIDE = 16
WHITE = 250
BLACK = 20
HORIZON_BAND = (0.30, 0.65)
DARK_SHARE = 0.25
MOST_BINS = 24
LEAST_AIRLIGHT = 0.2
PATCH = 0.03
SKY_ROWS = 1 / 3
SKY_SHARE = 0.9
HIGHLIGHT_SHARE = 0.995
NOISE_FLOOR = 0.003


@dataclass(frozen=True)
class Measure:
    """One number that describes a frame.

    Attributes:
        name: key in tables and results.
        label: for people.
        unit: of the values.
        low, high: no value lies outside.
        step: finest width of a histogram's bins that still means something.
        circular: the ends of the range mean the same (an angle), so that percentiles mean
            nothing.
    """

    name: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    circular: bool = False

    def edges(self, *values: NDArray[np.float64]) -> list[float]:
        """Edges of 2 to 24 equal bins, multiples of `step`, that hold all of `values`."""
        low, high = self.low, self.high
        if not self.circular:
            low = min(float(v.min()) for v in values)
            high = max(float(v.max()) for v in values)
        width = self.step
        first, last = math.floor(low / width), math.floor(high / width) + 1
        while last - first > MOST_BINS:
            width *= 2
            first, last = math.floor(low / width), math.floor(high / width) + 1
        top = math.ceil(self.high / width)
        last = min(last, top)
        if last - first < 2:
            first, last = (first - 1, last) if last == top else (first, last + 1)
        return [round(k * width, 6) for k in range(first, last + 1)]


def _listed(*measures: Measure) -> dict[str, Measure]:
    return {measure.name: measure for measure in measures}


MEASURES: dict[str, Measure] = _listed(
    Measure("luminance", "Luminance", "% of white", 0, 100, 1),
    Measure("lightness", "Lightness", "L*", 0, 100, 1),
    Measure("contrast", "Contrast", "L* deviation", 0, 50, 0.5),
    Measure("over_exposed", "Over-exposed area", "% of frame", 0, 100, 0.5),
    Measure("under_exposed", "Under-exposed area", "% of frame", 0, 100, 0.5),
    Measure("sharpness", "Sharpness", "share of detail", 0, 1, 0.01),
    Measure("haze", "Haze (dark channel)", "share of airlight", 0, 1, 0.002),
    Measure("sky_darkness", "Darkness of the sky", "EV below the highlights", 0, 9, 0.25),
    Measure("colour_cast", "Colour cast", "ΔE", 0, 160, 0.25),
    Measure(
        "cast_direction",
        "Direction of the colour cast",
        "° (0 red, 90 yellow, -90 blue)",
        -180,
        180,
        30,
        circular=True,
    ),
)


def working_size(width: int, height: int) -> tuple[int, int]:
    """(width, height) at which a frame is measured: longest side 480, never enlarged."""
    factor = min(1.0, LONGEST_SIDE / max(width, height))
    return (
        max(SHORTEST_SIDE, round(width * factor)),
        max(SHORTEST_SIDE, round(height * factor)),
    )


def measure_image(rgb: Image) -> dict[str, float]:
    """All measures of one uint8 (h, w, 3) RGB image, both sides at least 16.

    luminance: mean of linear light, in % of white. lightness, contrast: mean and deviation of
    L*. over_exposed, under_exposed: area whose channels are all at least 250, or all at most
    20, of 255. sharpness, haze, sky_darkness: see the functions of that name. colour_cast,
    cast_direction: length and angle of the mean (a*, b*) of pixels of middle lightness; the
    angle is 0 where there is no cast.
    """
    light, green_red, blue_yellow, luminance = lab_and_luminance(rgb)
    darkest, brightest = channel_extreme(rgb, np.minimum), channel_extreme(rgb, np.maximum)
    a, b = cast_of(light, green_red, blue_yellow)
    percent = 100 / darkest.size
    values = {
        "luminance": 100 * float(luminance.mean()),
        "lightness": float(light.mean()),
        "contrast": float(light.std()),
        "over_exposed": percent * np.count_nonzero(darkest >= WHITE),
        "under_exposed": percent * np.count_nonzero(brightest <= BLACK),
        "sharpness": sharpness_of(luma(rgb)),
        "haze": haze_of(darkest),
        "sky_darkness": sky_darkness_of(luminance),
        "colour_cast": float(np.hypot(a, b)),
        "cast_direction": float(np.degrees(np.arctan2(b, a))),
    }
    return {
        name: float(np.clip(values[name], measure.low, measure.high))
        for name, measure in MEASURES.items()
    }


def channel_extreme(rgb: Image, extreme: np.ufunc) -> NDArray[np.uint8]:
    """The smallest or greatest (`np.minimum`, `np.maximum`) of the three channels, (h, w)."""
    red, green, blue = np.ascontiguousarray(rgb.transpose(2, 0, 1))
    found: NDArray[np.uint8] = extreme(extreme(red, green), blue)
    return found


def haze_of(darkest: NDArray[np.uint8]) -> float:
    """Veil of scattered light over the dark parts near the horizon, [0, 1].

    The dark channel (minimum over channels, given, and over a patch of 3 % of the longest
    side) in linear light, divided by the airlight; its 25th percentile over the rows between
    30 and 65 % of the height, where a street view is far away but seldom sky alone. Near 0 in
    clear air by day and by night, 0.1 at about 400 m of visibility, 0.3 at 100 m, 0.5 at 50 m.

    The airlight is the mean of the pixels with the highest dark channel (1 % of the frame), but
    at least 0.2: in the dark, sensor noise and black level must not count as a veil.
    """
    size = _patch(darkest.shape)
    channel = extreme_around(darkest, size, np.minimum)
    highest = max(1, channel.size // 100)
    top = np.partition(channel.ravel(), -highest)[-highest]
    airlight = float(SRGB_TO_LINEAR[darkest[channel >= top]].mean(dtype=np.float64))
    rows = [round(share * len(channel)) for share in HORIZON_BAND]
    band = channel[rows[0] : max(rows[1], rows[0] + 1)]
    veil = float(SRGB_TO_LINEAR[int(quantile(band, DARK_SHARE))])
    return min(1.0, veil / max(airlight, LEAST_AIRLIGHT))


def sky_darkness_of(luminance: NDArray[np.float32]) -> float:
    """How far the sky's brightest part lies below the highlights of the frame, EV, [0, 9].

    Args:
        luminance: (h, w) relative luminance, [0, 1].

    The sky is what is brightest in the upper third once lamps, windows and whatever else is
    smaller than a patch (3 % of the longest side) are removed by a grey opening: the 90th
    percentile, as roofs and trees may leave but a gap of it. Highlights: the 99.5th percentile of
    the frame. Both count from 0.003 of white, the noise of a dark picture. About 0 to 2.5 by day,
    at dusk and in fog, 4 to 8 at night.
    """
    size = _patch(luminance.shape)
    rows = max(1, round(len(luminance) * SKY_ROWS))
    # Rows below the third, which the opening reaches into, count as they are.
    upper = extreme_around(luminance[: rows + size], size, np.minimum)
    sky = quantile(extreme_around(upper, size, np.maximum)[:rows], SKY_SHARE)
    highlight = quantile(luminance, HIGHLIGHT_SHARE)
    return max(0.0, math.log2((highlight + NOISE_FLOOR) / (sky + NOISE_FLOOR)))


def _patch(shape: tuple[int, ...]) -> int:
    return max(3, round(max(shape) * PATCH) | 1)
