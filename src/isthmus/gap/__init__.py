"""How far apart two sets of images are, of which kind the difference is, and how sure that is."""

from __future__ import annotations

from isthmus.gap.estimate import Estimate
from isthmus.gap.inference import measure, measure_all
from isthmus.gap.metric import Metric
from isthmus.gap.registry import METRICS

__all__ = ["METRICS", "Estimate", "Metric", "measure", "measure_all"]
