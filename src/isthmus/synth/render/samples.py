"""Which samples are shaded, and how they become pixels.

Where all samples of a pixel show one face, one of them is enough; along outlines all are shaded.
That is antialiasing where it is seen, at a third of the cost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.mesh import Floats, Ints
from isthmus.synth.render.raster import SAMPLES, Faces, depth_at
from isthmus.synth.scene import Scene


@dataclass(frozen=True)
class Samples:
    """Geometry of the shaded samples; all arrays flat and of one length.

    Attributes:
        index: place in the flattened supersampled buffer.
        number: face number + 1, 0 in the sky.
        depth: camera z in metres.
        stretch: length of the ray per metre of depth.
        x, y, z: world coordinates (the camera stands at Z = 0).
        material: `Material` of each sample.
        whole: (pixels,) True where one sample stands for the pixel; these come first.
        size: (width, height) of the picture.
    """

    index: NDArray[np.intp]
    number: Ints
    depth: Floats
    stretch: Floats
    x: Floats
    y: Floats
    z: Floats
    material: NDArray[np.uint8]
    whole: NDArray[np.bool_]
    size: tuple[int, int]

    def resolve(self, planes: list[Floats]) -> Floats:
        """Pixels (h, w, c): means of their samples."""
        width, height = self.size
        out = np.empty((width * height, len(planes)), np.float32)
        count = int(self.whole.sum())
        mixed = ~self.whole
        for c, plane in enumerate(planes):
            out[self.whole, c] = plane[:count]
            out[mixed, c] = plane[count:].reshape(-1, SAMPLES**2).sum(axis=1) / SAMPLES**2
        return out.reshape(height, width, len(planes))


def locate(scene: Scene, faces: Faces, number: Ints) -> Samples:
    """Choose the samples to shade and work out where in the world each of them is."""
    view = scene.view
    a, b, c, d = number[0::2, 0::2], number[0::2, 1::2], number[1::2, 0::2], number[1::2, 1::2]
    whole = ((a == b) & (c == d) & (a == c)).ravel()
    row = 2 * view.width
    first = (np.arange(view.height)[:, None] * 2 * row + np.arange(view.width) * 2).ravel()
    four = first[~whole][:, None] + np.array([0, 1, row, row + 1])
    index = np.concatenate([first[whole], four.ravel()])
    chosen = np.take(number, index)
    slope_x, slope_y = view.rays(SAMPLES)
    sx, sy = np.take(slope_x, index % row), np.take(slope_y, index // row)
    depth = depth_at(faces, chosen, sx, sy)
    turn = view.rotation
    x, y, z = (
        depth * (turn[0, k] * sx + turn[1, k] * sy + turn[2, k]) + np.float32(view.position[k])
        for k in range(3)
    )
    table = np.concatenate([[0], faces.mesh.material]).astype(np.uint8)
    stretch = np.sqrt(1 + sx**2 + sy**2)
    return Samples(
        index, chosen, depth, stretch, x, y, z, np.take(table, chosen), whole,
        (view.width, view.height),
    )  # fmt: skip
