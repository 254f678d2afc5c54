"""The light of the day itself: its sun evened out, its clouds.

A picture of a sunlit street is turned into one under an even sky by lifting what lies in shade and
holding down what is lit, judged by each place's surroundings.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isthmus.augment.linear import Floats, luminance
from isthmus.augment.mix import greyed, over
from isthmus.augment.smooth import enlarge, gauss, normal_noise, smooth_noise

BRIGHT = 0.42
"""Linear level that the brightest 3 % of a flat scene are lifted to, if that is not too much."""
MIDDLE, LIFTED = 0.17, 3.2
"""Linear level at which cameras put the middle of a usual scene, and how many times higher that of
a flat one may lie: white things are to come out white."""
SKY_OVER_ROAD = 5.0
"""Luminance of an overcast sky near the horizon over that of a dry road under it.

CIE's overcast sky (Moon and Spencer 1942) has 3/7 of the zenith's luminance at the horizon, 7/9 on
the mean; worn asphalt sends back about 15 % of the light."""
SKY_OVER_REST = 3.8
DARKEST_SKY = 0.02
NOISE = 0.02
"""Deviation, from pixel to pixel, that a camera adds to a surface as bright as the sky."""
CLOUDY = np.array([0.97, 1.0, 1.02], np.float32)


def overcast(
    light: Floats, sky: NDArray[np.bool_], road: NDArray[np.bool_], amount: float,
    rng: np.random.Generator, *, lit_from_below: float = 1.0,
) -> Floats:  # fmt: skip
    """Light (h, w, 3) of the scene after clouds have covered sun and sky.

    Args:
        light: of the scene in whatever weather it was taken.
        sky, road: (h, w) where they are seen; the road tells how much light there is.
        amount: 0 (as it was) to 1 (overcast).
        rng: shapes the clouds.
        lit_from_below: luminance of the clouds relative to what they have over bare ground.
    """
    level = luminance(light)
    soft_sky = gauss(sky.astype(np.float32), max(0.6, level.shape[1] / 900))
    factor = evened(level, unevenness(level, soft_sky), 0.8 * amount)
    # Without the sun's warm and the sky's blue light, colours are those of surfaces alone.
    out = greyed(light, level, 0.3 * amount, factor)
    rest = luminance(out[::3, ::3][~sky[::3, ::3]])
    lit = SKY_OVER_REST * float(np.median(rest)) if len(rest) else 1.0
    floor = luminance(out[::3, ::3][road[::3, ::3]])
    if len(floor) > 20:
        lit = max(lit, SKY_OVER_ROAD * float(np.median(floor)))
    above = np.float32(np.clip(lit * lit_from_below, DARKEST_SKY, 1.6))
    shape = (level.shape[0], level.shape[1])
    ceiling = above * (0.85 + 0.15 * clouds(rng, shape))
    ceiling = ceiling * (1 + np.float32(NOISE) * normal_noise(rng, shape))
    return over(out, ceiling, soft_sky * np.float32(amount), CLOUDY)


def airlight(light: Floats, sky: NDArray[np.bool_]) -> Floats:
    """Linear RGB (3,) of air that falling water fills.

    Drops send on what comes from all around: the ground's half, and above it as much sky as the
    upper half of the picture has between the walls.
    """
    part = light[::4, ::4]
    seen = part[sky[::4, ::4]]
    if len(seen) > 20:
        below = np.median(part[~sky[::4, ::4]], axis=0) if not sky.all() else 0.0
        above = np.minimum(np.median(seen, axis=0), 1)
        share = 0.5 * float(sky[: max(1, len(sky) // 2) : 4, ::4].mean())
        return np.asarray(share * above + (1 - share) * below, np.float32)
    return np.asarray(np.quantile(part.reshape(-1, 3), 0.9, axis=0), np.float32)


def metered(light: Floats, before: Floats, amount: float = 1.0, *, lifted: bool = True) -> Floats:
    """Light (h, w, 3) as an automatic exposure takes it that took the frame `before`.

    The lower two thirds of a picture decide, as cameras of cars meter: they come out as light as
    they were. What is flat (fog, snow) comes out lighter, until its brightest are white, however
    dark the street before was: with the sun and the bright sky gone, nothing else holds exposure
    down.

    Args:
        light: after the weather has changed.
        before: the frame as it was.
        amount: 0 (exposure stays) to 1 (metered anew).
        lifted: a flat scene comes out lighter; False where there is too little light for that.
    """
    usual = _metered_level(before)[0]
    level, bright = _metered_level(light)
    aim = max(usual, min(BRIGHT * level / bright, LIFTED * MIDDLE)) if lifted else usual
    gain = aim / level
    return np.asarray(light * np.float32(np.clip(gain, 0.1, 10) ** amount), np.float32)


def _metered_level(light: Floats) -> tuple[float, float]:
    """What exposure follows: middle level of the lower two thirds, and their brightest 3 %."""
    level = luminance(light[light.shape[0] // 3 :: 3, ::3]).ravel()
    middle = 0.5 * float(np.exp(np.log(level + 1e-4).mean())) + 0.5 * float(np.median(level))
    middle = max(middle, 1e-4)
    return middle, max(float(np.quantile(level, 0.97)), middle)


def unevenness(level: Floats, sky: Floats) -> Floats:
    """Brightness (h, w) of a place's surroundings on the ground, relative to the middle one."""
    sigma = level.shape[1] / 25
    local = (gauss(level * (1 - sky), sigma) + 1e-3) / (gauss(1 - sky, sigma) + 2e-3)
    return np.asarray(np.maximum(local, 1e-3) / np.median(local), np.float32)


def evened(level: Floats, surroundings: Floats, amount: float) -> Floats:
    """Factor (h, w) that evens out the sun: lifts what is in shade, holds down what is lit."""
    factor = np.maximum(surroundings, 1e-3) ** np.float32(-0.55 * amount)
    # Highlights (sunlit walls, glints) lose more than their surroundings.
    # What is lighter than white is a lamp: it is held down no more than white is.
    held = 1 / (1 + np.float32(2.0 * amount) * np.clip(level - 0.25, 0, 0.75))
    return np.asarray(np.clip(factor, 0.3, 1.8) * held, np.float32)


def clouds(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Brightness (h, w) around 1 of a cloudy sky, flattened towards the horizon."""
    small = (-(-shape[0] // 2), -(-shape[1] // 2))
    noise = smooth_noise(rng, small, (2, 4, 8, 16, 32, 64))
    # Clouds lie on a flat ceiling: rows crowd towards the horizon.
    share = np.minimum(np.linspace(0, 1, small[0]) * 2, 1) ** 1.5
    rows = (share * (small[0] - 1)).astype(int)
    return enlarge(np.exp(0.44 * noise[rows] - 0.05).clip(0.3, 2.0), shape)
