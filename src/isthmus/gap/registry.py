"""The metrics by name: adding one is one file and one line here."""

from __future__ import annotations

from isthmus.gap import cmd, frechet, h_divergence, mmd, sliced_wasserstein
from isthmus.gap.metric import Metric

METRICS: dict[str, Metric] = {
    "mmd": mmd.METRIC,
    "sliced_wasserstein": sliced_wasserstein.METRIC,
    "cmd": cmd.METRIC,
    "proxy_a_distance": h_divergence.METRIC,
    "frechet": frechet.METRIC,
}
