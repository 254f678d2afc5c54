"""Layers of networks in a report: which of them are deep, and names that fit beside a chart."""

from __future__ import annotations

import math
from pathlib import PurePosixPath

from isthmus.report import fields
from isthmus.report.fields import Document

WIDEST = 46
"""Characters of a place's name: what fits beside a chart without being cut off."""
LEAST_EXTRACTOR = 14
DEEP = 3
"""One layer in so many of a network counts as deep: the last ones."""

Place = tuple[str, str]


def place_of(item: Document) -> Place:
    """Extractor and layer of an estimate."""
    return fields.text(item, "extractor"), fields.text(item, "layer")


def shallow(estimates: list[Document]) -> set[Place]:
    """Layers of networks before the last third (rounded up) of those that were measured.

    What is seen in a picture (semantic content) is in the deep ones; the first answer to colour
    and texture. Layers stand in the order in which the network was asked for them.
    """
    networks: dict[str, dict[Place, None]] = {}
    for item in estimates:
        if fields.text(item, "kind") == "semantic":
            place = place_of(item)
            networks.setdefault(place[0], {})[place] = None
    found: set[Place] = set()
    for places in networks.values():
        found.update(list(places)[: len(places) - math.ceil(len(places) / DEEP)])
    return found


def short_names(estimates: list[Document]) -> dict[Place, str]:
    """A name of at most `WIDEST` characters for every place; the layer's end always shows.

    The extractor gives way first, its folders before its file; places that would share a name
    keep their full ones.
    """
    places = list(dict.fromkeys(map(place_of, estimates)))
    names = {place: _short(place) for place in places}
    taken = list(names.values())
    return {p: name if taken.count(name) == 1 else _joined(p) for p, name in names.items()}


def _short(place: Place) -> str:
    extractor, layer = place
    if len(_joined(place)) <= WIDEST:
        return _joined(place)
    scheme, colon, path = extractor.partition("#")[0].partition(":")
    extractor = f"{scheme}{colon}{PurePosixPath(path).name}" if colon else scheme
    room = WIDEST - len(_joined(("", layer)))
    extractor = _end_of(extractor, max(LEAST_EXTRACTOR, room - 3))
    return _joined((extractor, _end_of(layer, WIDEST - len(extractor) - 3)))


def _joined(place: Place) -> str:
    return " · ".join(part for part in place if part)


def _end_of(text: str, most: int) -> str:
    return text if len(text) <= most else f"…{text[len(text) - most + 1 :]}"
