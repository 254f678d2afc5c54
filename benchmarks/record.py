"""What every benchmark writes: `benchmarks/results/<name>.json`, the source of docs' figures."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

from isthmus.files import write_json

RESULTS = Path(__file__).parent / "results"


def record(
    name: str,
    figures: dict[str, float | None],
    *,
    tables: dict[str, Any] | None = None,
    packages: tuple[str, ...] = (),
) -> Path:
    """Write the figures with what is needed to judge and to repeat them."""
    path = RESULTS / f"{name}.json"
    write_json(
        path,
        {
            "name": name,
            **stamp(),
            "command": "python " + " ".join(_named(a) for a in sys.argv),
            "machine": {
                "processor": _processor(),
                "cores": os.cpu_count(),
                "system": platform.platform(),
            },
            "versions": {
                "python": platform.python_version(),
                **{p: metadata.version(p) for p in ("isthmus", "numpy", "torch", *packages)},
            },
            "figures": figures,
            "tables": tables or {},
        },
    )
    return path


def add(
    name: str,
    part: str,
    figures: dict[str, float | None],
    table: dict[str, Any],
    *,
    packages: tuple[str, ...] = (),
) -> Path:
    """Put one part of a benchmark, with its day and commit, beside the parts on record.

    Figures that begin with the part's name, or that it gives now, take the place of older ones.
    """
    path = RESULTS / f"{name}.json"
    before = json.loads(path.read_text()) if path.is_file() else {"figures": {}, "tables": {}}
    kept = {k: v for k, v in before["figures"].items() if not k.startswith(f"{part}_")}
    merged = kept | figures
    spearman = [v for k, v in merged.items() if k.endswith("_selection_spearman") and v]
    if spearman:
        merged["selection_spearman"] = sum(spearman) / len(spearman)
    tables = before["tables"] | {part: {**table, **stamp()}}
    return record(name, merged, tables=tables, packages=packages)


def stamp() -> dict[str, str]:
    """The day and the commit of what is measured now; "+": with changes that are not committed.

    Results of other benchmarks change no code: they do not count.
    """
    changed = _git("status", "--porcelain", "--", ":/", ":(top,exclude)benchmarks/results")
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "commit": _git("rev-parse", "HEAD") + ("+" if changed else ""),
    }


def _named(argument: str) -> str:
    """An argument as others can give it: of places on this machine, the name alone.

    `onnx:/nets/net.onnx#conv5` is an extractor and a place.
    """
    kind, colon, place = argument.rpartition(":")
    name = Path(place).name if Path(place).is_absolute() else Path(place).as_posix()
    return f"{kind}{colon}{name}"


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], capture_output=True, text=True, check=False, cwd=Path(__file__).parent
    )
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
