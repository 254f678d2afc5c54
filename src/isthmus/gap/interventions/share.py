"""What share of the gap goes with one kind of difference.

Source pictures are changed towards the target's domain statistics (`INTERVENTIONS`), features are
extracted again, and the same metric is read before and after, on the same frames, units and
resamples (`isthmus.gap.paired`):

    share = (gap before - gap after) / (gap before - floor), at most 1

1: all that stood above the floor is gone (what lies below the floor is no gap that could be
removed); 0: nothing; below 0: the intervention made it worse. A gap that does not stand above its
floor has no shares. Shares of several interventions do not add up: what two of
them can remove counts twice, what only both together can does not count at all; name them
together ("colour+sharpness") to see what they do in a row. On squared scales (`mmd`) halving a
shift removes three quarters of the gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from isthmus.data.images import RGB
from isthmus.errors import ConfigError
from isthmus.features.extractor import Extractor, Matrix
from isthmus.gap.estimate import checked_pair
from isthmus.gap.inference import Scale
from isthmus.gap.interventions.intervention import Fitted
from isthmus.gap.interventions.layout import Weights, whole_repeats
from isthmus.gap.interventions.registry import INTERVENTIONS
from isthmus.gap.metric import pooled_rows
from isthmus.gap.mmd import median_bandwidth
from isthmus.gap.paired import PairedGaps, interval, measure_pair
from isthmus.gap.pictures import Change, Pictures, extract, stacked

TOGETHER = "+"
DEFAULT = ("colour", "spectrum", "sharpness")


@dataclass(frozen=True, slots=True)
class RemovedShare:
    """What one intervention does to the gap in one layer.

    `before`, `after`: the gaps, `floor` and `p_value` those of the gap before; `share` with its
    interval `low`..`high`, None with a `reason` where the gap does not stand above its floor;
    `change`: after less before, with its interval and p-value; `effective_n`: frames' worth of
    information left by weights (None for interventions on pixels); `settings`: what was matched.
    """

    intervention: str
    label: str
    kind: str
    layer: str
    metric: str
    before: float
    after: float
    floor: float | None
    p_value: float | None
    share: float | None
    low: float | None
    high: float | None
    reason: str | None
    change: float
    change_low: float | None
    change_high: float | None
    change_p_value: float | None
    effective_n: float | None
    n: int
    m: int
    units_x: int
    units_y: int
    unit_kind: str
    settings: dict[str, Any]
    warnings: tuple[str, ...]

    def to_document(self) -> dict[str, Any]:
        """A JSON-like dictionary."""
        return {**asdict(self), "warnings": list(self.warnings)}


def removed_shares(
    source: Pictures,
    target: Pictures,
    extractor: Extractor,
    interventions: Iterable[str] = DEFAULT,
    *,
    layers: Sequence[str] | None = None,
    metric: str = "mmd",
    groups_x: Sequence[Any] | None = None,
    groups_y: Sequence[Any] | None = None,
    level: float = 0.95,
    permutations: int = 499,
    bootstraps: int = 499,
    floor_splits: int = 100,
    seed: int = 0,
    scale: Scale = "none",
    features: tuple[Mapping[str, Matrix], Mapping[str, Matrix]] | None = None,
    **params: Any,
) -> tuple[RemovedShare, ...]:
    """One `RemovedShare` for every intervention and layer, in that order.

    Args:
        source, target: pictures of the extractor's size (see `isthmus.gap.pictures`).
        extractor: any; `Descriptors` tells kinds apart best.
        interventions: names in `INTERVENTIONS`; "a+b" does a, then b on what a left.
        layers: of the extractor; None: all.
        metric and all else: as for `isthmus.gap.paired.measure_pair`. For `mmd` the bandwidth is
            that of the samples before; with scale "pooled" it and the scale are found anew for
            each intervention, and the gap before differs a little between them.
        features: layer → features of source and of target as they are, if they are known already.

    Raises:
        ConfigError: an unknown intervention or layer, or a metric that cannot be paired.
        InputError: no pictures, or pictures the extractor does not take.
    """
    names = _known(interventions)
    chosen = tuple(layers or extractor.layers)
    for layer in chosen:
        if layer not in extractor.layers:
            raise ConfigError(f"no layer {layer!r}; there are {', '.join(extractor.layers)}")
    options: dict[str, Any] = {"groups_x": groups_x, "groups_y": groups_y, "level": level}
    options |= {"permutations": permutations, "bootstraps": bootstraps, "scale": scale}
    options |= {"floor_splits": floor_splits, "seed": seed, "metric": metric, **params}
    before, y = features or (extract(source, extractor), extract(target, extractor))
    # The gap before is the same beside every intervention only with a bandwidth of its own.
    own = metric == "mmd" and scale == "none"
    widths = {
        name: median_bandwidth(pooled_rows(before[name], y[name]))[0] if own else None
        for name in chosen
    }
    out = []
    for name in names:
        fitted = fit_in_a_row(name, source, target, seed)
        after = extract(source, extractor, fitted.change)
        parts = [INTERVENTIONS[part] for part in name.split(TOGETHER)]
        label = ", then ".join(part.label for part in parts)
        kinds = tuple(dict.fromkeys(part.kind for part in parts))
        for layer in chosen:
            options["bandwidth"] = params.get("bandwidth", widths[layer])
            given = {key: value for key, value in options.items() if value is not None}
            pair = measure_pair(before[layer], after[layer], y[layer], **given)
            words = (name, label, kinds[0] if len(kinds) == 1 else "all", layer)
            out.append(_row(words, pair, fitted.settings, fitted.warnings, None))
    return tuple(out)


def _known(interventions: Iterable[str]) -> list[str]:
    names = list(interventions)
    for part in [part for name in names for part in name.split(TOGETHER)]:
        if part not in INTERVENTIONS:
            known = ", ".join(INTERVENTIONS)
            raise ConfigError(f"intervention {part!r} is not known; known are {known}")
    return names


def removed_by_weights(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    weights: Weights,
    *,
    layer: str,
    kind: str = "semantic",
    metric: str = "mmd",
    **options: Any,
) -> RemovedShare:
    """What weighting source frames does to the gap between features `x` (n, d) and `y` (m, d).

    `weights`: from `isthmus.gap.interventions.layout`, for the rows of x. Further `options` as for
    `isthmus.gap.paired.measure_pair`. Resamples take the weights as given; that they are estimated
    adds uncertainty which the interval does not show.
    """
    repeats = whole_repeats(weights.values)
    if metric == "mmd" and options.get("scale", "none") == "none":
        # As beside the interventions on pixels: the bandwidth of the samples before.
        rows = pooled_rows(*checked_pair(x, y))
        options = {"bandwidth": median_bandwidth(rows)[0], **options}
    pair = measure_pair(x, x, y, metric, repeats=repeats, **options)
    words = ("layout", "Match layout and class mix", kind, layer)
    return _row(words, pair, weights.settings, weights.warnings, weights.effective_n)


def fit_in_a_row(name: str, source: Pictures, target: Pictures, seed: int) -> Fitted:
    """The interventions of "a+b" one after the other, each fitted to what the ones before left."""
    first, *rest = name.split(TOGETHER)
    fitted = INTERVENTIONS[first].fit(source, target, seed)
    for part in rest:
        more = INTERVENTIONS[part].fit(_Changed(source, fitted.change), target, seed)
        settings = {**fitted.settings, part: more.settings}
        warnings = fitted.warnings + more.warnings
        fitted = Fitted(_both(fitted.change, more.change), settings, warnings)
    return fitted


def _both(first: Change, second: Change) -> Change:
    return lambda batch: second(first(batch))


@dataclass(frozen=True)
class _Changed:
    pictures: Pictures
    change: Change

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int, /) -> RGB:
        picture: RGB = self.change(stacked([self.pictures[index]]))[0]
        return picture


def share_of(pair: PairedGaps) -> tuple[float | None, float | None, float | None, str | None]:
    """Share, its interval, and the reason where there is none; see the module."""
    floor, value = pair.before.floor, pair.before.value
    if floor is None:
        return None, None, None, "too few independent units for a noise floor"
    if value <= floor:
        return None, None, None, "the gap does not stand above its noise floor"
    if pair.before.p_value is not None and pair.before.p_value > 1 - pair.level:
        return None, None, None, f"the gap may be chance (p = {pair.before.p_value:.2g})"
    room = pair.drawn_before - floor
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.minimum((pair.drawn_before - pair.drawn_after) / room, 1.0)
    # A draw without a gap above the floor says that the share may be anything.
    shares = np.where(room > 0, shares, np.where(np.arange(len(room)) % 2, 1.0, -np.inf))
    low, high = _bounds(shares, pair.level)
    return min((value - pair.after.value) / (value - floor), 1.0), low, high, None


def _bounds(shares: np.ndarray, level: float) -> tuple[float | None, float | None]:
    if len(shares) < 2:
        return None, None
    ends = np.quantile(shares, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    low, high = (float(end) if np.isfinite(end) else None for end in ends)
    return low, high


def _row(
    words: tuple[str, str, str, str],
    pair: PairedGaps,
    settings: dict[str, Any],
    warnings: tuple[str, ...],
    effective_n: float | None,
) -> RemovedShare:
    share, low, high, reason = share_of(pair)
    change = interval(pair.drawn_after - pair.drawn_before, pair.level)
    return RemovedShare(
        *words,
        metric=pair.metric,
        before=pair.before.value,
        after=pair.after.value,
        floor=pair.before.floor,
        p_value=pair.before.p_value,
        share=share,
        low=low,
        high=high,
        reason=reason,
        change=pair.difference,
        change_low=change[0],
        change_high=change[1],
        change_p_value=pair.difference_p_value(),
        effective_n=effective_n,
        n=pair.n,
        m=pair.m,
        units_x=pair.units_x,
        units_y=pair.units_y,
        unit_kind=pair.kind,
        settings={**settings, "metric": pair.settings},
        warnings=warnings + pair.warnings,
    )
