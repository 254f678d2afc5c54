"""Stage `gap`: how far source and target lie apart, beside two halves of the source itself."""

from __future__ import annotations

from isthmus.compute.executor import Progress
from isthmus.data.dataset import Dataset, UnlabeledView
from isthmus.features.extractor import Extractor, FeatureSet, load_extractor
from isthmus.features.store import FeatureStore, extract_features
from isthmus.study.arm_files import detector_path
from isthmus.study.gap_rows import Pair, estimate_rows, sampled
from isthmus.study.measure import gap_document, pairs_of
from isthmus.study.run import Context, Document
from isthmus.study.stage_data import domains_of

OWN_DETECTOR = "compact"
LEVELS = ("c1", "c2", "c3", "neck")


def run(context: Context) -> Document:
    """Measure every metric on every layer of every extractor."""
    domains = domains_of(context)
    settings = context.config.gap
    seed = context.config.seed
    source = domains.train.sample(settings.max_frames, seed)
    target = sampled(domains.target_train, settings.max_frames, seed)
    pairs: list[Pair] = []
    for spec in settings.extractors:
        extractor = _extractor(spec, context)
        x, y = (_features(part, extractor, context) for part in (source, target))
        pairs += pairs_of(x, y, spec, domains.source.name, domains.target.name)
    rows = estimate_rows(
        pairs, settings, seed=seed, executor=context.executor, progress=context.watcher.progress
    )
    return gap_document(pairs, rows)


def _extractor(spec: str, context: Context) -> Extractor:
    if spec != OWN_DETECTOR:
        return load_extractor(spec)
    from isthmus.detect.detector import load_detector
    from isthmus.features.network import NetworkExtractor

    detector = load_detector(detector_path(context, "fair_source", 0))
    return NetworkExtractor(
        detector,  # type: ignore[arg-type]  # every detector is a torch module
        LEVELS,
        size=context.config.detector.size,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
    )


def _features(
    frames: Dataset | UnlabeledView, extractor: Extractor, context: Context
) -> FeatureSet:
    progress: Progress = context.watcher.progress
    return extract_features(
        frames,
        extractor,
        FeatureStore(context.cache_folder("features")),
        executor=context.executor,
        progress=progress,
    )
