"""Falling rain and snow: small bright marks before all else, and splashes on the road (`marks`)."""

from __future__ import annotations

import numpy as np

from isthmus.cornercases.order import quantile
from isthmus.cornercases.scores.ground import mirror
from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.score import Cues, Score


def _sky(picture: Picture) -> dict[str, float]:
    """Colour of the upper 60 % (rain and snow fall from grey skies), and its median L*."""
    part = picture.rows(0, 0.6)
    light = picture.lab[0]
    return {
        "grey": float(np.log10(picture.chroma[part].mean() + 0.5)),
        "pale": quantile(light[part], 0.5) / 100,
    }


def rain_cues(picture: Picture) -> Cues:
    """Splashes on the road, marks above, the sky's grey, and how the road mirrors."""
    found = picture.marks
    kept = {name: found[name] for name in ("amount_low", "outweigh_low", "outweigh_up")}
    return kept | {"grey": _sky(picture)["grey"], "mirror": mirror(picture)}


def snow_cues(picture: Picture) -> Cues:
    """Marks above and before the road, the sky's grey."""
    found = picture.marks
    kept = {name: found[name] for name in ("amount_up", "outweigh_up", "outweigh_low")}
    return kept | _sky(picture)


RAIN = Score("rain", "Rain", rain_cues)
SNOWFALL = Score("snowfall", "Falling snow", snow_cues)
