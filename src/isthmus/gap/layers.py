"""One metric over the layers of a network: a profile over depth, and one weighted sum of them.

Early layers see colour and texture, late ones content: the profile says where in a network two
domains part. The weighted sum is the multi-layer form of CMD (Zellinger et al. 2017 match several
hidden layers at once) for any metric. All layers share one plan of resamples, so that the sum
has an interval, a p-value and a floor of its own, in which layers that err together are not
counted as independent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from isthmus.errors import ConfigError, InputError
from isthmus.gap.conclusion import Draws, evaluated
from isthmus.gap.estimate import Estimate, Matrix, checked_pair
from isthmus.gap.inference import (
    Options,
    Sample,
    Scale,
    check_metric,
    concluded,
    on_scale,
    plugged_in,
)
from isthmus.gap.metric import Counts, Floats, Statistic
from isthmus.gap.registry import METRICS
from isthmus.gap.units import gather, longest_units


@dataclass(frozen=True)
class LayerProfile:
    """A metric over layers.

    Attributes:
        metric: its name.
        layers: layer → its own estimate, in the order given.
        weights: layer → weight in the sum.
        combined: the weighted sum of the layers' distances, resampled as one.
    """

    metric: str
    layers: Mapping[str, Estimate]
    weights: Mapping[str, float]
    combined: Estimate

    @property
    def deepest_contrast(self) -> str:
        """The layer with the largest multiple of its own noise floor."""
        known = {name: e.ratio for name, e in self.layers.items() if e.ratio is not None}
        if not known:
            raise InputError(f"no layer of the {self.metric} profile has a known noise floor")
        return max(known, key=lambda name: known[name])


def measure_layers(
    x: Mapping[str, npt.ArrayLike],
    y: Mapping[str, npt.ArrayLike],
    metric: str = "cmd",
    *,
    weights: Mapping[str, float] | None = None,
    layer_params: Mapping[str, Mapping[str, Any]] | None = None,
    groups_x: Sequence[Any] | None = None,
    groups_y: Sequence[Any] | None = None,
    level: float = 0.95,
    permutations: int = 999,
    bootstraps: int = 400,
    floor_splits: int = 100,
    seed: int = 0,
    scale: Scale = "none",
    device: str = "cpu",
    **params: Any,
) -> LayerProfile:
    """Measure every layer, and their weighted sum, on the same frames and resamples.

    Args:
        x, y: layer → features (n, d_layer) and (m, d_layer) of the same frames in every layer.
        metric: a name in `METRICS`; sums mean most for metrics without unit (cmd, mmd,
            proxy_a_distance).
        weights: layer → weight ≥ 0, brought to sum 1; equal by default.
        layer_params: layer → parameters that differ from `params` there (bounds of CMD, say).
        groups_x, groups_y, level, permutations, bootstraps, floor_splits, seed, scale, device,
            params: as for `measure`. Where frames of a video need blocks, all layers take those
            of the layer that stays alike longest.

    Raises:
        InputError: layers or frames differ between the sides or between layers.
        ConfigError: unknown metric, parameter or layer, or weights that cannot be used.
    """
    chosen = _weights(x, y, weights)
    options = Options(level, permutations, bootstraps, floor_splits, seed, scale, device)
    settings = {name: {**params, **(layer_params or {}).get(name, {})} for name in chosen}
    for known in settings.values():
        check_metric(metric, known)
    pairs, notes = _pairs(x, y, list(chosen), scale)
    units = gather(longest_units(pairs.values(), groups_x, groups_y), seed)
    plan = options.plan(units)
    about, layers = METRICS[metric], {}
    statistics, found, plugs = [], [], []
    for name, (left, right) in pairs.items():
        sample = Sample.of(left, right, units, plan, options=options, notes=notes[name])
        statistic = about.prepare(sample.rows, seed=seed, **settings[name])
        draws = evaluated(about, statistic, plan)
        plug_in = plugged_in(about, statistic, settings[name], draws, sample)
        layers[name] = concluded(about, statistic, draws, sample, plug_in=plug_in)
        statistics.append(statistic)
        found.append(draws)
        plugs.append(plug_in)
    together = _Sum(tuple(statistics), tuple(chosen.values()), tuple(d.width for d in found))
    plug_in = float(np.dot(list(chosen.values()), plugs))
    combined = concluded(about, together, Draws.joined(found), sample, plug_in=plug_in)
    widths = sum(e.d for e in layers.values())
    return LayerProfile(metric, layers, chosen, replace(combined, d=widths))


@dataclass(frozen=True)
class _Sum:
    """The weighted sum of statistics whose components lie side by side."""

    statistics: tuple[Statistic, ...]
    weights: tuple[float, ...]
    widths: tuple[int, ...]

    @property
    def settings(self) -> dict[str, Any]:
        return {"weights": list(self.weights)}

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(w for s in self.statistics for w in s.warnings))

    @property
    def stretch(self) -> Floats:
        pairs = zip(self.statistics, self.widths, strict=True)
        return np.concatenate([np.broadcast_to(s.stretch, width) for s, width in pairs])

    def evaluate(self, wx: Counts, wy: Counts) -> Floats:
        return np.concatenate([s.evaluate(wx, wy) for s in self.statistics], axis=1)

    def draw(self, wx: Counts, wy: Counts) -> Floats | None:
        return None

    def combine(self, components: Floats) -> Floats:
        parts = np.split(components, np.cumsum(self.widths)[:-1], axis=-1)
        terms = zip(self.statistics, self.weights, parts, strict=True)
        result: Floats = np.sum([w * s.combine(part) for s, w, part in terms], axis=0)
        return result


def _weights(
    x: Mapping[str, Any], y: Mapping[str, Any], weights: Mapping[str, float] | None
) -> dict[str, float]:
    if not x or set(x) != set(y):
        raise InputError(
            f"layers {sorted(x)} on one side and {sorted(y)} on the other; expected the same, "
            "and at least one"
        )
    given = dict.fromkeys(x, 1.0) if weights is None else dict(weights)
    unknown = sorted(set(given) - set(x))
    if unknown:
        raise ConfigError(f"weights for {unknown}, but the layers are {sorted(x)}")
    values = {name: float(given[name]) for name in x if name in given}
    if min(values.values(), default=0.0) < 0 or not 0 < sum(values.values()) < np.inf:
        raise ConfigError(f"weights {given}; expected numbers of at least 0, not all of them 0")
    total = sum(values.values())
    return {name: value / total for name, value in values.items()}


def _pairs(
    x: Mapping[str, npt.ArrayLike], y: Mapping[str, npt.ArrayLike], names: list[str], scale: Scale
) -> tuple[dict[str, tuple[Matrix, Matrix]], dict[str, tuple[str, ...]]]:
    pairs: dict[str, tuple[Matrix, Matrix]] = {}
    notes: dict[str, tuple[str, ...]] = {}
    for name in names:
        left, right, notes[name] = on_scale(*checked_pair(x[name], y[name]), scale)
        pairs[name] = left, right
    counts = {name: (len(left), len(right)) for name, (left, right) in pairs.items()}
    if len(set(counts.values())) > 1:
        raise InputError(f"layers hold different numbers of frames: {counts}")
    return pairs, notes
