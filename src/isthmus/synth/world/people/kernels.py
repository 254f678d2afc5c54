"""The inner loops of building people, compiled: curves, bending, normals."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def hermite(table, at):  # type: ignore
    """Values (n, m) at `at` (n,) of monotone cubics through keys (k, 1 + m); see `loft.curve`."""
    count, width = table.shape
    tangent = np.zeros((count, width))
    for c in range(1, width):
        last = count - 1
        tangent[0, c] = (table[1, c] - table[0, c]) / (table[1, 0] - table[0, 0])
        tangent[last, c] = (table[last, c] - table[last - 1, c]) / (
            table[last, 0] - table[last - 1, 0]
        )
        for k in range(1, last):
            h0, h1 = table[k, 0] - table[k - 1, 0], table[k + 1, 0] - table[k, 0]
            d0, d1 = (table[k, c] - table[k - 1, c]) / h0, (table[k + 1, c] - table[k, c]) / h1
            if d0 * d1 > 0:
                w0, w1 = 2 * h1 + h0, h1 + 2 * h0
                tangent[k, c] = (w0 + w1) / (w0 / d0 + w1 / d1)
    out = np.empty((len(at), width - 1))
    for i in range(len(at)):
        t = min(max(at[i], table[0, 0]), table[count - 1, 0])
        k = 0
        while k < count - 2 and t >= table[k + 1, 0]:
            k += 1
        h = table[k + 1, 0] - table[k, 0]
        u = (t - table[k, 0]) / h
        r = 1 - u
        for c in range(1, width):
            out[i, c - 1] = (
                (1 + 2 * u) * r * r * table[k, c] + u * r * r * h * tangent[k, c]
                + u * u * (3 - 2 * u) * table[k + 1, c] - u * u * r * h * tangent[k + 1, c]
            )  # fmt: skip
    return out


@njit(cache=True, nogil=True)
def turn_about(points, shares, rest, axes, angles):  # type: ignore
    """Points (v, 3) turned about joints from the last to the first; see `skeleton.bent`.

    axes (j, 3) and angles (j,) of the joints' turns; shares (v, j) of each point.
    """
    out = points.copy()
    for k in range(len(angles) - 1, 0, -1):
        if angles[k] < 1e-9:
            continue
        ax, ay, az = axes[k]
        jx, jy, jz = rest[k]
        whole_s, whole_c = np.sin(angles[k]), np.cos(angles[k])
        for i in range(len(out)):
            w = shares[i, k]
            if w <= 0.0:
                continue
            if w >= 1.0:
                s, c = whole_s, whole_c
            else:
                s, c = np.sin(angles[k] * w), np.cos(angles[k] * w)
            x, y, z = out[i, 0] - jx, out[i, 1] - jy, out[i, 2] - jz
            along = (x * ax + y * ay + z * az) * (1 - c)
            out[i, 0] = jx + x * c + (ay * z - az * y) * s + ax * along
            out[i, 1] = jy + y * c + (az * x - ax * z) * s + ay * along
            out[i, 2] = jz + z * c + (ax * y - ay * x) * s + az * along
    return out


@njit(cache=True, nogil=True)
def smooth_normals(points, faces, weld):  # type: ignore
    """Unit normals (v, 3) weighted by area, corners welded; up where a corner has no face."""
    total = np.zeros(points.shape)
    for f in range(len(faces)):
        a, b, c = faces[f]
        ux, uy, uz = points[b] - points[a]
        vx, vy, vz = points[c] - points[a]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for k in range(3):
            owner = weld[faces[f, k]]
            total[owner, 0] += nx
            total[owner, 1] += ny
            total[owner, 2] += nz
    out = np.empty(points.shape)
    for i in range(len(points)):
        x, y, z = total[weld[i]]
        length = np.sqrt(x * x + y * y + z * z)
        if length > 1e-12:
            out[i, 0], out[i, 1], out[i, 2] = x / length, y / length, z / length
        else:
            out[i, 0], out[i, 1], out[i, 2] = 0.0, 1.0, 0.0
    return out


@njit(cache=True, nogil=True)
def close_grid(grid, around, low, high):  # type: ignore
    """Corners (v, 3) and surface coordinates (v, 2) of a grid of rings; see `loft.sheet`."""
    r, s = grid.shape[0], grid.shape[1]
    columns = s + 1 if around else s
    count = r * columns + int(low) + int(high)
    points, uv = np.empty((count, 3)), np.empty((count, 2))
    u, v = np.zeros(columns), np.zeros(r)
    for j in range(1, columns):
        total = 0.0
        for i in range(r):
            d = grid[i, j % s] - grid[i, j - 1]
            total += np.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
        u[j] = u[j - 1] + total / r
    for i in range(1, r):
        total = 0.0
        for j in range(s):
            d = grid[i, j] - grid[i - 1, j]
            total += np.sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2])
        v[i] = v[i - 1] + total / s
    for i in range(r):
        for j in range(columns):
            points[i * columns + j] = grid[i, j % s]
            uv[i * columns + j, 0], uv[i * columns + j, 1] = u[j], v[i]
    last = r * columns
    for end in range(2):
        if (low, high)[end]:
            ring = 0 if end == 0 else r - 1
            for k in range(3):
                total = 0.0
                for j in range(s):
                    total += grid[ring, j, k]
                points[last, k] = total / s
            uv[last, 0], uv[last, 1] = u[columns - 1] / 2, v[ring]
            last += 1
    return points, uv


@njit(cache=True, nogil=True)
def frames_along(path, deep):  # type: ignore
    """(across, deep), each (r, 3), square to a path (r, 3); see `loft.path_frames`."""
    r = len(path)
    across, out = np.empty((r, 3)), np.empty((r, 3))
    for i in range(r):
        a, b = path[max(i - 1, 0)], path[min(i + 1, r - 1)]
        tx, ty, tz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
        length = np.sqrt(tx * tx + ty * ty + tz * tz)
        tx, ty, tz = tx / length, ty / length, tz / length
        along = tx * deep[i, 0] + ty * deep[i, 1] + tz * deep[i, 2]
        dx, dy, dz = deep[i, 0] - along * tx, deep[i, 1] - along * ty, deep[i, 2] - along * tz
        length = np.sqrt(dx * dx + dy * dy + dz * dz)
        dx, dy, dz = dx / length, dy / length, dz / length
        out[i, 0], out[i, 1], out[i, 2] = dx, dy, dz
        across[i, 0] = dy * tz - dz * ty
        across[i, 1] = dz * tx - dx * tz
        across[i, 2] = dx * ty - dy * tx
    return across, out
