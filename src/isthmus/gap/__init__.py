"""How far apart two sets of images are, of which kind the difference is, and how sure that is.

Beside what is named here: `characterise` (kinds of gap), `witness` (each frame's share of it) and
`neighbours` (precision, recall, density, coverage), each in the module of that name.
"""

from __future__ import annotations

from isthmus.gap.estimate import Estimate
from isthmus.gap.inference import measure, measure_all
from isthmus.gap.metric import Metric
from isthmus.gap.registry import METRICS, PANEL
from isthmus.gap.units import Units, find_units

__all__ = [
    "METRICS",
    "PANEL",
    "Estimate",
    "Metric",
    "Units",
    "find_units",
    "measure",
    "measure_all",
]
