"""The pin-hole view: what falls where."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.synth.view import View


def test_a_point_in_space_falls_into_its_pixel() -> None:
    view = View(320, 192, 280.0, (1.0, 1.4, 0.0), 0.04, -0.03)
    slopes = np.array([(40.5 - 160) / 280, (96 - 90.5) / 280, 1.0])
    point = view.position + view.rotation.T @ (17 * slopes)
    seen = view.to_camera(point[None])
    assert view.project(seen)[0] == pytest.approx((40.5, 90.5), abs=1e-2)
    assert seen[0, 2] == pytest.approx(17, rel=1e-5)


def test_horizon_is_where_far_ground_goes() -> None:
    view = View(320, 192, 280.0, (0.0, 1.4, 0.0), 0.05)
    far = view.project(view.to_camera(np.array([[0, 0, 1e6]])))
    assert far[0, 1] == pytest.approx(view.horizon, abs=0.05)
