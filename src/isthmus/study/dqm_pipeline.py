"""Pipelines of dqm-ml, read for what they ask of the domain gap.

1.x: a list (YAML or JSON, bare or under `pipeline_definition`) of entries with
`domain: domain_gap` and metrics of `method_config: {DATA, MODEL, METHOD}` on two image folders.
2.x: `dataloaders.loaders`, `features.processors` (networks) and `gap.processors` of type
`domain_gap` on embedding columns; bare or under `config`.

The file may come from anywhere: it is read by a safe loader, and whatever in it is not
understood becomes an entry of `problems` with its reason, never a guess.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isthmus.data.frame import Problem
from isthmus.errors import ConfigError
from isthmus.option_file import nearest, read_options

MOST_ENTRIES = 100
METRICS_2 = (
    *("mmd_linear", "mmd_rbf", "mmd_poly", "fid", "klmvn_diag", "wasserstein_1d", "pad", "cmd"),
)
METHODS_1 = {
    "mmd": "mmd",
    "cmd": "cmd",
    "fid": "fid",
    "klmvn": "klmvn_diag",
    "wasserstein": "wasserstein",
    "proxy": "pad",
    "pad": "pad",
}
KERNELS_1 = {"linear": "mmd_linear", "rbf": "mmd_rbf", "poly": "mmd_poly"}
# Option → its default, the least and the largest value that is taken.
NUMBERS: dict[str, tuple[float, float, float]] = {
    "gamma": (1.0, 0.0, 1e12),
    "degree": (3.0, 1.0, 9.0),
    "coefficient0": (1.0, -1e12, 1e12),
    "k": (5, 1, 20),
    "epsilon": (1e-6, 0.0, 1.0),
    "klmvn_var_eps": (0.0, 0.0, 1e6),
    "dims": (64, 1, 100_000),
    "bins": (32, 1, 10_000),
}


@dataclass(frozen=True)
class Loader:
    """Where samples lie: a folder of images (1.x) or a table (2.x).

    Attributes:
        name: name of the selection; with a split, of the selections' common part.
        path: as it stands in the pipeline.
        table: whether it is a table.
        filters: column → values of the rows to keep.
        split: column, patterns of values to keep (empty: all), patterns to leave out.
        prefixes: column of image paths → folder that they are relative to.
    """

    name: str
    path: str
    table: bool
    filters: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    split: tuple[str, tuple[str, ...], tuple[str, ...]] | None = None
    prefixes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """One distance that the pipeline asks for.

    Attributes:
        name: of the processor or metric.
        metric: the distance in dqm-ml's words of 2.x ("sliced" for 1.x's own).
        options: its options, defaults filled in.
        columns: columns of embeddings (2.x).
        weights: one per column, for `cmd`.
        network: the network that the pipeline names, in words; "" if none.
        sides: the two folders (1.x); None for every pair of the pipeline's selections.
    """

    name: str
    metric: str
    options: Mapping[str, Any]
    columns: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    network: str = ""
    sides: tuple[Loader, Loader] | None = None


@dataclass(frozen=True)
class Pipeline:
    """What a pipeline asks for; `networks`: column of embeddings → (image column, network)."""

    version: str
    loaders: tuple[Loader, ...]
    requests: tuple[Request, ...]
    networks: Mapping[str, tuple[str, str]]
    problems: tuple[Problem, ...]


def read_pipeline(path: Path | str) -> Pipeline:
    """Read a pipeline of dqm-ml 1.x or 2.x.

    Raises:
        ConfigError: missing, not YAML or JSON, or not a pipeline.
    """
    values = read_options(Path(path), "dqm-ml pipeline").values
    if isinstance(values, dict) and isinstance(values.get("config"), dict):
        values = values["config"]
    if isinstance(values, dict) and "pipeline_definition" in values:
        values = values["pipeline_definition"]
    problems: list[Problem] = []
    if isinstance(values, list):
        return Pipeline("1.x", (), tuple(_requests_1(values, problems)), {}, tuple(problems))
    if isinstance(values, dict) and "dataloaders" in values:
        loaders = tuple(_loaders(values["dataloaders"], problems))
        networks = dict(_networks(values.get("features")))
        requests = tuple(_requests_2(values.get("gap"), problems))
        return Pipeline("2.x", loaders, requests, networks, tuple(problems))
    raise ConfigError(
        f"{path}: not a pipeline of dqm-ml: expected a list of entries with `domain` (1.x) or "
        "`dataloaders` and `gap` (2.x)"
    )


def _requests_1(entries: list[Any], problems: list[Problem]) -> Iterator[Request]:
    for number, entry in enumerate(_bounded(entries, "pipeline_definition", problems), 1):
        where = f"entry {number}"
        domain = _section(entry).get("domain")
        if domain != "domain_gap":
            reason = f"domain {domain!r} is no domain gap: isthmus measures nothing else of it"
            problems.append(Problem(where, "other-domain", reason, "note"))
            continue
        metrics = _section(entry).get("metrics")
        for item in _bounded(metrics, where, problems):
            name = str(_section(item).get("metric_name", "metric"))
            try:
                yield _request_1(name, _section(_section(item).get("method_config")))
            except ConfigError as error:
                problems.append(Problem(f"{where}, {name}", "bad-request", str(error)))


def _request_1(name: str, config: Mapping[str, Any]) -> Request:
    data, model, method = (_section(config.get(key)) for key in ("DATA", "MODEL", "METHOD"))
    called = str(method.get("name") or name).lower()
    if called not in METHODS_1:
        raise ConfigError(f"unknown method {called!r}{nearest(called, list(METHODS_1))}")
    metric = METHODS_1[called]
    if metric == "mmd":
        kernel = str(method.get("kernel", "linear"))
        if kernel not in KERNELS_1:
            raise ConfigError(f"unknown kernel {kernel!r}; known are {', '.join(KERNELS_1)}")
        metric = KERNELS_1[kernel]
    if metric == "wasserstein":
        one = str(method.get("dimension", "1D")).upper() == "1D"
        metric = "wasserstein_1d" if one else "sliced"
    folders = []
    for side in ("source", "target"):
        if not isinstance(data.get(side), str):
            raise ConfigError(f"DATA.{side}: no path of a folder")
        folders.append(Loader(Path(data[side]).name or side, data[side], False))
    arch = model.get("arch", "inception_v3" if metric == "fid" else "a network")
    arch = " and ".join(map(str, arch)) if isinstance(arch, list) else str(arch)
    network = f"{arch}, layer {model.get('n_layer_feature', -2)}"
    options = _options({**method, **_section(method.get("kernel_params"))})
    return Request(name, metric, options, network=network, sides=(folders[0], folders[1]))


def _loaders(section: Any, problems: list[Problem]) -> Iterator[Loader]:
    entries = _section(section).get("loaders", section)
    if isinstance(entries, dict):  # before 2.0.1: name → options
        entries = [{"name": name, **_section(options)} for name, options in entries.items()]
    for number, entry in enumerate(_bounded(entries, "dataloaders", problems), 1):
        options = _section(entry)
        name = str(options.get("name", f"loader {number}"))
        try:
            yield _loader(name, options)
        except ConfigError as error:
            problems.append(Problem(f"dataloaders.{name}", "bad-loader", str(error)))


def _loader(name: str, options: Mapping[str, Any]) -> Loader:
    kind, path = options.get("type", "parquet"), options.get("path")
    if kind != "parquet":
        raise ConfigError(f"type {kind!r}: only parquet files are read; write the table as one")
    if not isinstance(path, str):
        raise ConfigError("path: none is given")
    if _section(options.get("storage")).get("type", "local") != "local":
        raise ConfigError("storage: only files of this machine are read")
    filters = {}
    for item in _items(options.get("filters")):
        values = _section(item).get("values")
        if not isinstance(values, list):
            raise ConfigError("filters: `values` must be a list")
        filters[str(_section(item).get("column"))] = tuple(values)
    split = None
    if cut := _section(options.get("split")):
        kept, left_out = (tuple(map(str, _items(cut.get(key)))) for key in ("values", "exclude"))
        split = (str(cut.get("by")), kept, left_out)
    prefixes = {
        str(_section(item).get("column")): str(_section(item).get("prefix") or "")
        for item in _items(options.get("sample_path"))
    }
    return Loader(name, path, True, filters, split, prefixes)


def _networks(section: Any) -> Iterator[tuple[str, tuple[str, str]]]:
    for entry in _items(_section(section).get("processors"))[:MOST_ENTRIES]:
        if _section(entry).get("type") != "features_embeddings":
            continue
        model = _section(_section(entry).get("model"))
        arch, layers = model.get("arch", "a network"), model.get("n_layer_feature", -2)
        for column in map(str, _items(_section(_section(entry).get("columns")).get("input"))):
            yield f"{column}_embedding", (column, f"{arch}, layer {layers}")
            for layer in _items(layers):
                name = f"{column}_{str(layer).replace('.', '_')}"
                yield name, (column, f"{arch}, layer {layer}")


def _requests_2(section: Any, problems: list[Problem]) -> Iterator[Request]:
    entries = _section(section).get("processors")
    if isinstance(entries, dict):
        entries = [{"name": name, **_section(options)} for name, options in entries.items()]
    for number, entry in enumerate(_bounded(entries, "gap.processors", problems), 1):
        name = str(_section(entry).get("name", f"processor {number}"))
        where = f"gap.processors.{name}"
        try:
            yield _request_2(name, _section(entry))
        except ConfigError as error:
            problems.append(Problem(where, "bad-request", str(error)))


def _request_2(name: str, entry: Mapping[str, Any]) -> Request:
    if entry.get("type") != "domain_gap":
        raise ConfigError(f"type {entry.get('type')!r} is not domain_gap")
    distance = _section(entry.get("distance"))
    metric = str(distance.get("metric", "klmvn_diag"))
    if metric not in METRICS_2:
        raise ConfigError(
            f"unknown distance {metric!r}; known are {', '.join(METRICS_2)} (dqm-ml itself writes "
            "a note in place of the number and ends with status 0)"
        )
    columns = tuple(map(str, _items(_section(entry.get("columns")).get("input")))) or ("embedding",)
    summary = _section(entry.get("summary"))
    histogram = _section(summary.get("histogram"))
    old = {key: summary.get(f"hist_{key}") for key in ("dims", "bins", "range")}
    given = {**{k: v for k, v in old.items() if v is not None}, **histogram, **distance}
    options = _options({**given, **_section(distance.get("kernel_params"))})
    weights = _items(distance.get("feature_weights")) or [1.0] * len(columns)
    if len(weights) != len(columns) or not all(_is_number(w) and w >= 0 for w in weights):
        raise ConfigError(f"feature_weights: {len(columns)} numbers from 0 are needed")
    if not sum(weights):
        raise ConfigError("feature_weights: all are zero")
    return Request(name, metric, options, columns, tuple(float(w) for w in weights))


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a distance with their defaults; a `ConfigError` for one out of its range."""
    out: dict[str, Any] = {}
    for name, (default, least, most) in NUMBERS.items():
        value = given.get(name)
        value = default if value is None else _as_number(value)
        if not _is_number(value) or not least <= value <= most:
            raise ConfigError(f"{name}: a number from {least:g} to {most:g} is needed")
        out[name] = int(value) if name in ("k", "dims", "bins") else float(value)
    span = given.get("range") or [-3.0, 3.0]
    if not isinstance(span, list) or len(span) != 2 or not all(map(_is_number, span)):
        raise ConfigError("range: two numbers are needed")
    if not span[0] < span[1]:
        raise ConfigError("range: the first number must be below the second")
    evaluator = str(given.get("evaluator") or "mse")
    if evaluator not in ("mse", "mae"):
        raise ConfigError(f"evaluator {evaluator!r}; known are mse and mae")
    return {**out, "range": (float(span[0]), float(span[1])), "evaluator": evaluator}


def _as_number(value: Any) -> Any:
    """The number that a text such as `1e-6` stands for: YAML 1.1 takes it for words."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _section(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _bounded(value: Any, where: str, problems: list[Problem]) -> list[Any]:
    """A list cut to `MOST_ENTRIES`; what is missing or left out is said."""
    entries = value if isinstance(value, list) else []
    if not entries:
        problems.append(Problem(where, "no-entries", "nothing is listed here"))
    if len(entries) > MOST_ENTRIES:
        reason = f"{len(entries)} entries; only the first {MOST_ENTRIES} are read"
        problems.append(Problem(where, "too-many-entries", reason))
    return entries[:MOST_ENTRIES]
