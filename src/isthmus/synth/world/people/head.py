"""Heads: a skull with a face's relief, ears, eyes, brows and lips.

Everything is drawn in units of the head's height: chin at y = 0, crown at 1, nose towards +z.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.people.loft import (
    Reals,
    Surface,
    blob,
    circle,
    curve,
    joined,
    limb,
    oval,
    sheet,
)
from isthmus.synth.world.people.physique import Body

# Height of a ring in front, half breadth, front, back, roundness of the face, and how much higher
# the ring is at the back (rings below the mouth run along the jaw).
_RINGS = np.array([
    [.000, .135, .322, .060, 2.0, .26], [.025, .172, .366, .110, 2.1, .26],
    [.070, .215, .383, .170, 2.1, .24], [.130, .243, .374, .230, 2.15, .21],
    [.200, .264, .378, .280, 2.15, .17], [.280, .282, .380, .330, 2.15, .13],
    [.360, .296, .380, .375, 2.2, .09], [.440, .306, .380, .410, 2.25, .05],
    [.520, .311, .380, .435, 2.3, .02], [.580, .317, .392, .445, 2.35, .0],
    [.660, .328, .392, .447, 2.25, .0], [.750, .332, .370, .437, 2.15, .0],
    [.830, .320, .330, .405, 2.1, .0], [.900, .275, .262, .335, 2.0, .0],
    [.955, .192, .176, .232, 2.0, .0], [.988, .098, .090, .118, 2.0, .0],
])  # fmt: skip

# Height, how far the nose's ridge stands out, its half breadth.
_NOSE = np.array([
    [.26, 0, .07], [.30, .040, .068], [.345, .108, .058], [.385, .098, .046], [.46, .052, .036],
    [.53, .018, .036], [.58, .0, .04],
])  # fmt: skip

_LEVELS = {
    2: [0, .03, .08, .14, .185, .22, .275, .32, .355, .405, .46, .505, .55, .60, .68, .77, .86, .93,
        .98],
    1: [0, .08, .20, .30, .36, .48, .60, .75, .90],
    0: [.02, .16, .45, .72, .92],
}  # fmt: skip
_ANGLES = {
    2: [0, 5, 11, 18, 26, 36, 49, 66, 86, 108, 132, 157, 180],
    1: [0, 13, 30, 60, 95, 138, 180],
    0: [0, 48, 110, 180],
}  # fmt: skip


@dataclass(frozen=True)
class Face:
    """What sets faces apart; 1 is average.

    Attributes:
        nose, brow, jaw, lips: how strongly they stand out.
        round: 0 for a grown face, 1 for a small child's.
    """

    nose: float = 1.0
    brow: float = 1.0
    jaw: float = 1.0
    lips: float = 1.0
    round: float = 0.0


def sample_face(rng: np.random.Generator, body: Body) -> Face:
    """A face that fits a body."""
    traits = body.traits
    a, b, c, d = np.clip(rng.normal(size=4), -2, 2).tolist()
    child = float(np.clip((13.0 - traits.age) / 9.0, 0.0, 1.0))
    female = traits.sex == "female"
    return Face(
        nose=(1.0 - 0.12 * female + 0.15 * a) * (1 - 0.4 * child),
        brow=(0.35 if female else 1.0 + 0.3 * b) * (1 - child),
        jaw=1.0 - 0.05 * female + 0.04 * c + 0.03 * max(traits.build, 0.0),
        lips=1.0 + 0.15 * female + 0.25 * d,
        round=child,
    )


def angles(detail: int) -> Reals:
    """Angles of a head's columns in radians, symmetric about the face at π/2."""
    half = np.radians(_ANGLES[detail])
    left = half[1:-1] if half[-1] > 3.1 else half[1:]
    return np.asarray(np.concatenate([np.pi / 2 + half, np.pi / 2 - left[::-1]]))


def levels(detail: int) -> Reals:
    """Heights of a head's rings."""
    return np.array(_LEVELS[detail], np.float64)


def skull(face: Face, at: ArrayLike, angle: Reals, *, relief: bool = True) -> Reals:
    """Grid (r, s, 3) of rings whose fronts are at heights `at`, upward; angle π/2 is the front."""
    y = np.asarray(at, np.float64)
    across, front, back, power, lift = curve(_RINGS, y).T
    low = np.clip((0.45 - y) / 0.3, 0.0, 1.0)
    across = across * (1 + (face.jaw - 1 + 0.10 * face.round) * low)
    section = oval(angle, across, front, back, power[:, None])
    depth = (front[:, None] - section[..., 1]) / (front + back)[:, None]
    height = y[:, None] + lift[:, None] * depth
    # Left is at −x: the angle starts there.
    x, z = -section[..., 0], section[..., 1]
    if relief:
        z = z + np.where(z > 0, _relief(face, x, height), 0.0)
    return np.stack([x, height, z], axis=-1)


def _hill(x: Reals, y: Reals, at: tuple[float, float], wide: tuple[float, float]) -> Reals:
    across = ((np.abs(x) - at[0]) / wide[0]) ** 2
    return np.asarray(np.exp(-across - ((y - at[1]) / wide[1]) ** 2))


def _relief(face: Face, x: Reals, y: Reals) -> Reals:
    shape = y.shape
    nose, wide = curve(_NOSE, y.ravel()).T
    out = np.asarray((nose * face.nose).reshape(shape) * np.exp(-((x / wide.reshape(shape)) ** 2)))
    out -= 0.050 * _hill(x, y, (0.145, 0.505), (0.085, 0.05)) * (1 - 0.3 * face.round)
    out += 0.016 * face.brow * _hill(x, y, (0.12, 0.575), (0.11, 0.028))
    out += 0.016 * _hill(x, y, (0.20, 0.42), (0.07, 0.06))
    out += 0.020 * face.round * _hill(x, y, (0.15, 0.27), (0.10, 0.09))
    out += 0.020 * face.lips * _hill(x, y, (0.0, 0.205), (0.09, 0.04))
    out -= 0.014 * _hill(x, y, (0.0, 0.135), (0.09, 0.022))
    out += 0.022 * face.jaw * _hill(x, y, (0.0, 0.07), (0.07, 0.045)) * (1 - 0.5 * face.round)
    return out


def front_of(face: Face, x: Reals, y: Reals) -> Reals:
    """Depth (z) of the face's surface at (x, y), for what lies on it."""
    across, front, _, power, _ = curve(_RINGS, np.asarray(y).ravel()).T
    shape = np.asarray(y).shape
    share = np.clip(np.abs(x).ravel() / across, 0.0, 0.98) ** power
    z = front * (1 - share) ** (1 / power)
    return np.asarray(z.reshape(shape) + _relief(face, np.asarray(x), np.asarray(y)))


@lru_cache(maxsize=3)
def ears(detail: int) -> Surface:
    """Both ears."""
    rings, sides = {2: (3, 7), 1: (1, 4), 0: (1, 3)}[detail]
    one = blob([0.0, 0.0, 0.0], [0.030, 0.120, 0.066], rings=rings, sides=sides)
    slant = np.radians(12.0)
    turn = np.array(
        [[1, 0, 0], [0, np.cos(slant), np.sin(slant)], [0, -np.sin(slant), np.cos(slant)]]
    )
    right = one.moved([0.314, 0.44, -0.045], turn)
    return joined([right, right.mirrored()])


def patch(face: Face, outline: Reals, out: float = 0.008) -> Surface:
    """A thin surface on the face: rows (r, s, 2) of (x, y) from below upwards, x rising."""
    x, y = outline[..., 0], outline[..., 1]
    grid = np.stack([x, y, front_of(face, x, y) + out], axis=-1)
    return sheet(grid, around=False)


def _almond(n: int, middle: float, left: float, right: float, *, up: float, down: float) -> Reals:
    x = np.linspace(left, right, n)
    arch = np.sqrt(np.clip(1 - ((x - (left + right) / 2) / ((right - left) / 2)) ** 2, 0.0, 1.0))
    return np.stack([np.stack([x, middle - down * arch], 1), np.stack([x, middle + up * arch], 1)])


def _pair(surface: Surface) -> Surface:
    return joined([surface, surface.mirrored()])


def eyes(face: Face, detail: int) -> tuple[Surface, Surface]:
    """Whites and irises of both eyes."""
    n = 6 if detail == 2 else 4
    white = patch(face, _almond(n, 0.498, 0.072, 0.208, up=0.020, down=0.016), 0.010)
    few = 5 if detail == 2 else 3
    iris = patch(face, _almond(few, 0.500, 0.108, 0.176, up=0.023, down=0.020), 0.014)
    return _pair(white), _pair(iris)


def brows(face: Face, detail: int) -> Surface:
    """Both eyebrows."""
    x = np.linspace(0.055, 0.235, 5 if detail == 2 else 3)
    rise = 0.572 + 0.030 * np.sin(np.pi * np.clip((x - 0.03) / 0.21, 0, 1))
    half = 0.013 + 0.006 * face.brow * (1 - (x - 0.055) / 0.2)
    rows = np.stack([np.stack([x, rise - half], 1), np.stack([x, rise + half], 1)])
    return _pair(patch(face, rows, 0.010))


def lips(face: Face, detail: int) -> Surface:
    """The mouth."""
    full, n = 0.028 * face.lips, 7 if detail == 2 else 4
    return patch(face, _almond(n, 0.202, -0.11, 0.11, up=0.93 * full, down=1.07 * full))


def glasses(face: Face) -> Surface:
    """A frame with two rims and its temples."""
    angle = circle(12)
    rim = np.stack([np.cos(angle) * 0.082, np.sin(angle) * 0.058], axis=1)
    depth = float(front_of(face, np.array([0.14]), np.array([0.505]))[0]) + 0.075
    rows = []
    for size in (1.08, 0.92):
        flat = rim * size + [0.138, 0.505]
        rows.append(np.column_stack([flat, depth - 0.25 * np.maximum(flat[:, 0] - 0.14, 0.0)]))
    ring = sheet(np.stack(rows)[::-1])
    temple = limb([0.225, 0.52, depth - 0.03], [0.335, 0.50, -0.02], [[0, 0.011], [1, 0.011]],
                  rings=2, sides=3, deep=(0.0, 1.0, 0.0))  # fmt: skip
    bridge = limb([-0.06, 0.525, depth], [0.06, 0.525, depth], [[0, 0.010], [1, 0.010]], rings=2,
                  sides=3)  # fmt: skip
    half = joined([ring, temple])
    return joined([half, half.mirrored(), bridge])


def to_body(body: Body, surface: Surface) -> Surface:
    """A surface in units of the head, in metres at its place on a body."""
    width, height, depth = body.head
    scale = np.array([width / 0.68, height, depth / 0.86])
    return Surface(surface.points * scale + origin(body), surface.faces, surface.uv * height,
                   surface.weld)  # fmt: skip


def origin(body: Body) -> Reals:
    """(3,) where the head's own origin lies on a body at rest: at the chin's height."""
    h = body.traits.height
    return np.array([0.0, h - body.head[1], body.head_place])


def marks(body: Body) -> Reals:
    """(5, 3) nose, left eye, right eye, left ear, right ear at rest, metres."""
    width, height, depth = body.head
    scale = np.array([width / 0.68, height, depth / 0.86])
    own = np.array([
        [0.0, 0.36, 0.48], [-0.14, 0.50, 0.35], [0.14, 0.50, 0.35], [-0.33, 0.44, -0.04],
        [0.33, 0.44, -0.04],
    ])  # fmt: skip
    return np.asarray(own * scale + origin(body))
