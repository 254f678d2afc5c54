"""Stage `data`: read both domains, divide them, write down what was read and what was not."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from isthmus import files, seeds
from isthmus.data.dataset import Dataset, SealedTest, UnlabeledView
from isthmus.data.formats import detect_format
from isthmus.data.frame import Frame, Problem
from isthmus.data.images import read_rgb, resize_rgb, write_jpeg
from isthmus.data.manifest import load_manifest, save_manifest
from isthmus.data.ontology import ROAD
from isthmus.study.config import DomainSection
from isthmus.study.domains import Domains, read_domains
from isthmus.study.near_copies import refuse_near_copies
from isthmus.study.run import Context, Document

SCHEMA = "isthmus.data/1"
SAMPLES = 6
SAMPLE_WIDTH = 360
PARTS = ("train", "val", "target_train", "oracle", "test")


def run(context: Context) -> Document:
    """Read, divide, and keep the parts as manifests beside the document."""
    domains = read_domains(
        context.config, executor=context.executor, progress=context.watcher.progress
    )
    config = context.config
    copies = refuse_near_copies(
        domains,
        allowed=config.target.allow_near_copies,
        executor=context.executor,
        progress=context.watcher.progress,
    )
    domains = replace(domains, notes=(*domains.notes, *copies))
    folder = context.stage_folder("data")
    _save_parts(domains, folder)
    context.shared.pop("domains", None)  # later stages read what was written, in every run
    document = {
        "schema": SCHEMA,
        "classes": list(domains.classes),
        "domains": {
            "source": {
                **_described(domains.source, config.source, labelled=True),
                "splits": {"train": len(domains.train), "val": len(domains.val)},
                "samples": _samples(domains.source.frames, folder, "source", config.seed),
            },
            "target": {
                **_described(domains.target, config.target, labelled=False),
                "splits": {
                    "train": len(domains.target_train),
                    **({"test": len(domains.test)} if domains.test else {}),
                },
                "samples": _samples(domains.target_train.frames, folder, "target", config.seed),
            },
            "target_test": _sealed(domains.test),
        },
        "notes": list(domains.notes),
    }
    _write_inputs(folder / "inputs.json", domains, context)
    return document


def domains_of(context: Context) -> Domains:
    """The study's parts, loaded from the manifests that the stage has written."""
    if "domains" not in context.shared:
        folder = context.stage_folder("data")
        document = context.documents["data"]
        parts = {
            name: load_manifest(folder / f"{name}.parquet")
            for name in PARTS
            if (folder / f"{name}.parquet").is_file()
        }
        source = parts["train"].concat(parts["val"], name=document["domains"]["source"]["name"])
        context.shared["domains"] = Domains(
            tuple(document["classes"]),
            source,
            parts["target_train"],
            parts["train"],
            parts["val"],
            parts["target_train"].unlabeled(),
            parts.get("oracle"),
            SealedTest(parts["test"]) if "test" in parts else None,
            tuple(document["notes"]),
        )
    domains: Domains = context.shared["domains"]
    return domains


def inputs_unchanged(context: Context) -> bool:
    """True if every file that was read still has the size and time it had then."""
    path = context.stage_folder("data") / "inputs.json"
    if not path.is_file():
        return False
    return all(_stamp(Path(name)) == stamp for name, *stamp in files.read_json(path))


def parameters(config: Any) -> Any:
    """What decides this stage's result."""
    return {role: getattr(config, role).model_dump(mode="json") for role in ("source", "target")}


def _save_parts(domains: Domains, folder: Path) -> None:
    unlabeled = Dataset(domains.target_train.name, domains.target_train.frames, (), domains.classes)
    parts: dict[str, Dataset | None] = {
        "train": domains.train,
        "val": domains.val,
        "target_train": unlabeled,
        "oracle": domains.oracle,
        # Kept under seal: only the score stage loads it, and says so in its receipts.
        "test": domains.test.open("kept beside the run") if domains.test else None,
    }
    for name, part in parts.items():
        path = folder / f"{name}.parquet"
        if part is None:
            path.unlink(missing_ok=True)
        else:
            save_manifest(part, path)


def _described(dataset: Dataset, section: DomainSection, *, labelled: bool) -> Document:
    sequences = Counter(frame.sequence for frame in dataset if frame.sequence)
    problems = [asdict(p) for p in dataset.problems if labelled or p.kind != "unmapped-category"]
    return {
        "name": section.name or dataset.name,
        "path": section.path.name,
        "format": detect_format(section.path) if section.format == "auto" else section.format,
        "frames": len(dataset),
        "labelled": labelled,
        "sequences": [{"name": name, "frames": n} for name, n in sequences.items()],
        "objects": _objects(dataset) if labelled else None,
        "ignored": _ignored(dataset) if labelled else None,
        "attributes": _attributes(dataset.frames) if labelled else {},
        "fingerprint": dataset.fingerprint,
        "categories": dict(sorted(section.categories.items())),
        "problems": problems,
        "skipped": _skipped(dataset.problems if labelled else _images_only(dataset.problems)),
    }


def _sealed(test: SealedTest | None) -> Document | None:
    if test is None:
        return None
    images: UnlabeledView = test.images
    sequences = Counter(frame.sequence for frame in images if frame.sequence)
    return {
        "name": images.name,
        "frames": len(test),
        "labelled": True,
        "sequences": [{"name": name, "frames": n} for name, n in sequences.items()],
        "fingerprint": test.fingerprint,
        "problems": [],
        "skipped": 0,
        "objects": None,
        "samples": [],
    }


def _objects(dataset: Dataset) -> dict[str, int]:
    counts = Counter(dict.fromkeys(ROAD.classes, 0))
    counts.update(box.category for f in dataset for box in f.objects or () if not box.ignore)
    return dict(counts)


def _ignored(dataset: Dataset) -> int:
    return sum(box.ignore for frame in dataset for box in frame.objects or ())


def _attributes(frames: Iterable[Frame]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for frame in frames:
        for name, value in frame.attributes.items():
            counts.setdefault(name, Counter())[value] += 1
    # An attribute with a value of its own for nearly every frame is a name, not a condition.
    return {n: dict(c) for n, c in sorted(counts.items()) if len(c) <= 50}


def _images_only(problems: Iterable[Problem]) -> list[Problem]:
    return [p for p in problems if p.kind != "unmapped-category"]


def _skipped(problems: Iterable[Problem]) -> int:
    return sum(p.count for p in problems if p.severity == "skipped")


def _samples(frames: tuple[Frame, ...], folder: Path, role: str, seed: int) -> list[str]:
    rng = seeds.generator(seed, "samples", role)
    chosen = sorted(rng.choice(len(frames), size=min(SAMPLES, len(frames)), replace=False))
    names = []
    for number, index in enumerate(chosen):
        frame = frames[int(index)]
        height = max(1, round(SAMPLE_WIDTH * frame.height / frame.width))
        name = f"{role}_{number}.jpg"
        write_jpeg(folder / name, resize_rgb(read_rgb(frame.image), SAMPLE_WIDTH, height))
        names.append(name)
    return names


def _write_inputs(path: Path, domains: Domains, context: Context) -> None:
    read = {
        str(path)
        for part in (domains.source, domains.target)
        for frame in part
        for path in (frame.image, frame.depth, frame.semantic, frame.instance)
        if path is not None
    }
    for section, dataset in (
        (context.config.source, domains.source),
        (context.config.target, domains.target),
    ):
        read.add(str(section.path))
        base = section.path if section.path.is_dir() else section.path.parent
        read.update(os.path.normpath(base / problem.path) for problem in dataset.problems)
    files.write_json(path, [[name, *_stamp(Path(name))] for name in sorted(read)])


def _stamp(path: Path) -> list[int]:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return [-1, -1]
    return [status.st_size, status.st_mtime_ns]
