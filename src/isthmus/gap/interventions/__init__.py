"""What share of the gap goes when one kind of difference between the domains is taken away."""

from __future__ import annotations

from isthmus.gap.interventions.intervention import Fitted, Intervention
from isthmus.gap.interventions.registry import INTERVENTIONS
from isthmus.gap.interventions.share import RemovedShare, removed_by_weights, removed_shares

__all__ = [
    "INTERVENTIONS",
    "Fitted",
    "Intervention",
    "RemovedShare",
    "removed_by_weights",
    "removed_shares",
]
