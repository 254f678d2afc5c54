"""Gates: bounds that a measured gap has to keep, for pipelines that must stop when it does not.

A gate file names metrics, and for each the figures with their bounds; under `layers`, single
layers have bounds of their own, which replace the metric's for that figure::

    mmd:
      ratio: {max: 3}          # at most three times the noise floor, on every layer
      p_value: {min: 0.01}
      layers:
        shape: {ratio: {max: 5}}
        "onnx:net.onnx#conv5": {ratio: {max: 2}}   # this layer of this extractor alone

A rule passes only on a figure that was measured: a metric that was not, a layer that does not
exist, a floor that the sample is too small for, and a rule that no figure could break all fail,
with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
    model_validator,
)

from isthmus.errors import ConfigError
from isthmus.option_file import OptionFile, describe, listed, nearest, read_options

if TYPE_CHECKING:
    from isthmus.study.measure import GapResult

FIGURES = ("value", "low", "high", "plug_in", "p_value", "ratio")
GATED_PAIR = "source-target"
WHAT = "gate file"


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"a number is needed, not {'yes' if value else 'no'}")
    return value


Number = Annotated[float, BeforeValidator(_number), Field(allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bounds(_Part):
    """What a figure must not fall below or rise above; both ends are allowed values."""

    min: Number | None = Field(None, description="smallest value that passes")
    max: Number | None = Field(None, description="largest value that passes")

    @model_validator(mode="after")
    def _bounded(self) -> Bounds:
        if self.min is None and self.max is None:
            raise ValueError("no bound; give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} lies above max {self.max:g}: nothing could pass")
        return self


class Rules(_Part):
    """Bounds for the figures of one metric."""

    value: Bounds | None = Field(None, description="the distance, bias removed")
    low: Bounds | None = Field(None, description="lower end of its interval")
    high: Bounds | None = Field(None, description="upper end of its interval")
    plug_in: Bounds | None = Field(None, description="the textbook formula on all frames")
    p_value: Bounds | None = Field(None, description="chance of such a distance without a gap")
    ratio: Bounds | None = Field(None, description="value over noise floor")

    @model_validator(mode="after")
    def _some_rule(self) -> Rules:
        if not any(getattr(self, name) for name in self.model_fields_set):
            raise ValueError(f"no rule; give bounds for one of {', '.join(FIGURES)}")
        return self

    def bounds(self) -> Iterator[tuple[str, Bounds]]:
        """Name and bounds of the figures that have any."""
        for name in FIGURES:
            if (found := getattr(self, name)) is not None:
                yield name, found


class MetricRules(Rules):
    """Bounds for one metric on all layers, and on single ones."""

    layers: dict[str, Rules] = Field(
        default_factory=dict, description="LAYER or EXTRACTOR#LAYER → bounds that replace those"
    )


class Gate(RootModel[Annotated[dict[str, MetricRules], Field(min_length=1)]]):
    """The rules of one gate file, by metric."""

    model_config = ConfigDict(frozen=True)

    @property
    def metrics(self) -> tuple[str, ...]:
        """Names of the metrics that have rules."""
        return tuple(self.root)


@dataclass(frozen=True)
class Check:
    """One rule on one measured figure.

    Attributes:
        metric, extractor, layer: where the figure stands; extractor and layer are "" where
            nothing was measured that the rule could be held against.
        figure: name of the figure, one of `FIGURES`.
        rule: the bounds in words.
        found: the figure; None if there is none.
        low, high: the interval of the metric's value.
        passed: whether the figure exists and lies within the bounds.
        reason: why not, "" if it does.
    """

    metric: str
    extractor: str
    layer: str
    figure: str
    rule: str
    found: float | None
    low: float | None
    high: float | None
    passed: bool
    reason: str


@dataclass(frozen=True)
class GateResult:
    """All rules of a gate, held against one measurement."""

    checks: tuple[Check, ...]

    @property
    def failures(self) -> tuple[Check, ...]:
        """The rules that do not hold."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def reasons(self) -> dict[str, tuple[Check, ...]]:
        """Why rules do not hold, each reason once, with the rules that fail for it."""
        found: dict[str, tuple[Check, ...]] = {}
        for check in self.failures:
            found[check.reason] = (*found.get(check.reason, ()), check)
        return found

    @property
    def passed(self) -> bool:
        """True if there are rules and all of them hold."""
        return bool(self.checks) and not self.failures

    def to_json(self) -> dict[str, Any]:
        """A JSON-like dictionary."""
        return {"passed": self.passed, "checks": [asdict(check) for check in self.checks]}


def load_gate(path: Path | str) -> Gate:
    """Read and check a gate file.

    Raises:
        ConfigError: the file is missing, is not YAML, or is wrong; lists every fault.
    """
    file = read_options(Path(path), WHAT)
    if not isinstance(file.values, dict):
        raise ConfigError(
            f"{path}: expected rules such as `mmd: {{ratio: {{max: 3}}}}`, found none"
        )
    return _parsed(file, str(path))


def parse_gate(rules: Mapping[str, Any]) -> Gate:
    """Check rules given as a mapping; see `load_gate`."""
    return _parsed(OptionFile(rules), "gate")


def _parsed(file: OptionFile, where: str) -> Gate:
    from isthmus.gap import METRICS

    faults = [
        (line, f"line {line}: {'.'.join(map(str, option))}: given twice; keep one of them")
        for option, line in file.repeated
    ]
    for name in file.values:
        if name not in METRICS:
            line = file.lines.get((name,), 0)
            said = f"line {line}: " if line else ""
            hint = nearest(str(name), list(METRICS)) or f"; known are {', '.join(METRICS)}"
            faults.append((line, f"{said}{name}: unknown metric{hint}"))
    gate = None
    try:
        gate = Gate.model_validate(file.values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        faults += [describe(fault, Gate, file.lines, "gate") for fault in found]
    if faults or gate is None:
        raise listed(where, [message for _, message in sorted(faults, key=lambda f: f[0])])
    return gate


def check_gate(result: GapResult | Mapping[str, Any], gate: Gate) -> GateResult:
    """Hold the rules of `gate` against a measurement (or its document), source against target."""
    document = result if isinstance(result, Mapping) else result.document
    rows = [row for row in document["estimates"] if row["pair"] == GATED_PAIR]
    checks: list[Check] = []
    for metric, rules in gate.root.items():
        own = [row for row in rows if row["metric"] == metric]
        if not own:
            every = (*rules.bounds(), *(b for r in rules.layers.values() for b in r.bounds()))
            checks += [
                _missing(metric, "", figure, bounds, f"{metric} was not measured; ask for it")
                for figure, bounds in every
            ]
            continue
        for row in own:
            checks += [_check(row, figure, b) for figure, b in _rules_for(rules, row).items()]
        for layer, special in rules.layers.items():
            if not any(_names(layer, row) for row in own):
                known = ", ".join(dict.fromkeys(_full_name(row) for row in own))
                reason = f"no layer {layer!r} was measured; there are {known}"
                checks += [_missing(metric, layer, f, b, reason) for f, b in special.bounds()]
    return GateResult(tuple(checks))


def _rules_for(rules: MetricRules, row: Mapping[str, Any]) -> dict[str, Bounds]:
    """Figure → bounds for one row: those of the layer before those of the metric."""
    found = dict(rules.bounds())
    named = sorted(rules.layers, key=lambda name: name == _full_name(row))
    for name in named:
        if _names(name, row):
            found.update(rules.layers[name].bounds())
    return found


def _full_name(row: Mapping[str, Any]) -> str:
    """`EXTRACTOR#LAYER`, as in a spec string."""
    return f"{str(row['extractor']).rpartition('#')[0] or row['extractor']}#{row['layer']}"


def _names(layer: str, row: Mapping[str, Any]) -> bool:
    return layer in (row["layer"], _full_name(row))


def _missing(metric: str, layer: str, figure: str, bounds: Bounds, reason: str) -> Check:
    rule = f"{figure} {rule_text(bounds)}"
    return Check(metric, "", layer, figure, rule, None, None, None, False, reason)


def _check(row: Mapping[str, Any], figure: str, bounds: Bounds) -> Check:
    given = row.get(figure)
    found = float(given) if isinstance(given, int | float) and math.isfinite(given) else None
    reason = _unknown(row, figure) if found is None else _fault(row, figure, found, bounds)
    return Check(
        row["metric"],
        row["extractor"],
        row["layer"],
        figure,
        f"{figure} {rule_text(bounds)}",
        found,
        row.get("low"),
        row.get("high"),
        not reason,
        reason,
    )


def _fault(row: Mapping[str, Any], figure: str, found: float, bounds: Bounds) -> str:
    if bounds.max is not None and found > bounds.max:
        return f"{figure} {found:.4g} is above {bounds.max:g}"
    if bounds.min is not None and found < bounds.min:
        return f"{figure} {found:.4g} is below {bounds.min:g}"
    if figure == "p_value" and bounds.max is None and bounds.min is not None:
        return _toothless(bounds.min, int(row["permutations"]))
    return ""


def _toothless(least: float, permutations: int) -> str:
    """Why no measurement could break `p_value ≥ least`, "" if one could."""
    if least <= 0:
        return "no p-value lies below 0: this rule could not fail"
    if least * (permutations + 1) > 1:
        return ""
    return (
        f"{permutations} permutations give no p-value below {1 / (permutations + 1):.2g}: this "
        f"rule could not fail; take more than {1 / least - 1:.0f} permutations"
    )


def _unknown(row: Mapping[str, Any], figure: str) -> str:
    if figure == "ratio" and row.get("floor") is not None:
        return "there is no ratio: the noise floor is zero"
    few = f"{row['units_x']} and {row['units_y']} independent units a side"
    what = "noise floor" if figure == "ratio" else figure
    return f"there is no {what}: {few} are too few for it"


def rule_text(bounds: Bounds) -> str:
    """The bounds in signs: `≤ 3`, `≥ 0.01`, `in [0, 1]`."""
    if bounds.min is None:
        return f"≤ {bounds.max:g}"
    return f"≥ {bounds.min:g}" if bounds.max is None else f"in [{bounds.min:g}, {bounds.max:g}]"


def with_metrics(metrics: Sequence[str] | None, gate: Gate | None) -> list[str] | None:
    """The metrics to measure: those asked for, or the usual ones and those that `gate` names."""
    if metrics or gate is None:
        return list(metrics) if metrics else None
    from isthmus.gap import PANEL

    return list(dict.fromkeys((*PANEL, *gate.metrics)))


def gate_schema() -> dict[str, Any]:
    """Give the JSON Schema of gate files, for editors and other programs."""
    return Gate.model_json_schema()
