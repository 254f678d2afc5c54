"""The metrics by name: adding one is one file and one line here."""

from __future__ import annotations

from isthmus.gap import (
    cmd,
    coral,
    emd,
    energy,
    frechet,
    h_divergence,
    kl_gaussian,
    mmd,
    prdc,
    sinkhorn,
    sliced_wasserstein,
    wasserstein,
)
from isthmus.gap.metric import Metric

PANEL = ("mmd", "sliced_wasserstein", "cmd", "proxy_a_distance", "frechet")

METRICS: dict[str, Metric] = {
    "mmd": mmd.METRIC,
    "sliced_wasserstein": sliced_wasserstein.METRIC,
    "cmd": cmd.METRIC,
    "proxy_a_distance": h_divergence.METRIC,
    "frechet": frechet.METRIC,
    "energy": energy.METRIC,
    "wasserstein": wasserstein.METRIC,
    "kl_gaussian": kl_gaussian.METRIC,
    "coral": coral.METRIC,
    "emd": emd.METRIC,
    "sinkhorn": sinkhorn.METRIC,
    "precision_gap": prdc.PRECISION_GAP,
    "recall_gap": prdc.RECALL_GAP,
    "coverage_gap": prdc.COVERAGE_GAP,
}
