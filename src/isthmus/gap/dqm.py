"""The distances of dqm-ml by its own documented formulas, for comparison alone.

dqm-ml (1.x MPL-2.0, IRT SystemX; 2.x Apache-2.0, Safenai) documents them in its guide "Domain Gap
Metric". They are written anew here, in float64, so that a number from there can be recognised and
put beside an estimate; none of dqm-ml's code is used. What is wrong with each stands with it.
"""

from __future__ import annotations

import numpy as np

from isthmus.errors import InputError
from isthmus.gap.estimate import Matrix, checked_pair
from isthmus.gap.metric import Floats
from isthmus.gap.wasserstein import by_feature

ROWS_AT_ONCE = 512
LEAST_VARIANCE = 1e-9
MOST_PAD_ROWS = 4000


def mmd_linear(x: Matrix, y: Matrix) -> float:
    """|mean x - mean y|²: biased by tr(S_x)/n + tr(S_y)/m."""
    left, right = _float64(x, y)
    return float(np.square(left.mean(axis=0) - right.mean(axis=0)).sum())


def mmd_rbf(x: Matrix, y: Matrix, *, gamma: float = 1.0) -> float:
    """Mean Kxx + mean Kyy - 2 mean Kxy, not below 0, with K = exp(-gamma |a - b|), not squared.

    The diagonals are counted: where gamma is large for the features, nothing else is left, and
    the number is 1/n + 1/m whatever the gap.
    """
    from scipy.spatial.distance import cdist

    left, right = _float64(x, y)

    def mean_kernel(a: Floats, b: Floats) -> float:
        steps = range(0, len(a), ROWS_AT_ONCE)
        parts = [np.exp(-gamma * cdist(a[i : i + ROWS_AT_ONCE], b)).sum() for i in steps]
        return float(np.sum(parts)) / (len(a) * len(b))

    value = mean_kernel(left, left) + mean_kernel(right, right) - 2 * mean_kernel(left, right)
    return max(0.0, value)


def mmd_poly(
    x: Matrix, y: Matrix, *, degree: float = 3.0, gamma: float = 1.0, coef0: float = 1.0
) -> float:
    """Mean Kxx + mean Kyy - 2 mean Kxy with K = (gamma <a, b> + coef0)^degree, biased too."""
    left, right = _float64(x, y)

    def mean_kernel(a: Floats, b: Floats) -> float:
        steps = range(0, len(a), ROWS_AT_ONCE)
        parts = [
            np.power(gamma * (a[i : i + ROWS_AT_ONCE] @ b.T) + coef0, degree).sum() for i in steps
        ]
        return float(np.sum(parts)) / (len(a) * len(b))

    return mean_kernel(left, left) + mean_kernel(right, right) - 2 * mean_kernel(left, right)


def fid(x: Matrix, y: Matrix, *, epsilon: float = 1e-6, ddof: int = 0) -> float:
    """Fréchet distance, covariances over n - ddof and `epsilon` on their diagonals (2.x: 0)."""
    left, right = _float64(x, y)
    d = left.shape[1]
    covariances = [
        np.atleast_2d(np.cov(a, rowvar=False, ddof=ddof)) + epsilon * np.eye(d)
        for a in (left, right)
    ]
    values, vectors = np.linalg.eigh(covariances[0])
    factor = vectors * np.sqrt(np.maximum(values, 0))
    inner = np.linalg.eigvalsh(factor.T @ covariances[1] @ factor)
    root = float(np.sqrt(np.maximum(inner, 0)).sum())
    shift = np.square(left.mean(axis=0) - right.mean(axis=0)).sum()
    return abs(float(shift + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * root))


def klmvn_diag(x: Matrix, y: Matrix, *, ridge: float = 0.0) -> float:
    """KL(x || y) of Gaussians with diagonal covariances over n; not symmetric.

    `ridge`: share of the mean variance of both sides that is added to every variance.
    """
    left, right = _float64(x, y)
    var_x, var_y = (np.maximum(a.var(axis=0), LEAST_VARIANCE) for a in (left, right))
    added = ridge * (var_x.mean() + var_y.mean()) / 2
    var_x, var_y = var_x + added, var_y + added
    quotient = var_x / var_y
    shift = np.square(left.mean(axis=0) - right.mean(axis=0)) / var_y
    return float((quotient - 1 - np.log(quotient) + shift).sum()) / 2


def wasserstein_1d(
    x: Matrix,
    y: Matrix,
    *,
    dims: int = 64,
    bins: int = 32,
    span: tuple[float, float] = (-3.0, 3.0),
) -> float:
    """Mean over the first `dims` features of ∫|F_x - F_y| from histograms over `span`.

    Values outside are dropped, and each histogram is divided by what is left in it.

    Raises:
        InputError: fewer than `dims` features; dqm-ml gives no number then.
    """
    left, right = _float64(x, y)
    if left.shape[1] < dims:
        raise InputError(f"{left.shape[1]} features, and histograms of {dims} are asked for")
    total, used = 0.0, 0
    for column in range(dims):
        counts = [np.histogram(a[:, column], bins, span)[0] for a in (left, right)]
        if not counts[0].sum() and not counts[1].sum():
            continue
        steps = [np.cumsum(c) / max(1, c.sum()) for c in counts]
        total += float(np.abs(steps[0] - steps[1]).sum()) * (span[1] - span[0]) / bins
        used += 1
    return total / max(1, used)


def wasserstein_first_features(x: Matrix, y: Matrix) -> float:
    """1.x: the mean W1 of the first min(n, m) features, for samples are taken for features.

    Raises:
        InputError: fewer features than frames; dqm-ml stops there.
    """
    left, right = _float64(x, y)
    count = min(len(left), len(right))
    if count > left.shape[1]:
        raise InputError(f"it counts to {count} frames in an array of {left.shape[1]} features")
    return float(by_feature(left[:, :count], right[:, :count]).mean())


def pad(x: Matrix, y: Matrix, *, evaluator: str = "mse") -> float:
    """2 (1 - 2 err) of a linear support vector machine on the frames that it was trained on.

    `evaluator`: err is the squared ("mse") or absolute ("mae") error of calibrated probabilities.

    Raises:
        InputError: an unknown evaluator, too few frames, or so many that the machine takes hours.
    """
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    left, right = _float64(x, y)
    if evaluator not in ("mse", "mae"):
        raise InputError(f"evaluator {evaluator!r}; known are mse and mae")
    if len(left) + len(right) > MOST_PAD_ROWS:
        raise InputError(f"more than {MOST_PAD_ROWS} frames: its machine would take hours")
    if min(len(left), len(right)) < 5:
        raise InputError("its calibration needs 5 frames a side")
    rows = np.concatenate([left, right])
    labels = np.repeat([0, 1], [len(left), len(right)])
    machine = SVC(C=1, kernel="linear", random_state=42)
    model = CalibratedClassifierCV(machine, ensemble=False).fit(rows, labels)
    wrong = np.abs(model.predict_proba(rows)[:, 1] - labels)
    error = float(np.square(wrong).mean() if evaluator == "mse" else wrong.mean())
    return 2 * (1 - 2 * error)


def cmd(x: Matrix, y: Matrix, *, order: int = 5) -> float:
    """CMD of sigmoid activations over `order`: x (n, channels) or (n, channels, places)."""
    sides = [channels(a) for a in (x, y)]
    means = [a.mean(axis=0) for a in sides]
    total = float(np.linalg.norm(means[0] - means[1]))
    for k in range(2, order + 1):
        moments = [((a - m) ** k).mean(axis=0) for a, m in zip(sides, means, strict=True)]
        total += float(np.linalg.norm(moments[0] - moments[1]))
    return total / order


def channels(x: Matrix) -> Floats:
    """Sigmoid activations, a row for each frame and place: (n · places, channels)."""
    from scipy.special import expit

    values: Floats = expit(np.asarray(x, dtype=np.float64))
    if values.ndim == 3:
        values = values.transpose(0, 2, 1).reshape(-1, values.shape[1])
    return values


def _float64(x: Matrix, y: Matrix) -> tuple[Floats, Floats]:
    left, right = checked_pair(x, y)
    return left.astype(np.float64), right.astype(np.float64)
