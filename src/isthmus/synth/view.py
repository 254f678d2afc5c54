"""The pin-hole view of a scene: where it stands, where it looks, and what falls where.

World axes: X to the right, Y up, Z forward along the street; the road's surface is Y = 0, metres.
Camera axes: x right, y *up*, z along the optical axis. Depth is always the camera's z. Pixels as
everywhere in isthmus: origin at the top left corner, pixel (i, j) covers [i, i+1) × [j, j+1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus.data.frame import Camera

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class View:
    """A pin-hole camera over the street.

    Attributes:
        width, height: size of the picture in pixels.
        focal: focal length in pixels (square pixels).
        position: (X, Y, Z) of the optical centre; Y is its height above the road.
        pitch: radians, positive looks down.
        yaw: radians, positive looks to the right.
    """

    width: int
    height: int
    focal: float
    position: tuple[float, float, float]
    pitch: float = 0.0
    yaw: float = 0.0

    @property
    def rotation(self) -> Floats:
        """(3, 3) matrix that takes world directions to camera directions."""
        cp, sp, cy, sy = np.cos(self.pitch), np.sin(self.pitch), np.cos(self.yaw), np.sin(self.yaw)
        turn = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
        nod = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
        return np.asarray(nod @ turn, np.float32)

    @property
    def intrinsics(self) -> Camera:
        """Focal length and principal point, as a frame carries them."""
        return Camera(self.focal, self.focal, self.width / 2, self.height / 2)

    @property
    def horizon(self) -> float:
        """Row (pixels from the top) in which the horizon lies."""
        return float(self.height / 2 - self.focal * np.tan(self.pitch))

    def to_camera(self, points: Floats) -> Floats:
        """World points (..., 3) in camera axes."""
        moved = np.asarray(points, np.float32) - np.asarray(self.position, np.float32)
        return np.asarray(moved @ self.rotation.T, np.float32)

    def project(self, camera_points: Floats) -> Floats:
        """Camera points (..., 3) with z > 0 → pixels (..., 2)."""
        z = camera_points[..., 2]
        u = self.width / 2 + self.focal * camera_points[..., 0] / z
        v = self.height / 2 - self.focal * camera_points[..., 1] / z
        return np.stack([u, v], axis=-1)

    def rays(self, scale: int) -> tuple[Floats, Floats]:
        """Slopes x/z (1, width·scale) and y/z (height·scale, 1) of the samples' directions."""
        u = (np.arange(self.width * scale, dtype=np.float32) + 0.5) / scale
        v = (np.arange(self.height * scale, dtype=np.float32) + 0.5) / scale
        x = (u - self.width / 2) / self.focal
        y = (self.height / 2 - v) / self.focal
        return x[None, :].astype(np.float32), y[:, None].astype(np.float32)
