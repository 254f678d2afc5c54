"""Drops and flakes that fall before a frame's scene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.augment.depth import SKY, Geometry
from isthmus.augment.linear import Floats
from isthmus.hydrometeors.sizes import Particles
from isthmus.hydrometeors.streaks import draw_particles

MOST = 30_000
"""Particles drawn at most, the largest: smaller ones are the air's extinction."""
SPEED = 9.0
"""Assumed speed of the camera, m/s: weather slows traffic down."""


@dataclass(frozen=True)
class View:
    """The frame's camera, as laws of falling water need it; pixels."""

    width: int
    height: int
    focal: float

    @classmethod
    def of(cls, depth: Floats, geometry: Geometry) -> View:
        """The camera of a frame with depth (h, w)."""
        height, width = depth.shape
        return cls(width, height, geometry.focal * width)


def fallen(
    light: Floats, depth: Floats, geometry: Geometry, what: Particles, *, shutter: float,
    colour: Floats, rng: np.random.Generator,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Light (h, w, 3) with particles before it, and the share (h, w) of it that they make up.

    Args:
        light: linear; is not changed.
        depth: (h, w) metres; nearer things hide particles.
        geometry: of the camera.
        what: the particles, in camera axes.
        shutter: exposure time, seconds.
        colour: (3,) light of an opaque particle.
        rng: draws the camera's speed.
    """
    out = np.ascontiguousarray(light, np.float32).copy()
    cover = np.zeros(depth.shape, np.float32)
    near = np.where(depth >= SKY, np.float32(1e6), depth).astype(np.float32)
    ego = np.array([0.0, 0.0, SPEED * rng.uniform(0.3, 1.3)])
    draw_particles(
        out, cover, near, what,
        view=View.of(depth, geometry), ego=ego, shutter=shutter, colour=colour,
    )  # fmt: skip
    return out, np.clip(cover, 0, 1)
