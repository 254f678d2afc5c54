"""Are the p-values and intervals of the gap metrics what they say they are?

Draws pairs of samples whose true distance is known and counts: how often p < 0.05 although there
is no gap (independent frames; sequences; few long videos, cut into blocks), and how often the
95 % interval holds the true distance.

    python benchmarks/gap_calibration.py            # about 15 minutes on 2 cores; writes the results
    python benchmarks/gap_calibration.py --quick    # two minutes, writes nothing
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from record import record

from isthmus.gap import measure_all
from isthmus.seeds import generator

D = 8
BANDWIDTH = 2.0
BOUNDS = (-8.0, 8.0)
REQUESTS: dict[str, dict[str, Any]] = {
    "mmd": {"bandwidth": BANDWIDTH},
    "sliced_wasserstein": {"projections": 32},
    "cmd": {"bounds": BOUNDS},
    "proxy_a_distance": {},
    "frechet": {},
}


def video(rng: np.random.Generator, frames: int, keep: float) -> np.ndarray:
    """A stationary AR(1) path (frames, D) with unit variance: neighbours correlate by `keep`."""
    out = rng.standard_normal((frames, D))
    for i in range(1, frames):
        out[i] = keep * out[i - 1] + math.sqrt(1 - keep**2) * out[i]
    return out


def videos(rng: np.random.Generator, count: int, frames: int, keep: float) -> dict[str, Any]:
    rows = np.concatenate([video(rng, frames, keep) for _ in range(count)])
    return {"rows": rows, "groups": [f"v{i // frames}" for i in range(count * frames)]}


def independent(rng: np.random.Generator, frames: int) -> dict[str, Any]:
    return {"rows": rng.standard_normal((frames, D)), "groups": None}


# name: (draw x, draw y); y is then shifted along the diagonal by each of SHIFTS.
SCENARIOS: dict[str, Any] = {
    "iid_150_150": (lambda r: independent(r, 150), lambda r: independent(r, 150)),
    "iid_200_60": (lambda r: independent(r, 200), lambda r: independent(r, 60)),
    "sequences_16x10_12x10": (lambda r: videos(r, 16, 10, 0.8), lambda r: videos(r, 12, 10, 0.8)),
    "blocks_400_200_ar0.8": (lambda r: videos(r, 1, 400, 0.8), lambda r: videos(r, 1, 200, 0.8)),
    "blocks_3x150_120_ar0.9": (
        lambda r: videos(r, 3, 150, 0.9),
        lambda r: videos(r, 1, 120, 0.9),
    ),
}
SHIFTS = (0.0, 0.3, 1.0)


def truth(metric: str, shift: float) -> float | None:
    """The populations' distance of N(0, I) and N(shift·1, I), where it has a closed form."""
    squared = D * shift**2
    if metric == "mmd":
        s2 = BANDWIDTH**2
        return 2 * (s2 / (s2 + 2)) ** (D / 2) * (1 - math.exp(-squared / (2 * (s2 + 2))))
    if metric == "sliced_wasserstein":
        return math.sqrt(squared / D)
    if metric == "cmd":
        return math.sqrt(squared) / (BOUNDS[1] - BOUNDS[0])
    return squared if metric == "frechet" else None


def one(task: tuple[str, float, int]) -> dict[str, tuple[float, float, float, float]]:
    """(p, value, low, high) of every metric for one draw."""
    scenario, shift, number = task
    rng = generator(0, scenario, str(shift), number)
    x, y = (draw(rng) for draw in SCENARIOS[scenario])
    found = measure_all(
        x["rows"],
        y["rows"] + shift,
        REQUESTS,
        groups_x=x["groups"],
        groups_y=y["groups"],
        permutations=199,
        bootstraps=200,
        floor_splits=50,
        seed=number,
    )
    return {
        name: (e.p_value or 1.0, e.value, e.low or 0.0, e.high or 0.0) for name, e in found.items()
    }


def tables(draws: int, workers: int) -> Iterator[dict[str, Any]]:
    with ProcessPoolExecutor(workers) as pool:
        for scenario in SCENARIOS:
            for shift in SHIFTS:
                tasks = [(scenario, shift, number) for number in range(draws)]
                results = list(pool.map(one, tasks, chunksize=10))
                for metric in REQUESTS:
                    p, value, low, high = np.array([r[metric] for r in results]).T
                    # A classifier's attainable accuracy has no closed form: its own mean it is.
                    known = truth(metric, shift)
                    true = float(value.mean()) if known is None else known
                    yield {
                        "scenario": scenario,
                        "shift": shift,
                        "metric": metric,
                        "true": true,
                        "mean": float(value.mean()),
                        "rejected": float((p < 0.05 + 1e-9).mean()),
                        "covered": float(((low <= true) & (true <= high)).mean()),
                        "width": float((high - low).mean()),
                    }


def summary(rows: list[dict[str, Any]]) -> dict[str, float | None]:
    """Each scenario's figures, and per metric those of a kind of scenario together."""
    figures: dict[str, float | None] = {}
    for row in rows:
        key = f"{row['metric']}_{row['scenario']}"
        if row["shift"] == 0:
            figures[f"fpr_{key}"] = row["rejected"]
        figures[f"coverage_{key}_shift{row['shift']}"] = row["covered"]
    kinds = {"iid": "iid", "clustered": "sequences", "few_long_videos": "blocks"}
    for metric in REQUESTS:
        of_metric = [row for row in rows if row["metric"] == metric]
        for kind, prefix in kinds.items():
            found = [r for r in of_metric if r["scenario"].startswith(prefix)]
            null = [r["rejected"] for r in found if r["shift"] == 0]
            figures[f"fpr_{metric}_{kind}"] = float(np.mean(null))
            covered = [r["covered"] for r in found]
            figures[f"coverage_{metric}_{kind}"] = float(np.mean(covered))
        covered = [r["covered"] for r in of_metric]
        figures[f"coverage_{metric}"] = float(np.mean(covered))
        figures[f"lowest_coverage_{metric}"] = min(covered)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    rows = []
    for row in tables(60 if options.quick else options.draws, options.workers):
        rows.append(row)
        print(
            "{scenario:24s} shift {shift:.1f} {metric:20s} true {true:.4f} mean {mean:.4f} "
            "rejected {rejected:.3f} covered {covered:.3f} width {width:.4f}".format(**row),
            flush=True,
        )
    if options.quick:
        return
    record("gap_calibration", summary(rows), tables={"calibration": rows}, packages=("scipy",))


if __name__ == "__main__":
    main()
