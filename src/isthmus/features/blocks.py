"""A picture made smaller by whole factors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def shrink(plane: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Means of factor × factor blocks of (h, w) or (h, w, c).

    The last, partial blocks are left out.
    """
    height, width = (side // factor * factor for side in plane.shape[:2])
    whole = plane[:height, :width]
    rows = whole[:, 0::factor].copy()
    for across in range(1, factor):
        rows += whole[:, across::factor]
    total = rows[0::factor].copy()
    for down in range(1, factor):
        total += rows[down::factor]
    return np.asarray(total / np.float32(factor**2), np.float32)
