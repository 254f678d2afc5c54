"""Classic unsupervised adaptation of feature vectors: ours, published rows, and skada in one run.

    python benchmarks/classic_adaptation.py --data FOLDER --peers PEERS/bin/python   # 20 minutes
    … --task office                                    # one group of tasks (office, digits)
    … --quick                                          # two tasks, ours alone; writes nothing

FOLDER holds the usual .mat files (Office-Caltech SURF, MNIST against USPS) and `reference.txt` with
the rows that others measured on them. Each domain is prepared by itself as the field does: bags
of words sum to 1 and are standardised, digits have unit length. Methods of ours have the settings
of their papers for every task; no label of a target is looked at but to count.

Adds its figures to `benchmarks/results/adapt.json`.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
from record import RESULTS, add

from isthmus.adapt.vectors.method import VECTOR_METHODS, classify, unit_rows

OFFICE = {"C": "caltech", "A": "amazon", "W": "webcam", "D": "dslr"}
PAIRS = [("C", "A"), ("C", "W"), ("C", "D"), ("A", "C"), ("A", "W"), ("A", "D"),
         ("W", "C"), ("W", "A"), ("W", "D"), ("D", "C"), ("D", "A"), ("D", "W")]  # fmt: skip
Rows = tuple[np.ndarray, np.ndarray]


def office(folder: Path) -> dict[str, tuple[Rows, Rows]]:
    def domain(name: str) -> Rows:
        content = scipy.io.loadmat(folder / f"{name}_SURF_L10.mat")
        words = np.asarray(content["fts"], float)
        shares = words / words.sum(1, keepdims=True)
        standard = (shares - shares.mean(0)) / np.maximum(shares.std(0), 1e-12)
        return standard, content["labels"].ravel().astype(int) - 1

    domains = {letter: domain(name) for letter, name in OFFICE.items()}
    return {f"{a} -> {b}": (domains[a], domains[b]) for a, b in PAIRS}


def digits(folder: Path) -> dict[str, tuple[Rows, Rows]]:
    content = scipy.io.loadmat(folder / "MNIST_vs_USPS.mat")

    def domain(part: str) -> Rows:
        rows = unit_rows(np.asarray(content[f"X_{part}"], float).T)
        return rows, content[f"Y_{part}"].ravel().astype(int) - 1

    source, target = domain("src"), domain("tar")
    return {"MNIST_vs_USPS.mat fwd": (source, target), "MNIST_vs_USPS.mat rev": (target, source)}


def references(path: Path) -> dict[str, dict[str, float]]:
    """Rows such as ``C -> A NN 23.70 PCA 43.32``."""
    found = {}
    for line in path.read_text().splitlines():
        numbers = re.findall(r"(\w+) (\d+\.\d+)", line)
        if numbers:
            found[line.split(" NN ")[0]] = {name: float(value) for name, value in numbers}
    return found


def ours(task: tuple[Rows, Rows]) -> dict[str, Any]:
    (source, labels), (target, truth) = task
    found = {}
    for method in VECTOR_METHODS:
        started = time.process_time()
        predicted = classify(method, source, labels, target, seed=0)
        found[method] = {
            "accuracy": 100 * float((predicted == truth).mean()),
            "cpu_seconds": time.process_time() - started,
        }
    return found


def peers(python: str, task: tuple[Rows, Rows]) -> dict[str, Any]:
    (source, labels), (target, truth) = task
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "task.npz"
        np.savez(file, source=source, labels=labels, target=target, truth=truth)
        script = Path(__file__).with_name("classic_adaptation_peers.py")
        done = subprocess.run([python, script, file], capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def best_mean(rows: list[dict[str, float | None]]) -> tuple[str, float]:
    """The method with the best mean over all tasks; one that failed on a task does not count."""
    names = [n for n in rows[0] if all(row.get(n) is not None for row in rows)]
    means = {name: float(np.mean([row[name] for row in rows])) for name in names}
    name = max(means, key=lambda n: means[n])
    return name, means[name]


def figures_of(tables: dict[str, Any]) -> dict[str, float | None]:
    figures: dict[str, float | None] = {}
    tasks = list(tables)
    sides = {
        "ours": [{k: v["accuracy"] for k, v in tables[t]["ours"].items()} for t in tasks],
        "skada": [{k: v["accuracy"] for k, v in tables[t]["skada"].items()} for t in tasks
                  if tables[t].get("skada")],
        "reference": [tables[t]["reference"] for t in tasks],
    }  # fmt: skip
    for side, rows in sides.items():
        if len(rows) == len(tasks):
            figures[f"classic_mean_{side}"] = best_mean(rows)[1]
            for name in rows[0]:
                values = [row.get(name) for row in rows]
                mean = None if None in values else float(np.mean(values))
                figures[f"classic_{side}_{name.lower()}_mean"] = mean
    for task in tasks:
        key = re.sub(r"\W+", "_", task.replace(".mat", "")).lower()
        for name, cell in tables[task]["ours"].items():
            figures[f"classic_{key}_{name}"] = cell["accuracy"]
    return figures


def on_record() -> dict[str, Any]:
    """Tasks that have been measured: pieces add up."""
    path = RESULTS / "adapt.json"
    tables = json.loads(path.read_text())["tables"] if path.is_file() else {}
    tasks: dict[str, Any] = tables.get("classic", {}).get("tasks", {})
    return tasks


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--peers", help="Python interpreter of an environment with skada")
    parser.add_argument("--task", choices=["office", "digits"], nargs="*")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    groups = {"office": office, "digits": digits}
    known = references(options.data / "reference.txt")
    tables = {} if options.quick else on_record()
    for group in options.task or groups:
        tasks = groups[group](options.data)
        for name, task in list(tasks.items())[: 1 if options.quick else None]:
            row = {"ours": ours(task), "reference": known[name]}
            if options.peers and not options.quick:
                answer = peers(options.peers, task)
                row |= {"skada": answer["methods"], "skada_version": answer["version"]}
            tables[name] = row
            shown = {k: round(v["accuracy"], 1) for k, v in row["ours"].items()}
            print(name, shown, row["reference"], flush=True)
            if not options.quick:
                add("adapt", "classic", figures_of(tables), {"tasks": tables},
                    packages=("scipy",))  # fmt: skip
    print(json.dumps(figures_of(tables), indent=1))


if __name__ == "__main__":
    main()
