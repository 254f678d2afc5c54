"""Number plates of no country: a light rectangle with dark, blocky characters."""

from __future__ import annotations

import numpy as np

from isthmus.synth.world.mesh import Mesh, flat, quads
from isthmus.synth.world.vehicles.subdivision import Array

# Rows of 3 × 5 cells from the top, each an octal digit.
_GLYPHS = {
    "A": "25755", "B": "65656", "C": "34443", "D": "65556", "E": "74647", "F": "74644",
    "H": "55755", "K": "55655", "L": "44447", "M": "57755", "N": "65555", "P": "65644",
    "R": "65655", "S": "34216", "T": "72222", "U": "55557", "V": "55552", "X": "55255",
    "Y": "55222", "Z": "71247", "1": "26227", "2": "61247", "3": "61616", "4": "55711",
    "5": "74616", "6": "34757", "7": "71122", "8": "75757", "9": "75716", "0": "75557",
}  # fmt: skip
Frame = tuple[Array, Array, Array]
"""Middle of a plate, unit vectors to the reader's right and up."""
WIDE, TALL = 0.52, 0.11
"""Size of a plate, metres."""


def word(rng: np.random.Generator) -> str:
    """Two letters, three digits and a letter or two, in random order of groups."""
    letters = [g for g in _GLYPHS if g.isalpha()]
    draw = rng.random(7)
    text = [letters[int(d * len(letters))] for d in draw[:3]]
    digits = [str(int(10 * d)) for d in draw[3:6]]
    return "".join([*text[:2], " ", *digits, *([] if draw[6] < 0.4 else [" ", text[2]])])


def frame(point: Array, normal: Array) -> Frame:
    """Middle, right and up of a plate on a body at `point` with the outward `normal` (x is 0)."""
    out = np.array([0.0, normal[1], normal[2]])
    out /= np.linalg.norm(out)
    out[1] = np.clip(out[1], -0.2, 0.2)
    out /= np.linalg.norm(out)
    # A reader in front of the plate sees its right where −X is for the front.
    right = np.array([-np.sign(out[2]), 0.0, 0.0])
    up = np.cross(out, right)
    up = up if up[1] > 0 else -up
    return np.asarray(point, np.float64) + 0.012 * out, right, up


def blank(place: Frame) -> tuple[Mesh, Mesh]:
    """The plate and its dark holder."""
    middle, right, up = place
    out = np.cross(right, up)
    towards = out if out[2] * np.sign(-right[0]) > 0 else -out
    plate = rectangle(place, (WIDE, TALL))
    behind = (middle - 0.004 * towards - 0.004 * up, right, up)
    return plate, rectangle(behind, (WIDE + 0.03, TALL + 0.03))


def ink(place: Frame, text: str, wide: float = WIDE, tall: float = 0.076) -> Mesh:
    """Characters `tall` metres high on a plate or sign `wide` metres wide."""
    middle, right, up = place
    out = np.cross(right, up)
    towards = out if out[2] * np.sign(-right[0]) > 0 else -out
    step = min(0.76 * tall, 0.92 * wide / len(text))
    high, cell = tall / 5, 0.72 * step / 3
    cells = []
    for i, letter in enumerate(text):
        left = (i - 0.5 * len(text)) * step + 0.14 * step
        for row, bits in enumerate(_GLYPHS.get(letter, "00000")):
            cells += [
                (left + a * cell, left + b * cell, (1.5 - row) * high, (2.5 - row) * high)
                for a, b in _RUNS[int(bits)]
            ]
    boxes = np.array(cells)
    corners = np.stack([boxes[:, [0, 2]], boxes[:, [1, 2]], boxes[:, [1, 3]], boxes[:, [0, 3]]], 1)
    points = middle + 0.0012 * towards + corners[..., :1] * right + corners[..., 1:] * up
    return _facing(points, towards)


_RUNS = {
    0: [], 1: [(2, 3)], 2: [(1, 2)], 3: [(1, 3)], 4: [(0, 1)], 5: [(0, 1), (2, 3)], 6: [(0, 2)],
    7: [(0, 3)],
}  # fmt: skip


def rectangle(place: Frame, size: tuple[float, float]) -> Mesh:
    """A flat rectangle of `size` (wide, tall) in the frame of a plate."""
    middle, right, up = place
    out = np.cross(right, up)
    towards = out if out[2] * np.sign(-right[0]) > 0 else -out
    a, b = 0.5 * size[0], 0.5 * size[1]
    signs = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64)
    return _facing((middle + signs[:, :1] * a * right + signs[:, 1:] * b * up)[None], towards)


def _facing(corners: Array, towards: Array) -> Mesh:
    """Quadrilaterals (q, 4, 3), turned to face `towards`."""
    normal = np.cross(corners[0, 1] - corners[0, 0], corners[0, 2] - corners[0, 0])
    return flat(*quads(corners if normal @ towards > 0 else corners[:, ::-1]))
