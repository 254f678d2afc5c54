"""dqm-ml's number for a request, the metric of ours that answers it, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.gap import Estimate, dqm
from isthmus.gap.estimate import Matrix
from isthmus.study.dqm_pipeline import Request

SAME = 0.05  # share by which a number may differ from what chance alone would give


@dataclass(frozen=True)
class Theirs:
    """What dqm-ml computes: `value`, or None and the reason why there is none."""

    value: float | None
    reason: str = ""


def question(request: Request) -> tuple[str, dict[str, Any]]:
    """Our metric of the same family, and its parameters."""
    degree = max(1, round(request.options["degree"]))
    order = request.options["k"]
    known: dict[str, tuple[str, dict[str, Any]]] = {
        "mmd_linear": ("mmd", {"kernel": "linear"}),
        "mmd_rbf": ("mmd", {"kernel": "rbf"}),
        "mmd_poly": ("mmd", {"kernel": "polynomial", "degree": degree}),
        "fid": ("frechet", {}),
        "klmvn_diag": ("kl_gaussian", {}),
        "wasserstein_1d": ("wasserstein", {"p": 1.0}),
        "sliced": ("sliced_wasserstein", {}),
        "pad": ("proxy_a_distance", {}),
        "cmd": ("cmd", {"order": order, "bounds": (0.0, 1.0)}),
    }
    return known[request.metric]


def theirs(request: Request, version: str, x: Matrix, y: Matrix) -> Theirs:
    """dqm-ml's number of `x` (n, d) and `y` (m, d); for cmd also (n, channels, places)."""
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is told of below
            first = version == "1.x"
            found = _first(request, x, y) if first else Theirs(_second(request, x, y))
    except InputError as error:
        return Theirs(None, f"dqm-ml gives no number: {error}")
    if found.value is not None and not np.isfinite(found.value):
        return Theirs(None, f"dqm-ml gives {found.value}: the features are too large for it")
    return found


def _second(request: Request, x: Matrix, y: Matrix) -> float:
    options = request.options
    gamma, degree, coef0 = options["gamma"], options["degree"], options["coefficient0"]
    if request.metric == "mmd_linear":
        return dqm.mmd_linear(x, y)
    if request.metric == "mmd_rbf":
        return dqm.mmd_rbf(x, y, gamma=gamma)
    if request.metric == "mmd_poly":
        return dqm.mmd_poly(x, y, degree=degree, gamma=gamma, coef0=coef0)
    if request.metric == "fid":
        return dqm.fid(x, y, epsilon=options["epsilon"])
    if request.metric == "klmvn_diag":
        return dqm.klmvn_diag(x, y, ridge=options["klmvn_var_eps"])
    if request.metric == "wasserstein_1d":
        dims, bins, span = options["dims"], options["bins"], options["range"]
        return dqm.wasserstein_1d(x, y, dims=dims, bins=bins, span=span)
    if request.metric == "pad":
        return dqm.pad(x, y, evaluator=options["evaluator"])
    return dqm.cmd(x, y, order=options["k"])


def _first(request: Request, x: Matrix, y: Matrix) -> Theirs:
    if request.metric.startswith("mmd") and len(x) != len(y):
        return Theirs(None, f"dqm-ml stops: {len(x)} and {len(y)} frames are not equally many")
    if request.metric == "klmvn_diag" and len(x) > x.shape[1]:
        return Theirs(None, f"dqm-ml stops: more frames ({len(x)}) than features ({x.shape[1]})")
    if request.metric == "sliced":
        return Theirs(None, "dqm-ml draws its projections without a seed: every run gives another")
    if request.metric == "wasserstein_1d":
        return Theirs(dqm.wasserstein_first_features(x, y))
    if request.metric == "fid":
        return Theirs(dqm.fid(x, y, epsilon=0.0, ddof=1))
    return Theirs(_second(request, x, y))


def remark(
    request: Request, version: str, sides: tuple[Matrix, Matrix], number: Theirs, ours: Estimate
) -> str:
    """One line on what is wrong with dqm-ml's number here; "" where nothing is."""
    x, y = sides
    if number.value is None:
        return number.reason
    writers = {
        "mmd_linear": _mmd_linear,
        "mmd_rbf": _mmd_rbf,
        "mmd_poly": _mmd_poly,
        "fid": _fid,
        "klmvn_diag": _klmvn,
        "pad": _pad,
        "cmd": _cmd,
    }
    if request.metric == "wasserstein_1d":
        return _first_features(x, y) if version == "1.x" else _histograms(request, x, y)
    said = writers[request.metric](request, x, y, number.value, ours)
    if request.metric == "cmd" and version == "1.x":
        said += "; 1.x divides inside its loop over batches: the number changes with their size"
    return said


def _mmd_linear(request: Request, x: Matrix, y: Matrix, value: float, ours: Estimate) -> str:
    chance = sum(float(a.var(axis=0, ddof=1, dtype=np.float64).sum()) / len(a) for a in (x, y))
    return f"biased: equal domains of these sizes give about {chance:.3g}, not 0"


def _mmd_rbf(request: Request, x: Matrix, y: Matrix, value: float, ours: Estimate) -> str:
    chance = 1 / len(x) + 1 / len(y)
    if abs(value - chance) <= SAME * chance:
        return (
            f"blind: at gamma {request.options['gamma']:g} every frame is unlike any other, and "
            f"the number is 1/n + 1/m = {chance:.3g} whatever the gap"
        )
    return (
        "biased: frames are compared with themselves; gamma is fixed, not fitted to the features, "
        "and the distance in the kernel is not squared"
    )


def _mmd_poly(request: Request, x: Matrix, y: Matrix, value: float, ours: Estimate) -> str:
    return (
        f"biased, and gamma {request.options['gamma']:g} is not 1/d = {1 / x.shape[1]:.3g}: the "
        "number grows with a power of the features' scale"
    )


def _fid(request: Request, x: Matrix, y: Matrix, value: float, ours: Estimate) -> str:
    said = f"biased upward: the samples' sizes add to it; without that bias {ours.value:.3g}"
    if min(len(x), len(y)) <= x.shape[1]:
        said += f"; {min(len(x), len(y))} frames leave {x.shape[1]} features' covariance singular"
    return said + "; dqm-ml 2.x sums in float32 besides"


def _klmvn(request: Request, x: Matrix, y: Matrix, value: float, ours: Estimate) -> str:
    other = dqm.klmvn_diag(y, x, ridge=request.options["klmvn_var_eps"])
    return (
        f"one way only (the other way it is {other:.3g}), blind to how features go together, and "
        "biased upward by small samples"
    )


def _pad(request: Request, x: Matrix, y: Matrix, value: float, ours: Estimate) -> str:
    none = "1, not 0" if request.options["evaluator"] == "mse" else "0"
    return (
        "its error is one of probabilities on the frames it was trained on: equal domains give "
        f"about {none}, and many features separate any two samples"
    )


def _cmd(request: Request, x: Matrix, y: Matrix, value: float, ours: Estimate) -> str:
    return (
        f"the definition's sum is divided by {request.options['k']}, and small samples' noise in "
        f"the moments is part of it (undivided: {value * request.options['k']:.3g})"
    )


def _histograms(request: Request, x: Matrix, y: Matrix) -> str:
    low, high = request.options["range"]
    dims = request.options["dims"]
    both = (x[:, :dims], y[:, :dims])
    outside = [float(((a < low) | (a > high)).mean()) for a in both]
    said = []
    if max(outside) > 0:
        said.append(
            f"{outside[0]:.0%} and {outside[1]:.0%} of the values lie outside [{low:g}, {high:g}] "
            "and are dropped"
        )
    if x.shape[1] > dims:
        said.append(f"features after the first {dims} of {x.shape[1]} are not looked at")
    said.append(f"{request.options['bins']} bins; small samples' noise is part of it")
    return "; ".join(said)


def _first_features(x: Matrix, y: Matrix) -> str:
    used = min(len(x), len(y))
    if used == x.shape[1]:
        return "small samples' noise is part of it"
    return f"only the first {used} of {x.shape[1]} features: it counts frames for features"
