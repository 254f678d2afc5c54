"""CPU seconds and memory of the gap metrics beside their peers, on the same features.

Each task runs in a process of its own (`gap_speed_tasks.py`), ours and the peer's in turn; the
median counts. Ratios are CPU seconds of the peer over ours. A process computes with one thread:
with more, CPU seconds count threads that wait for each other as work.

    python benchmarks/gap_speed.py --peers PEERS/bin/python   # about 40 minutes; writes results
    python benchmarks/gap_speed.py --quick                    # ours alone, small, writes nothing
    … --part growth | peers                                   # one half; the other stays

PEERS: see requirements-gap-speed.txt.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from record import record

HERE = Path(__file__).parent
THREADS = "1"
D = 2048
N = 10_000
GROWTH = (2_500, 5_000, 10_000, 20_000, 50_000)
# figure: (ours, peer, n, d, repetitions)
PAIRS: dict[str, tuple[str, str, int, int, int]] = {
    "frechet_vs_cleanfid": ("frechet", "clean-fid/frechet", N, D, 2),
    "frechet_vs_torchfidelity": ("frechet", "torch-fidelity/frechet", N, D, 2),
    "swd_vs_pot": ("sliced_wasserstein", "POT/sliced_wasserstein", N, D, 3),
    "prdc_vs_prdc": ("prdc", "prdc/prdc", N, D, 2),
    "mmd_permutation_vs_alibi": ("mmd_permutations", "alibi-detect/mmd_permutations", N, D, 1),
    "pad_vs_dqm": ("proxy_a_distance", "dqm-ml/proxy_a_distance", 2_000, 512, 1),
}
PERMUTATIONS = {"mmd_permutations": 1000, "alibi-detect/mmd_permutations": 10}


def run(python: str, task: str, n: int, d: int) -> dict[str, Any]:
    """The JSON line of one task."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(threads, THREADS)}
    if "/" in task:
        environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [python, str(HERE / "gap_speed_tasks.py"), task, str(n), str(d)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        raise SystemExit(f"{task} at n = {n}, d = {d} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    row = {"task": task, "n": n, "d": d, **found}
    print("{task:32s} n {n:6d} d {d:5d} {cpu:8.2f} CPU-s {wall:8.2f} s {extra_gib:6.2f} GiB".format(
        **row), flush=True)  # fmt: skip
    return row


def compared(peers: str, names: list[str]) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Ratios of CPU seconds, and every run."""
    figures, rows = {}, []
    for name in names:
        ours, peer, n, d, repetitions = PAIRS[name]
        taken: dict[str, list[float]] = {ours: [], peer: []}
        for _ in range(repetitions):
            for task, python in ((ours, sys.executable), (peer, peers)):
                rows.append(run(python, task, n, d))
                taken[task].append(rows[-1]["cpu"] / PERMUTATIONS.get(task, 1))
        figures[name] = median(taken[peer]) / median(taken[ours])
    return figures, rows


def growth(sizes: tuple[int, ...], d: int) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """The whole panel at growing sizes, and MMD's share of the rate of plain products."""
    rows = [run(sys.executable, "panel", n, d) for n in sizes]
    by_size = {row["n"]: row for row in rows}
    n = N if N in by_size else sizes[-1]
    figures = {"panel_cpu_s": by_size[n]["cpu"], "panel_extra_gib": by_size[n]["extra_gib"]}
    if 50_000 in by_size:
        figures["panel_extra_gib_50k"] = by_size[50_000]["extra_gib"]
    shares = []
    for _ in range(3):
        product, pairs = (run(sys.executable, task, n, d) for task in ("gemm", "mmd"))
        rows += [product, pairs]
        # x yᵀ has n² pairs; MMD needs each of the pooled sample's 2n (2n + 1) / 2 pairs once.
        rate = n * n / product["cpu"]
        shares.append(n * (2 * n + 1) / pairs["cpu"] / rate)
    return {**figures, "mmd_gemm_fraction": median(shares)}, rows


def write(figures: dict[str, float], rows: list[dict[str, Any]], peers: Any) -> None:
    """Record what was measured; the other part stays as it was recorded, with its commit."""
    file = HERE / "results" / "gap_speed.json"
    old = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    tables: dict[str, Any] = {"runs": rows, "peers": peers}
    if old is not None:
        new = {(row["task"], row["n"]) for row in rows}
        kept = [r for r in old["tables"]["runs"] if (r["task"], r["n"]) not in new]
        tables["runs"] = kept + rows
        tables["peers"] = peers or old["tables"]["peers"]
        tables["other_part_at"] = old["commit"]
        figures = {**old["figures"], **figures}
    record("gap_speed", figures, tables=tables, packages=("scipy", "scikit-learn"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", help="Python interpreter of an environment with the peers")
    parser.add_argument("--only", nargs="+", choices=tuple(PAIRS), help="these comparisons anew")
    parser.add_argument("--part", choices=("all", "growth", "peers"), default="all")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON as well")
    options = parser.parse_args()
    if options.quick:
        print(json.dumps(growth((500, 1_000), 256)[0], indent=2))
        return
    if options.part != "growth" and not options.peers:
        parser.error("--peers is needed (or --quick, or --part growth)")
    figures: dict[str, float] = {}
    rows: list[dict[str, Any]] = []
    versions = None
    if options.part != "peers":
        figures, rows = growth(GROWTH, D)
        write(figures, rows, None)
    if options.part != "growth":
        figures, rows = compared(options.peers, options.only or list(PAIRS))
        listed = subprocess.run(
            [options.peers, "-m", "pip", "list", "--format=json"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        versions = json.loads(listed.stdout)
        write(figures, rows, versions)
    if options.json:
        print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
