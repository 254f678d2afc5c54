"""Extinction of visible light by fog, rain and snow, in 1/m."""

from __future__ import annotations

import numpy as np

KOSCHMIEDER = float(-np.log(0.05))
"""Visibility × extinction: contrast falls to 5 % at the visibility (WMO's optical range)."""
DECIBEL_PER_KM = float(np.log(10) / 10 / 1000)


def fog_extinction(visibility: float) -> float:
    """Of air with a meteorological visibility in metres (Koschmieder 1924)."""
    return KOSCHMIEDER / visibility


def rain_extinction(rate: float) -> float:
    """Of rain of `rate` mm/h: 1.076 R^0.67 dB/km (Carbonneau & Wisely, Proc. SPIE 3232, 1998)."""
    return float(1.076 * rate**0.67 * DECIBEL_PER_KM)


def snow_extinction(rate: float) -> float:
    """Of snow of `rate` mm/h of water, far more than rain of as much.

    About 5.4 S^0.72 dB/km ("wet snow", ITU-R P.1817-1, eq. 9, without its dependence on the
    wavelength, which is weak in the visible).
    """
    return float(5.4 * rate**0.72 * DECIBEL_PER_KM)
