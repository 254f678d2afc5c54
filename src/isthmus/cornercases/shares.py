"""How many independent frames a table of measured conditions is worth."""

from __future__ import annotations

from isthmus.cornercases.measures import MEASURES
from isthmus.cornercases.table import ConditionTable
from isthmus.quality.shares import effective_number, wilson

__all__ = ["effective_frames", "wilson"]


def effective_frames(table: ConditionTable) -> float:
    """Number of independent frames that the table is worth, from 1 to its length."""
    columns = [column for name, column in table.values.items() if not MEASURES[name].circular]
    return effective_number(columns, table.sequences)
