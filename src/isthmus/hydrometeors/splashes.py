"""Splashes where drops of rain strike the road, roofs and all else that lies flat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isthmus.hydrometeors.sizes import Particles, Pinhole

LEVEL = 0.85
"""Least upward part of the normal of what drops splash on."""
SPLASHING = 1.0
"""Diameter in mm from which drops throw up a crown; they fall at about 5.5 m/s."""
FALL = 5.5
LASTING = 0.06
"""Seconds for which a crown stands (Worthington's crowns: a few hundredths)."""
FINEST = 0.2
"""Width in pixels below which splashes are not drawn one by one."""
CROWN = (0.006, 0.014)
"""Width of crowns, metres."""
MOST = 40_000


def splashes(
    rate: float,
    depth: NDArray[np.float32],
    upward: NDArray[np.bool_],
    view: Pinhole,
    rng: np.random.Generator,
    *,
    up: NDArray[np.floating],
    most: int = MOST,
) -> Particles:
    """Crowns thrown up at one moment by rain of `rate` mm/h, as particles.

    As many as drops of more than 1 mm (Marshall and Palmer 1948) strike in the time that a crown
    stands, over the surface that each pixel shows.

    Args:
        rate: mm/h, above 0.
        depth: (h, w) metres, camera z.
        upward: (h, w) pixels that show level surfaces.
        view: the camera.
        rng: where.
        up: (3,) the world's upward direction in camera axes (x right, y up, z forward).
        most: drawn at most; of more, a share by chance.
    """
    rows, columns, near = _shown(depth, upward, view)
    x = (columns + 0.5 - 0.5 * view.width) / view.focal
    y = (0.5 * view.height - rows - 0.5) / view.focal
    up = np.asarray(up, np.float64)
    # Level surface in a pixel: z² / f², drawn out along the sight.
    slant = np.maximum(-(x * up[0] + y * up[1] + up[2]), 0.02)
    mean = splash_density(rate) * near**2 / view.focal**2 / slant
    count = rng.poisson(np.minimum(mean, 50.0) * min(1.0, most / max(float(mean.sum()), 1.0)))
    index = np.repeat(np.arange(len(near)), count)
    shift = rng.uniform(-0.5, 0.5, (2, len(index))) / view.focal
    z = near[index]
    width = rng.uniform(*CROWN, len(index))
    place = np.stack([(x[index] + shift[0]) * z, (y[index] + shift[1]) * z, z], axis=1)
    # A crown stands over the surface, nearer than what is seen behind it.
    place += 0.5 * width[:, None] * up
    place[:, 2] -= width
    speed = rng.uniform(0.3, 1.2, len(index))
    return Particles(place, speed[:, None] * up, width)


def splash_density(rate: float) -> float:
    """Crowns that stand on a square metre at one moment, for rain of `rate` mm/h."""
    slope = 4.1 * rate**-0.21
    return float(8000 / slope * np.exp(-slope * SPLASHING) * FALL * LASTING)


def _shown(
    depth: NDArray[np.float32], upward: NDArray[np.bool_], view: Pinhole
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Rows, columns and depths of the level pixels near enough for single splashes."""
    reach = view.focal * CROWN[1] / FINEST
    rows, columns = np.nonzero(upward & (depth > 0.5) & (depth < reach))
    return rows, columns, depth[rows, columns].astype(np.float64)
