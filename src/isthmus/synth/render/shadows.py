"""What keeps sun and sky from the ground: cast shadows and the darkness under things."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.conditions import Light
from isthmus.synth.mesh import Floats
from isthmus.synth.render.raster import SAMPLES, Faces, outlines
from isthmus.synth.scene import Scene
from isthmus.synth.street import bend

LONGEST = 40.0
"""Longest shadow that is drawn, metres."""
TALL = 3.0


class Shadows:
    """Shadow outlines of one scene in one light.

    Attributes:
        cast: (n, 8, 2) outlines on the ground (X, Z) of the n things that cast shadows.
        sunny: there is sun enough for shadows to show.
    """

    def __init__(self, scene: Scene, light: Light) -> None:
        self.scene = scene
        things = [thing for thing in scene.things if thing.footprint is not None]
        feet = np.array([thing.footprint for thing in things], np.float32).reshape(-1, 4, 2)
        feet[..., 1] += np.array([thing.shift for thing in things], np.float32)[:, None]
        self._feet = _bend_flat(feet, scene.street.curvature)
        self._actor = np.array([thing.actor for thing in things], int)
        self._top = np.array([thing.height for thing in things], np.float32)
        base = np.array([thing.base for thing in things], np.float32)
        self.sunny = bool(light.sun.max() > 0.1 * light.sky.max() and light.direction[1] > 0.05)
        reach = np.minimum((self._top - base) / max(float(light.direction[1]), 0.05), LONGEST)
        self.cast = swept(self._feet, -light.direction[[0, 2]] * reach[:, None])

    def on_ground(self, index: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Shares 0–1 of sun and of sky kept from the ground, at the samples of `index`."""
        from PIL import Image, ImageDraw, ImageFilter

        view = self.scene.view
        size = (view.width * SAMPLES, view.height * SAMPLES)
        sky = Image.new("L", size, 0)
        draw = ImageDraw.Draw(sky)
        own = self._actor >= 0
        middle = self._feet[own].mean(axis=1, keepdims=True)
        wider = middle + (self._feet[own] - middle) * 1.1
        low = np.ptp(self._feet[own], axis=1).max(axis=1) > 1.2
        for outline, big in zip(self._project(wider), low, strict=True):
            if outline is not None:
                draw.polygon(outline, fill=205 if big else 120)
        scale = np.float32(1 / 255)
        blocked = np.asarray(sky.filter(ImageFilter.BoxBlur(3))).ravel()[index] * scale
        if not self.sunny:
            return blocked, blocked
        sun = Image.new("L", size, 0)
        draw = ImageDraw.Draw(sun)
        for outline in self._project(self.cast):
            if outline is not None:
                draw.polygon(outline, fill=255)
        shade = np.asarray(sun.filter(ImageFilter.BoxBlur(1))).ravel()[index] * scale
        return np.maximum(shade, blocked), blocked

    def _project(self, flat: Floats) -> list[list[float] | None]:
        points = np.stack([flat[..., 0], np.zeros_like(flat[..., 0]), flat[..., 1]], axis=-1)
        return outlines(self.scene.view.to_camera(points), self.scene.view)

    def on_actors(self, faces: Faces) -> NDArray[np.bool_]:
        """(faces,) True for faces of actors that stand in the shadow of a house or a tree."""
        dark = np.zeros(len(self.scene.actors) + 1, bool)
        tall = self.cast[(self._actor < 0) & (self._top > TALL)]
        if self.sunny and len(tall) and self.scene.actors:
            spots = np.array([(a.position[0], a.position[2]) for a in self.scene.actors])
            dark[:-1] = inside(spots, tall).any(axis=1)
        return np.asarray(dark[faces.actor], bool)


def _bend_flat(flat: Floats, curvature: float) -> Floats:
    points = np.stack([flat[..., 0], np.zeros_like(flat[..., 0]), flat[..., 1]], axis=-1)
    return bend(points, curvature)[..., [0, 2]]


def swept(quads: Floats, shift: Floats) -> Floats:
    """Outlines (n, 8, 2) of what convex quads (n, 4, 2) cover when moved along `shift` (n, 2).

    Corners between an edge that looks along the shift and one that looks against it are where
    the moved and the resting copy meet; corners may repeat.
    """
    edge = np.roll(quads, -1, axis=1) - quads
    area = edge[:, 0, 0] * edge[:, 1, 1] - edge[:, 0, 1] * edge[:, 1, 0]
    outward = np.stack([edge[..., 1], -edge[..., 0]], axis=-1) * np.sign(area)[:, None, None]
    ahead = np.einsum("nij,nj->ni", outward, shift) > 0
    both = np.stack([np.roll(ahead, 1, axis=1), ahead], axis=2)
    moved = quads[:, :, None] + both[..., None] * shift[:, None, None]
    return moved.reshape(len(quads), 8, 2).astype(np.float32)


def inside(points: Floats, polygons: Floats) -> NDArray[np.bool_]:
    """(m, n) True where point (m, 2) lies in convex polygon (n, k, 2), either way round."""
    edge = np.roll(polygons, -1, axis=1) - polygons
    to = points[:, None, None] - polygons[None]
    cross = edge[None, ..., 0] * to[..., 1] - edge[None, ..., 1] * to[..., 0]
    return np.asarray((cross >= 0).all(axis=2) | (cross <= 0).all(axis=2))
