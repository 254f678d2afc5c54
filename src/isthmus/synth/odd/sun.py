"""Where the sun stands, from a latitude, a day of the year and a solar hour.

Cooper's declination and the hour angle (Duffie & Beckman, "Solar engineering of thermal
processes", eq. 1.6.1a, 1.6.5, 1.6.6): within half a degree of the almanac's.
"""

from __future__ import annotations

import math

LOWEST = -18.0
"""Night is no darker below this elevation, degrees."""


def sun_position(latitude: float, day: float, hour: float) -> tuple[float, float]:
    """Elevation (degrees, negative below the horizon) and azimuth (degrees from north, east 90).

    Args:
        latitude: degrees, north positive.
        day: of the year, 1–366.
        hour: solar time, 0–24; at 12 the sun is highest.
    """
    declination = math.radians(23.45) * math.sin(2 * math.pi * (284 + day) / 365)
    phi, angle = math.radians(latitude), math.radians(15 * (hour - 12))
    up = math.sin(phi) * math.sin(declination)
    up += math.cos(phi) * math.cos(declination) * math.cos(angle)
    east = -math.cos(declination) * math.sin(angle)
    north = math.cos(phi) * math.sin(declination)
    north -= math.sin(phi) * math.cos(declination) * math.cos(angle)
    elevation = math.degrees(math.asin(min(max(up, -1.0), 1.0)))
    return elevation, math.degrees(math.atan2(east, north)) % 360
