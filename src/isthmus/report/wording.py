"""How the report writes numbers and names: one place, so that every table and chart agrees.

A missing number is an en dash; thousands are parted by a narrow space; shares are percentages.
"""

from __future__ import annotations

import re

from isthmus.report.fields import Document
from isthmus.report.fields import number as field

MISSING = "–"
THIN = "\u202f"

METRICS = {
    "mmd": "MMD",
    "sliced_wasserstein": "Sliced Wasserstein",
    "cmd": "Central moments",
    "proxy_a_distance": "Proxy A-distance",
    "frechet": "Fréchet distance",
    "energy": "Energy distance",
    "wasserstein": "Wasserstein by feature",
    "kl_gaussian": "Jeffreys divergence",
    "coral": "CORAL distance",
    "emd": "Wasserstein distance",
    "sinkhorn": "Sinkhorn divergence",
    "precision_gap": "Target frames unlike any source frame",
    "recall_gap": "Source frames unlike any target frame",
    "coverage_gap": "Source not covered by the target",
}
METRIC_NOTES = {
    "mmd": "squared maximum mean discrepancy, RBF kernel: compares all moments of the features",
    "sliced_wasserstein": "how far feature mass must be moved, averaged over random directions",
    "cmd": "CMD: compares the mean and the central moments of each feature",
    "proxy_a_distance": "how well a classifier tells the domains apart; 0 not at all, 2 perfectly",
    "frechet": "compares mean and covariance, as if the features were Gaussian",
    "energy": "mean distance between the samples less the mean distances within them",
    "wasserstein": "how far the mass of each single feature must be moved, averaged over features",
    "kl_gaussian": "symmetric Kullback–Leibler divergence, as if the features were Gaussian",
    "coral": "compares the covariances of the features",
    "emd": "the least work that moves one sample onto the other, on samples of bounded size",
    "sinkhorn": "optimal transport smoothed by an entropy term, less what that term adds",
    "precision_gap": "share of the second side's frames unlike any of the first, beyond the usual",
    "recall_gap": "share of the first side's frames unlike any of the second, beyond the usual",
    "coverage_gap": "share of the first side's surroundings without a frame of the second, "
    "beyond the usual",
}
KINDS = {"semantic": "semantic content"}
# Words that label files write as one, by the attribute names of common sets (BDD100K and others).
_ATTRIBUTES = {
    "timeofday": "Time of day",
    "roadtype": "Road type",
    "roadcondition": "Road condition",
}
_NAMES = {"ap": "AP", "ap50": "AP50", "fda": "FDA", "adabn": "AdaBN"}
LEVELS = {"alarm": "Alarm", "warning": "Warning", "good": "Good", "info": "Note"}


def metric(name: str) -> str:
    """The readable name of a gap metric."""
    return METRICS.get(name, plain(name))


def plain(name: str) -> str:
    """A machine name as words: underscores become spaces, the first letter a capital."""
    if name in _NAMES:
        return _NAMES[name]
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def attribute(name: str) -> str:
    """The readable name of a label attribute: `timeofday`, `road-type` or `roadType` as words."""
    known = _ATTRIBUTES.get(re.sub(r"[\W_]", "", name).lower())
    if known:
        return known
    parted = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", name.replace("-", " "))
    words = plain(parted)
    return words[:1] + words[1:].lower() if parted != name else words


def kind(name: str) -> str:
    """The readable name of a kind of difference."""
    return KINDS.get(name, name)


def kept_together(text: str) -> str:
    """A sentence whose numbers stay on one line with their sign: `134 %`, `8.9 ×`."""
    return re.sub(r"(?<=\d) ?(?=[%×](?!\w))", THIN, text)


def count(value: int | float | None) -> str:
    """A whole number with thin spaces between thousands."""
    return MISSING if value is None else f"{int(value):,}".replace(",", THIN)


def number(value: float | None, digits: int = 3) -> str:
    """`value` to `digits` significant digits, without an exponent for everyday sizes."""
    if value is None:
        return MISSING
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e6:
        return _minus(f"{value:.{digits - 1}e}")
    shown = f"{value:.{digits}g}"
    if "e" in shown:
        shown = f"{value:.0f}"
    return _minus(shown)


def times(value: float | None) -> str:
    """A ratio: `4.6 ×`."""
    if value is None:
        return MISSING
    digits = 2 if abs(value) < 1 else 1 if abs(value) < 100 else 0
    return _minus(f"{value:z.{digits}f}") + f"{THIN}×"


def percent(share: float | None, digits: int = 1) -> str:
    """A share of one as a percentage: `49.0 %`; what rounds to zero has no sign."""
    return MISSING if share is None else _minus(f"{100 * share:z.{digits}f}") + f"{THIN}%"


def points(share: float | None) -> str:
    """A difference of two shares, with its sign, in percentage points: `+6.1`."""
    if share is None:
        return MISSING
    shown = f"{100 * share:+z.1f}"
    return "0.0" if shown == "+0.0" else _minus(shown)


def interval(low: float | None, high: float | None, *, scale: float = 1, digits: int = 3) -> str:
    """`[low, high]` to `digits` significant digits; empty when a bound is unknown."""
    if low is None or high is None:
        return ""
    return f"[{number(low * scale, digits)}, {number(high * scale, digits)}]"


def percent_interval(low: float | None, high: float | None, digits: int = 1) -> str:
    """`[45.5, 52.5]`: the bounds in percent, without the sign (it stands beside the value)."""
    if low is None or high is None:
        return ""
    return _minus(f"[{100 * low:z.{digits}f}, {100 * high:z.{digits}f}]")


def percent_estimate(document: Document, digits: int = 1, *, key: str = "value") -> str:
    """`49.0 % [45.5, 52.5]` from a document with the value under `key`, and low, high."""
    value = percent(field(document, key), digits)
    bounds = percent_interval(field(document, "low"), field(document, "high"), digits)
    return f"{value} {bounds}".strip()


def points_estimate(document: Document) -> str:
    """`−6.1 [−9.2, −2.1]` points from a document with value, low, high."""
    low, high = field(document, "low"), field(document, "high")
    bounds = "" if low is None or high is None else f"[{points(low)}, {points(high)}]"
    return f"{points(field(document, 'value'))} {bounds}".strip()


def p_value(value: float | None) -> str:
    """`p = 0.001`; never zero, because a permutation test cannot say that."""
    return "p unknown" if value is None else f"p = {value:.2g}"


def several(amount: int, singular: str, plural: str | None = None) -> str:
    """`1 frame`, `2 frames`."""
    return f"{count(amount)} {singular if amount == 1 else plural or singular + 's'}"


def listing(names: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _minus(shown: str) -> str:
    return shown.replace("-", "−") if "e" not in shown else shown
