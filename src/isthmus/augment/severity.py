"""Severity: a number from 0 (nothing) to 5, tied to a physical value by an effect's ladder."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_SEVERE = 5.0


@dataclass(frozen=True)
class Scale:
    """A ladder of physical values.

    Attributes:
        unit: of the values ("m", "lux", "EV", "ms").
        quantity: what is measured, for people.
        ladder: values at severities 1, 2, 3, 4, 5; strictly monotone.
        ratio: interpolate by ratio (logarithmically) rather than by difference.
    """

    unit: str
    quantity: str
    ladder: tuple[float, float, float, float, float]
    ratio: bool = False

    def value(self, severity: float) -> float:
        """Physical value at a severity from 1 to 5; below 1 it is that of 1."""
        steps = np.arange(1, 6)
        if self.ratio:
            return float(np.exp(np.interp(severity, steps, np.log(self.ladder))))
        return float(np.interp(severity, steps, self.ladder))

    def amount(self, severity: float) -> float:
        """Physical value of what is added: below severity 1 it falls to 0 in proportion."""
        return self.value(severity) * min(severity, 1.0)

    def severity(self, value: float) -> float:
        """Severity (1–5) of a physical value; values off the ladder's ends get its ends."""
        ladder = np.log(self.ladder) if self.ratio else np.asarray(self.ladder)
        wanted = np.log(value) if self.ratio else value
        steps = np.arange(1.0, 6.0)
        if ladder[0] > ladder[-1]:
            ladder, steps = ladder[::-1], steps[::-1]
        return float(np.interp(wanted, ladder, steps))
