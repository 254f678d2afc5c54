"""Layers in a report: names that fit beside a chart."""

from __future__ import annotations

from pathlib import PurePosixPath

from isthmus.report import fields
from isthmus.report.fields import Document

WIDEST = 46
"""Characters of a place's name: what fits beside a chart without being cut off."""
LEAST_EXTRACTOR = 14

Place = tuple[str, str]


def place_of(item: Document) -> Place:
    """Extractor and layer of an estimate."""
    return fields.text(item, "extractor"), fields.text(item, "layer")


def is_deep(estimate: Document) -> bool:
    """Whether it speaks for its kind of difference; early layers of a network do not.

    The measurement says which they are (in documents of before it did, every layer speaks).
    """
    return estimate.get("deep") is not False


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
