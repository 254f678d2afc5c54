"""Unit normals of faces: of all, and of those that are seen."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def _cross(points, face):  # type: ignore[no-untyped-def]
    """(b − a) × (c − a) of a face's corners, in float64."""
    a, b, c = face[0], face[1], face[2]
    ax, ay, az = np.float64(points[a, 0]), np.float64(points[a, 1]), np.float64(points[a, 2])
    bx, by, bz = points[b, 0] - ax, points[b, 1] - ay, points[b, 2] - az
    cx, cy, cz = points[c, 0] - ax, points[c, 1] - ay, points[c, 2] - az
    return by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx


@njit(cache=True, nogil=True, error_model="numpy")
def face_normals(points, faces, out):  # type: ignore[no-untyped-def]
    """Fill `out` (f, 3) with unit normals; 0 for faces without area."""
    for i in range(len(faces)):
        x, y, z = _cross(points, faces[i])
        length = np.sqrt(x * x + y * y + z * z)
        scale = 1 / length if length > 0 else 0.0
        out[i, 0], out[i, 1], out[i, 2] = x * scale, y * scale, z * scale


@njit(cache=True, nogil=True, error_model="numpy")
def seen_normals(points, faces, seen, camera, out):  # type: ignore[no-untyped-def]
    """Fill `out` (h, w, 3) with the unit normals, towards the camera and in its axes, of faces.

    `seen` (h, w) is the number of the face in each pixel, negative for none; `camera` is its turn
    and origin.
    """
    turn, origin = camera
    table = np.empty((len(faces), 3), np.float32)
    known = np.zeros(len(faces), np.bool_)
    for y in range(seen.shape[0]):
        for x in range(seen.shape[1]):
            f = seen[y, x]
            if f < 0:
                continue
            if not known[f]:
                known[f] = True
                nx, ny, nz = _cross(points, faces[f])
                a, away = faces[f, 0], 0.0
                away += nx * (points[a, 0] - origin[0]) + ny * (points[a, 1] - origin[1])
                away += nz * (points[a, 2] - origin[2])
                length = np.sqrt(nx * nx + ny * ny + nz * nz) * (-1.0 if away > 0 else 1.0)
                length = 1.0 if length == 0 else length
                for k in range(3):
                    along = nx * turn[k, 0] + ny * turn[k, 1] + nz * turn[k, 2]
                    table[f, k] = along / length
            for k in range(3):
                out[y, x, k] = table[f, k]
