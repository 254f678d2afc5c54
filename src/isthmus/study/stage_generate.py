"""Stage `generate`: make labelled frames of the conditions that the source lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isthmus.augment.apply import augment_dataset
from isthmus.augment.effect import EFFECTS
from isthmus.augment.report import AuditReport, Pair
from isthmus.cornercases.table import read_table
from isthmus.data.dataset import Dataset, UnlabeledView
from isthmus.data.images import read_rgb, resize_rgb, write_jpeg
from isthmus.data.manifest import save_manifest
from isthmus.features.extractor import FeatureSet, load_extractor
from isthmus.features.store import FeatureStore, extract_features
from isthmus.gap.inference import measure_all
from isthmus.study.gap_rows import groups_of, sampled
from isthmus.study.run import Context, Document
from isthmus.study.severity import fit_severity
from isthmus.study.stage_data import domains_of

SCHEMA = "isthmus.generate/1"
PAIRS = 4
PICTURE_WIDTH = 400
EXTRACTOR = "descriptors#all"
LAYER = "all"
BOOTSTRAPS = 200


def run(context: Context) -> Document:
    """Apply one effect per corner case to all source-train frames, and see if it came nearer."""
    domains = domains_of(context)
    target_table = read_table(context.stage_folder("conditions") / "target.parquet")
    effects, gap = [], []
    for name, condition in _chosen(context).items():
        severity = fit_severity(name, domains.train, target_table, seed=context.config.seed)
        made, audit = _made(name, severity, domains.train, context)
        simulated, _ = _made(name, severity, domains.val, context)
        manifest, validation = f"{name}.parquet", f"{name}-validation.parquet"
        save_manifest(made, context.stage_folder("generate") / manifest)
        save_manifest(simulated, context.stage_folder("generate") / validation)
        rows = _nearer(name, made, domains.train, domains.target_train, context)
        effects.append(
            {
                **_described(name, condition, audit, context),
                "manifest": manifest,
                "fingerprint": made.fingerprint,
                "validation": validation,
                "nearer": _share(rows),
            }
        )
        gap += rows
    return {"schema": SCHEMA, "effects": effects, "gap": gap}


def _made(
    effect: str, severity: tuple[float, float], frames: Dataset, context: Context
) -> tuple[Dataset, AuditReport]:
    # A source that has changed has a folder of its own.
    place = context.cache_folder("generated") / frames.fingerprint[:16] / effect
    return augment_dataset(
        frames,
        effect,
        place,
        severity=severity,
        seed=context.config.seed,
        executor=context.executor,
        progress=context.watcher.progress,
    )


def _share(rows: list[Document]) -> float:
    """Share of the gap, by the first metric, that is gone after the effect; 0 if none is."""
    before, after = (rows[0][moment]["value"] for moment in ("before", "after"))
    return float(min(max(1 - after / before, 0.0), 1.0)) if before > 0 else 0.0


def _chosen(context: Context) -> dict[str, str]:
    """Effect → the condition that asks for it."""
    settings = context.config.generate.effects
    conditions = context.documents["conditions"]["conditions"]
    asked = {c["remedy"]: c["label"] for c in reversed(conditions) if c["rare"]}
    if settings == "auto":
        return {name: asked[name] for name in EFFECTS if name in asked}
    return {name: asked.get(name, "asked for in the study file") for name in settings}


def _described(name: str, condition: str, audit: AuditReport, context: Context) -> Document:
    folder = context.stage_folder("generate")
    low, _, high = audit.values
    return {
        "condition": condition,
        "effect": name,
        "params": {
            f"{audit.quantity} ({audit.unit})": [_rounded(v) for v in sorted((low, high))],
            "severity": [_rounded(audit.severities[0]), _rounded(audit.severities[2])],
        },
        "frames": audit.frames,
        "boxes": audit.boxes,
        "reasons": audit.reasons,
        "pairs": [
            _pictures(folder, name, number, pair)
            for number, pair in enumerate(audit.examples(PAIRS))
        ],
    }


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def _pictures(folder: Path, name: str, number: int, pair: Pair) -> dict[str, str]:
    files = {}
    for role, path in (("before", pair.before), ("after", pair.after)):
        image = read_rgb(path)
        height = max(1, round(image.shape[0] * PICTURE_WIDTH / image.shape[1]))
        files[role] = f"{name}_{number}_{role}.jpg"
        write_jpeg(folder / files[role], resize_rgb(image, PICTURE_WIDTH, height))
    return {**files, "caption": pair.caption}


def _nearer(
    effect: str, made: Dataset, source: Dataset, target: UnlabeledView, context: Context
) -> list[Document]:
    """The gap to the target before and after, with the same metrics on the same frames."""
    extractor = load_extractor(EXTRACTOR)
    store = FeatureStore(context.cache_folder("features"))
    n, seed = context.config.gap.max_frames, context.config.seed

    def features(frames: Dataset | UnlabeledView) -> FeatureSet:
        return extract_features(
            frames,
            extractor,
            store,
            executor=context.executor,
            progress=context.watcher.progress,
        )

    wanted = features(sampled(target, n, seed))
    rows: dict[str, dict[str, Any]] = {}
    for moment, dataset in (("before", source), ("after", made)):
        found = features(dataset.sample(n, seed))
        estimates = measure_all(
            found.layers[LAYER],
            wanted.layers[LAYER],
            {m: {"bounds": found.bounds} if m == "cmd" else {} for m in context.config.gap.metrics},
            groups_x=groups_of(found, context.config.gap),
            groups_y=groups_of(wanted, context.config.gap),
            permutations=0,
            bootstraps=BOOTSTRAPS,
            floor_splits=0,
            seed=seed,
        )
        for metric, estimate in estimates.items():
            rows.setdefault(metric, {})[moment] = {
                "value": estimate.value,
                "low": estimate.low,
                "high": estimate.high,
            }
    return [
        {"metric": metric, "extractor": "descriptors", "effect": effect, **cells}
        for metric, cells in rows.items()
    ]
