"""The rasteriser against counting, exact arithmetic and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.synth.annotate.raster import cover, rasterise
from isthmus.synth.annotate.triangles import (
    CANVAS,
    FARTHEST,
    GRID,
    HALF,
    NEAR,
    OUT,
    PICTURE,
    Projection,
    Triangles,
    projection_of,
    set_up,
)
from isthmus.synth.view import View

VIEW = View(96, 64, 80.0, (0.0, 1.5, 0.0))
STREET = np.array([[-900, 0, -30], [-900, 0, 900], [900, 0, 900], [900, 0, -30]], np.float32)
HALVES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def seen(points, faces, view=VIEW, threads=1):
    keep = np.full(len(faces), PICTURE, np.uint8)
    triangles = set_up(points, faces, keep, projection_of(view), threads=threads)
    return rasterise(triangles, view.width, view.height, threads)


def times_covered(triangles: Triangles, width: int, height: int) -> np.ndarray:
    total = np.zeros((height, width), np.int64)
    for k in range(len(triangles.source)):
        mask = np.zeros((height, width), np.bool_)
        cover(np.array([k], np.int32), triangles.corners, 0, 0, mask)
        total += mask
    return total


def mesh_of_quad(rng: np.random.Generator, side: int, depth: float):
    """A quad at a depth, cut into side² cells at shaken points, each into two triangles."""
    x, y = np.meshgrid(np.linspace(-1, 1, side + 1), np.linspace(-1, 1, side + 1))
    shake = rng.uniform(-0.35, 0.35, (2, side + 1, side + 1)) * 2 / side
    shake[:, [0, -1]] = shake[:, :, [0, -1]] = 0
    points = np.stack([x + shake[0], 1.5 + y + shake[1], np.full_like(x, depth)], axis=-1)
    a = (np.arange(side)[:, None] * (side + 1) + np.arange(side)).ravel()
    faces = np.concatenate([np.stack([a, a + 1, a + side + 2], 1),
                            np.stack([a, a + side + 2, a + side + 1], 1)])  # fmt: skip
    return points.reshape(-1, 3).astype(np.float32), faces.astype(np.int32)


@pytest.mark.parametrize("depth", [2.0, 3.7])
def test_every_pixel_of_a_tessellated_quad_is_covered_once(depth: float) -> None:
    points, faces = mesh_of_quad(np.random.default_rng(3), 9, depth)
    keep = np.full(len(faces), PICTURE, np.uint8)
    total = times_covered(set_up(points, faces, keep, projection_of(VIEW)), 96, 64)
    assert total.max() == 1
    u, v = np.arange(96) + 0.5 - 48, np.arange(64) + 0.5 - 32
    half = 80 / depth
    inner = (np.abs(u) < half - 0.01)[None] & (np.abs(v) < half - 0.01)[:, None]
    outer = (np.abs(u) < half + 0.01)[None] & (np.abs(v) < half + 0.01)[:, None]
    assert (total[inner] == 1).all()
    assert (total[~outer] == 0).all()


def test_clipped_faces_stay_watertight() -> None:
    """A street of strips from behind the camera to the horizon: no gap, nothing twice."""
    x = np.sort(np.random.default_rng(0).uniform(-400, 400, 60)).astype(np.float32)
    x = np.concatenate([[-5e4], x, [5e4]]).astype(np.float32)
    near = np.stack([x, 0 * x, 0 * x - 20], 1)
    far = np.stack([x, 0 * x, 0 * x + 5e4], 1)
    k = np.arange(len(x) - 1)
    n = len(x)
    faces = np.concatenate([np.stack([k, k + n, k + 1], 1), np.stack([k + 1, k + n, k + n + 1], 1)])
    keep = np.full(len(faces), PICTURE, np.uint8)
    points = np.concatenate([near, far])
    triangles = set_up(points, faces.astype(np.int32), keep, projection_of(VIEW))
    total = times_covered(triangles, 96, 64)
    assert (total[33:] == 1).all()
    assert (total[:32] == 0).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-10 * GRID, 43 * GRID), min_size=6, max_size=6))
def test_coverage_is_that_of_exact_arithmetic(corners: list[int]) -> None:
    a, b, c = (np.array(corners[i : i + 2], object) for i in (0, 2, 4))
    area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    if area == 0:
        return
    if area < 0:
        b, c = c, b
    row = np.array([[*a, *b, *c]], np.int32)
    mask = np.zeros((32, 32), np.bool_)
    cover(np.zeros(1, np.int32), row, 0, 0, mask)
    for y in range(32):
        for x in range(32):
            inside = True
            for p, q in ((a, b), (b, c), (c, a)):
                dx, dy = q[0] - p[0], q[1] - p[1]
                e = dx * (GRID * y + HALF - p[1]) - dy * (GRID * x + HALF - p[0])
                top_left = dy < 0 or (dy == 0 and dx > 0)
                inside &= e > 0 or (e == 0 and top_left)
            assert mask[y, x] == inside


def test_depth_of_a_street_is_that_of_its_plane() -> None:
    for pitch in (0.0, 0.08, -0.05):
        view = View(96, 64, 80.0, (0.3, 1.5, 2.0), pitch, 0.1)
        face, nearness = seen(STREET, HALVES, view)
        slope = (32 - np.arange(64) - 0.5) / 80
        # Looking down by p, a line of slope s meets the street at depth h / (sin p − s·cos p).
        down = np.sin(pitch) - slope * np.cos(pitch)
        below = down > 0.01
        expected = np.repeat((down[below] / 1.5)[:, None], 96, axis=1)
        assert (face[below] >= 0).all()
        np.testing.assert_allclose(nearness[below], expected, rtol=2e-6)


def test_nearer_faces_hide_farther_ones_in_whatever_order() -> None:
    quad = np.array([[-1, 0.5, 0], [1, 0.5, 0], [1, 2.5, 0], [-1, 2.5, 0]], np.float32)
    for first, second in ((4.0, 3.0), (3.0, 4.0)):
        points = np.concatenate([quad + np.float32([0, 0, z]) for z in (first, second)])
        faces = np.concatenate([HALVES, HALVES + 4]).astype(np.int32)
        face, nearness = seen(points, faces)
        assert face[32, 48] // 2 == (0 if first < second else 1)
        assert nearness[32, 48] == pytest.approx(1 / 3)


def test_of_faces_at_one_place_the_first_is_seen() -> None:
    points = np.array([[-1, 0.5, 3], [1, 0.5, 3], [1, 2.5, 3], [-1, 2.5, 3]], np.float32)
    face, _ = seen(points, np.concatenate([HALVES, HALVES]).astype(np.int32))
    assert set(np.unique(face)) == {-1, 0, 1}


def test_nothing_nearer_than_the_near_plane_is_seen() -> None:
    quad = np.array([[-1, 0.5, 0], [1, 0.5, 0], [1, 2.5, 0], [-1, 2.5, 0]], np.float32)
    assert (seen(quad + np.float32([0, 0, 0.9 * NEAR]), HALVES)[0] == -1).all()
    assert (seen(quad + np.float32([0, 0, 1.1 * NEAR]), HALVES)[0] >= 0).all()


def test_only_what_is_kept_is_set_up_and_the_canvas_reaches_a_picture_further() -> None:
    quad = np.array([[-1, 0.5, 3], [1, 0.5, 3], [1, 2.5, 3], [-1, 2.5, 3]], np.float32)
    beside = quad + np.float32([3.5, 0, 0])  # 66 to 120 pixels right of the middle
    projection = projection_of(VIEW)
    for keep, count in ((OUT, 0), (PICTURE, 0), (CANVAS, 2)):
        found = set_up(beside, HALVES, np.full(2, keep, np.uint8), projection)
        assert len(found.source) == count


def test_a_parallel_projection_measures_height() -> None:
    """Seen from above, nearness is the height over the origin."""
    turn = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, -1.0, 0]])
    projection = Projection(turn, np.zeros(3), 8.0, 32, 32, False)
    roof = np.array([[-1, 2, -1], [-1, 2, 1], [1, 3, 1], [1, 3, -1]], np.float32)
    triangles = set_up(roof, HALVES, np.full(2, PICTURE, np.uint8), projection)
    face, nearness = rasterise(triangles, 32, 32)
    rows, columns = np.nonzero(face >= 0)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 23, 8, 23)
    x = (columns + 0.5 - 16) / 8
    np.testing.assert_allclose(nearness[rows, columns], 2.5 + 0.5 * x, rtol=1e-6)


def test_faces_far_outside_the_picture_do_not_overflow() -> None:
    far = STREET * np.float32([3e4, 1, 3e4])
    keep = np.full(2, PICTURE, np.uint8)
    triangles = set_up(far, HALVES, keep, projection_of(VIEW))
    assert np.abs(triangles.corners.astype(np.int64)).max() <= GRID * 2 * FARTHEST
    face, _ = rasterise(triangles, 96, 64)
    assert (face[33:] >= 0).all()
    assert (face[:32] == -1).all()


def test_buffers_do_not_depend_on_threads() -> None:
    rng = np.random.default_rng(5)
    points = rng.normal(size=(3 * 40_000, 3)).astype(np.float32) * [4, 2, 5] + [0, 1.5, 7]
    faces = np.arange(3 * 40_000, dtype=np.int32).reshape(-1, 3)
    one, two = (seen(points.astype(np.float32), faces, threads=n) for n in (1, 2))
    assert one[0].tobytes() == two[0].tobytes()
    assert one[1].tobytes() == two[1].tobytes()
