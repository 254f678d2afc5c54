"""What one set is of another: figures of light, classes, label attributes, reach in features."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from isthmus.data.dataset import Dataset
from isthmus.features.extractor import FeatureSet
from isthmus.quality.looks import FIGURES, Looks
from isthmus.quality.representativeness import Fit, grte, same_distribution, same_shares
from isthmus.quality.shares import effective_number
from isthmus.quality.support import support

Document = dict[str, Any]
WITNESSES = 12


def compare(
    first: Dataset,
    other: Dataset,
    looks: Looks,
    others: Looks,
    *,
    features: tuple[FeatureSet | None, FeatureSet | None],
    seed: int,
) -> Document:
    """How well `first` represents `other`: tests by figure and by kind, and reach in features.

    Frames of a video count for as many as they are worth, so that p-values mean what they say.
    """
    worth = [
        effective_number(list(side.values.values()), [f.sequence for f in side.frames])
        for side in (looks, others)
    ]
    figures = {
        name: _written(
            same_distribution(
                looks.values[name], others.values[name], worth_x=worth[0], worth_y=worth[1]
            )
        )
        for name in FIGURES
    }
    share = sum(worth) / (len(looks) + len(others))
    return {
        "first": first.name,
        "second": other.name,
        "effective_frames": {"first": worth[0], "second": worth[1]},
        "figures": figures,
        "classes": _shares(_classes(first), _classes(other), share),
        "attributes": {
            name: _shares(_values(first, name), _values(other, name), share)
            for name in _attributes(first) & _attributes(other)
        },
        "reach": _reach(*features, seed),
    }


def _written(fit: Fit) -> Document:
    return {"statistic": fit.statistic, "p_value": fit.p_value, "n": fit.n}


def _classes(dataset: Dataset) -> Counter[str]:
    return Counter(b.category for f in dataset for b in f.objects or () if not b.ignore)


def _attributes(dataset: Dataset) -> set[str]:
    return {name for frame in dataset for name in frame.attributes}


def _values(dataset: Dataset, name: str) -> Counter[str]:
    return Counter(f.attributes[name] for f in dataset if name in f.attributes)


def _shares(ours: Counter[str], theirs: Counter[str], worth: float) -> Document | None:
    if not ours or not theirs:
        return None
    kinds = sorted(ours | theirs)
    counts = [np.array([side[kind] for kind in kinds]) for side in (ours, theirs)]
    return {
        "chi2": _written(same_shares(counts[0], counts[1], worth=min(1.0, worth))),
        "grte": grte(counts[0], counts[1]).statistic,
        "shares": {
            kind: [float(a), float(b)]
            for kind, a, b in zip(
                kinds, counts[0] / counts[0].sum(), counts[1] / counts[1].sum(), strict=True
            )
        },
    }


def _reach(ours: FeatureSet | None, theirs: FeatureSet | None, seed: int) -> Document | None:
    if ours is None or theirs is None:
        return None
    layer = next(iter(ours.layers))
    found = support(
        ours.layers[layer],
        theirs.layers[layer],
        source_sequences=ours.sequences,
        target_sequences=theirs.sequences,
        seed=seed,
    )
    return {
        "layer": layer,
        "frames": [len(ours.ids), len(theirs.ids)],
        "effective_frames": found.effective,
        "uncovered": found.uncovered,
        "witnesses": [theirs.ids[i] for i in found.farthest(WITNESSES)],
    }
