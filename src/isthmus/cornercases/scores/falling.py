"""Falling rain and snow: small bright marks before all else, and splashes on the road (`marks`)."""

from __future__ import annotations

import numpy as np

from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.score import Cues, Score


def _sky(picture: Picture) -> dict[str, float]:
    """Colour of the upper 60 % (rain and snow fall from grey skies), and its median L*."""
    part = picture.rows(0, 0.6)
    light, a, b = picture.lab
    return {
        "grey": float(np.log10(np.hypot(a[part], b[part]).mean() + 0.5)),
        "pale": float(np.median(light[part])) / 100,
    }


def rain_cues(picture: Picture) -> Cues:
    """Splashes on the road, marks above, the sky's grey, and how the road mirrors."""
    from isthmus.cornercases.scores.ground import road

    found = picture.marks
    kept = {name: found[name] for name in ("amount_low", "outweigh_low", "outweigh_up")}
    return kept | {"grey": _sky(picture)["grey"], "mirror": road(picture)["mirror"]}


def snow_cues(picture: Picture) -> Cues:
    """Marks above and before the road, the sky's grey."""
    found = picture.marks
    kept = {name: found[name] for name in ("amount_up", "outweigh_up", "outweigh_low")}
    return kept | _sky(picture)


RAIN = Score("rain", "Rain", rain_cues)
SNOWFALL = Score("snowfall", "Falling snow", snow_cues)
