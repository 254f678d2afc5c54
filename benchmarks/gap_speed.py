"""CPU seconds and memory of the gap metrics beside their peers, on the same features.

Each run is in a process of its own (`gap_speed_tasks.py`), ours and the peer's in turn; the
median counts. Ratios are CPU seconds of the peer over ours. A process computes with one thread:
with more, CPU seconds count threads that wait for each other as work.

    python benchmarks/gap_speed.py --peers PEERS/bin/python   # about 40 minutes; writes results
    python benchmarks/gap_speed.py --quick                    # ours alone, small, writes nothing
    … --task swd_vs_pot panel                                 # these anew; the others stay

PEERS: see requirements-gap-speed.txt. The results say of each task when and at which commit.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from record import RESULTS, record, stamp

HERE = Path(__file__).parent
THREADS = "1"
D = 2048
N = 10_000
GROWTH = (2_500, 5_000, 10_000, 20_000, 50_000)
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Pair:
    """Ours and a peer's run of one thing at n rows a side of d features.

    `counts`, of ours and of theirs: two numbers of permutations. What counts is then the time that
    one more of them takes: whatever comes before the permutations falls out of the difference.
    """

    ours: str
    peer: str
    n: int = N
    d: int = D
    repetitions: int = 2
    counts: tuple[tuple[int, int], tuple[int, int]] | None = None


PAIRS: dict[str, Pair] = {
    "frechet_vs_cleanfid": Pair("frechet", "clean-fid/frechet"),
    "frechet_vs_torchfidelity": Pair("frechet", "torch-fidelity/frechet"),
    "swd_vs_pot": Pair("sliced_wasserstein", "POT/sliced_wasserstein", repetitions=3),
    "prdc_vs_prdc": Pair("prdc", "prdc/prdc"),
    "mmd_permutation_vs_alibi": Pair(
        "mmd_permutations",
        "alibi-detect/mmd_permutations",
        repetitions=1,
        counts=((1000, 3000), (10, 30)),
    ),
    "pad_vs_dqm": Pair(
        "proxy_a_distance", "dqm-ml/proxy_a_distance", n=2_000, d=512, repetitions=1
    ),
}
OURS = ("panel", "gemm")
NAMES = (*OURS, *PAIRS)


def run(python: str, task: str, n: int, d: int, count: int | None = None) -> dict[str, Any]:
    """The JSON line of one task."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(threads, THREADS)}
    if "/" in task:
        environment.pop("PYTHONPATH", None)
    arguments = [task, str(n), str(d), *([] if count is None else [str(count)])]
    done = subprocess.run(
        [python, str(HERE / "gap_speed_tasks.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        raise SystemExit(f"{task} at n = {n}, d = {d} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    row = {"task": task, "n": n, "d": d, **found}
    if count is not None:
        row["permutations"] = count
    print("{task:32s} n {n:6d} d {d:5d} {cpu:8.2f} CPU-s {wall:8.2f} s {extra_gib:6.2f} GiB".format(
        **row), "" if count is None else f"{count} permutations", flush=True)  # fmt: skip
    return row


def compared(name: str, peers: str) -> tuple[dict[str, float], Rows]:
    """The ratio of CPU seconds, and every run."""
    pair = PAIRS[name]
    sides = ((pair.ours, sys.executable), (pair.peer, peers))
    rows: Rows = []
    taken: dict[str, list[float]] = {pair.ours: [], pair.peer: []}
    for _ in range(pair.repetitions):
        for side, (task, python) in enumerate(sides):
            if pair.counts is None:
                rows.append(run(python, task, pair.n, pair.d))
                taken[task].append(rows[-1]["cpu"])
                continue
            few, many = (run(python, task, pair.n, pair.d, c) for c in pair.counts[side])
            rows += [few, many]
            more = many["permutations"] - few["permutations"]
            taken[task].append((many["cpu"] - few["cpu"]) / more)
    return {name: median(taken[pair.peer]) / median(taken[pair.ours])}, rows


def panel(sizes: tuple[int, ...], d: int) -> tuple[dict[str, float], Rows]:
    """The whole panel at growing sizes."""
    rows = [run(sys.executable, "panel", n, d) for n in sizes]
    by_size = {row["n"]: row for row in rows}
    n = N if N in by_size else sizes[-1]
    figures = {"panel_cpu_s": by_size[n]["cpu"], "panel_extra_gib": by_size[n]["extra_gib"]}
    if 50_000 in by_size:
        figures["panel_extra_gib_50k"] = by_size[50_000]["extra_gib"]
    return figures, rows


def gemm(n: int, d: int) -> tuple[dict[str, float], Rows]:
    """MMD's share of the rate of plain products."""
    shares, rows = [], []
    for _ in range(3):
        product, pairs = (run(sys.executable, task, n, d) for task in ("gemm", "mmd"))
        rows += [product, pairs]
        # x yᵀ has n² pairs; MMD needs each of the pooled sample's 2n (2n + 1) / 2 pairs once.
        rate = n * n / product["cpu"]
        shares.append(n * (2 * n + 1) / pairs["cpu"] / rate)
    return {"mmd_gemm_fraction": median(shares)}, rows


def write(name: str, found: tuple[dict[str, float], Rows], peers: Any) -> None:
    """Record a task; the others stay as they were recorded, each with its day and commit."""
    figures, rows = found
    file = RESULTS / "gap_speed.json"
    old: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    before = old.get("tables", {})
    kept = [row for row in before.get("runs", []) if row["of"] != name]
    tables = {
        "runs": kept + [{"of": name, **row} for row in rows],
        "made": before.get("made", {}) | {name: stamp()},
        "peers": peers or before.get("peers"),
    }
    figures = old.get("figures", {}) | figures
    record("gap_speed", figures, tables=tables, packages=("scipy", "scikit-learn"))


def listed(python: str) -> Any:
    """What is installed beside this interpreter."""
    done = subprocess.run(
        [python, "-m", "pip", "list", "--format=json"], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", help="Python interpreter of an environment with the peers")
    parser.add_argument("--task", nargs="+", choices=NAMES, default=NAMES, help="these anew")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if options.quick:
        print(json.dumps(panel((500, 1_000), 256)[0] | gemm(1_000, 256)[0], indent=2))
        return
    if not options.peers and set(options.task) - set(OURS):
        parser.error("--peers is needed (or --quick, or --task panel gemm)")
    for name in options.task:
        if name in PAIRS:
            write(name, compared(name, options.peers), listed(options.peers))
        else:
            write(name, panel(GROWTH, D) if name == "panel" else gemm(N, D), None)


if __name__ == "__main__":
    main()
