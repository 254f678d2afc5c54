"""Falling rain and snow: thin bright marks before everything, upright for rain, round for snow.

Garg & Nayar ("Vision and rain", IJCV 2007): a drop refracts light of the whole scene and is
brighter than what is behind it; during the exposure it draws a streak. Both are seen best where the
scene itself is smooth, so the quieter half of the upper part decides.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter

from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.score import Cues, Score


def marks(picture: Picture) -> dict[str, float]:
    """Of the smoother half of the upper 60 %: amount, brightness and direction of fine marks.

    amount: log of the mean fine difference; bright: skewness of the fine layer (bright marks on a
    ground give more than 0); upright: log ratio of differences across to those down; grey: chroma
    of the upper part (rain and snow fall from grey skies); pale: median L* there over 100.
    """
    part = picture.rows(0, 0.6)
    fine, brightness = picture.fine[part], picture.luma[part]
    activity = uniform_filter(np.abs(fine), 9)
    quiet = activity <= np.median(activity)
    across = np.abs(np.diff(brightness, axis=1, prepend=brightness[:, :1]))[quiet].mean()
    down = np.abs(np.diff(brightness, axis=0, prepend=brightness[:1]))[quiet].mean()
    chosen = fine[quiet]
    deviation = float(chosen.std()) + 1e-4
    light, a, b = picture.lab
    return {
        "amount": float(np.log10(np.abs(chosen).mean() + 3e-4)),
        "bright": float(np.clip(((chosen / deviation) ** 3).mean(), -4, 4)),
        "upright": float(np.log((across + 5e-4) / (down + 5e-4))),
        "grey": float(np.log10(np.hypot(a[part], b[part]).mean() + 0.5)),
        "pale": float(np.median(light[part])) / 100,
    }


def rain_cues(picture: Picture) -> Cues:
    """Fine marks, how upright they are, the sky's grey, and how the road mirrors."""
    from isthmus.cornercases.scores.ground import road

    found = marks(picture)
    kept = {name: found[name] for name in ("amount", "upright", "grey")}
    return kept | {"mirror": road(picture)["mirror"]}


def snow_cues(picture: Picture) -> Cues:
    """Fine marks, how bright they are, the sky's grey."""
    found = marks(picture)
    return {name: found[name] for name in ("amount", "bright", "grey", "pale")}


RAIN = Score("rain", "Rain", rain_cues)
SNOWFALL = Score("snowfall", "Falling snow", snow_cues)
