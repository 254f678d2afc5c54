"""One timed task in a process of its own: it prints one JSON line.

    python gap_speed_tasks.py TASK N D [PERMUTATIONS]

Tasks named `peer/function` import that peer alone, so that the environment of the peers needs
nothing of this project; the others import isthmus. CPU seconds are those of all threads; memory
is the growth of the peak over the process with its inputs in place.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import json
import resource
import sys
import time
import types
from collections.abc import Callable
from typing import Any

import numpy as np

Task = Callable[..., Any]
PROJECTIONS = 1000
NEIGHBOURS = 5


def samples(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    """Two samples (n, d), float32, non-negative as after a ReLU, a small shift apart."""
    out = []
    for seed, shift in ((1, 0.0), (2, 0.02)):
        rows = np.random.default_rng(seed).standard_normal((n, d), dtype=np.float32)
        rows += np.float32(shift)
        out.append(np.maximum(rows, 0, out=rows))
    return out[0], out[1]


def _frechet(x: np.ndarray, y: np.ndarray) -> float:
    from isthmus.gap.frechet import frechet

    return frechet(x, y)


def _mmd(x: np.ndarray, y: np.ndarray) -> float:
    from isthmus.gap.mmd import mmd

    return mmd(x, y, bandwidth=_bandwidth(x))


def _mmd_permutations(x: np.ndarray, y: np.ndarray, permutations: int) -> Any:
    from isthmus.gap import measure

    found = measure(x, y, "mmd", permutations=permutations, bootstraps=0, floor_splits=0)
    return [found.value, found.p_value]


def _sliced(x: np.ndarray, y: np.ndarray) -> float:
    from isthmus.gap.sliced_wasserstein import sliced_wasserstein

    return sliced_wasserstein(x, y, projections=PROJECTIONS)


def _prdc(x: np.ndarray, y: np.ndarray) -> Any:
    from isthmus.gap.neighbours import neighbourhood

    found = neighbourhood(x, y, k=NEIGHBOURS)
    return [found.precision, found.recall, found.density, found.coverage]


def _pad(x: np.ndarray, y: np.ndarray) -> float:
    from isthmus.gap.h_divergence import proxy_a_distance

    return proxy_a_distance(x, y)


def _panel(x: np.ndarray, y: np.ndarray) -> Any:
    from isthmus.gap import measure_all

    return {name: found.value for name, found in measure_all(x, y).items()}


def _gemm(x: np.ndarray, y: np.ndarray) -> float:
    """The product that every metric of pairs rests on, in tiles as large as theirs."""
    total = 0.0
    for start in range(0, len(x), 1024):
        total += float((x[start : start + 1024] @ y.T)[0, 0])
    return total


def _clean_fid(x: np.ndarray, y: np.ndarray) -> float:
    _without_torchvision()
    from cleanfid.fid import frechet_distance

    moments = [(rows.mean(axis=0), np.cov(rows, rowvar=False)) for rows in (x, y)]
    return float(frechet_distance(*moments[0], *moments[1]))


def _torch_fidelity(x: np.ndarray, y: np.ndarray) -> float:
    _without_torchvision()
    import torch
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    statistics = [fid_features_to_statistics(torch.from_numpy(rows)) for rows in (x, y)]
    found = fid_statistics_to_metric(*statistics, False)
    return float(found["frechet_inception_distance"])


def _alibi(x: np.ndarray, y: np.ndarray, permutations: int) -> Any:
    from alibi_detect.cd import MMDDrift

    detector = MMDDrift(x, backend="pytorch", n_permutations=permutations, device="cpu")
    found = detector.predict(y)["data"]
    return [float(found["distance"]), float(found["p_val"])]


def _pot(x: np.ndarray, y: np.ndarray) -> float:
    import ot

    return float(ot.sliced_wasserstein_distance(x, y, n_projections=PROJECTIONS, seed=0))


def _prdc_peer(x: np.ndarray, y: np.ndarray) -> Any:
    from prdc import compute_prdc

    found = compute_prdc(x, y, NEIGHBOURS)
    return [float(found[k]) for k in ("precision", "recall", "density", "coverage")]


def _dqm(x: np.ndarray, y: np.ndarray) -> Any:
    _without_torchvision()
    from dqm_ml_pytorch.domain_gap import _pad_distance

    return float(_pad_distance(x, y, "mse"))


def _without_torchvision() -> None:
    """Peers import it for pictures; their formulas on features do without."""

    class Anything(type):
        def __getattr__(cls, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return Anything(name, (), {})

    class Module(types.ModuleType):
        __path__: list[str] = []  # noqa: RUF012 - what makes it a package

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return Anything(name, (), {})

    class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
        def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
            if name.split(".", 1)[0] == "torchvision":
                return importlib.machinery.ModuleSpec(name, self, is_package=True)
            return None

        def create_module(self, spec: Any) -> types.ModuleType:
            return Module(spec.name)

        def exec_module(self, module: types.ModuleType) -> None:
            pass

    sys.meta_path.insert(0, Finder())


def _bandwidth(x: np.ndarray) -> float:
    return float(np.sqrt(x.shape[1] * x.var()))


TASKS: dict[str, Task] = {
    "frechet": _frechet,
    "mmd": _mmd,
    "mmd_permutations": _mmd_permutations,
    "sliced_wasserstein": _sliced,
    "prdc": _prdc,
    "proxy_a_distance": _pad,
    "panel": _panel,
    "gemm": _gemm,
    "clean-fid/frechet": _clean_fid,
    "torch-fidelity/frechet": _torch_fidelity,
    "alibi-detect/mmd_permutations": _alibi,
    "POT/sliced_wasserstein": _pot,
    "prdc/prdc": _prdc_peer,
    "dqm-ml/proxy_a_distance": _dqm,
}


def main() -> None:
    name, n, d = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    more = [int(count) for count in sys.argv[4:]]
    x, y = samples(n, d)
    # What is loaded once by any user (BLAS, the package) is not part of the task.
    few = 64 if "alibi" not in name else 32
    # More rows than columns, as in the task: the same functions are loaded.
    TASKS[name](x[:few, :16].copy(), y[:few, :16].copy(), *(min(10, count) for count in more))
    before = _resident()
    wall, cpu = time.perf_counter(), time.process_time()
    value = TASKS[name](x, y, *more)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps({"cpu": cpu, "wall": wall, "extra_gib": peak - before, "value": value}))


def _resident() -> float:
    """GiB of this process now: its inputs and what it has loaded."""
    with open("/proc/self/statm") as handle:
        return int(handle.read().split()[1]) * resource.getpagesize() / 2**30


if __name__ == "__main__":
    main()
