"""Maps that hold a diffusion model to the scene: depth, edges, classes."""

from __future__ import annotations

import numpy as np

from isthmus.augment.depth import Geometry, default_depth
from isthmus.augment.linear import Bytes, Floats
from isthmus.data.frame import Frame
from isthmus.errors import ConfigError, InputError

CONTROLS = ("depth", "edges", "classes")
EDGE_SHARE = 0.12
"""Share of pixels that count as edges: the strongest, whatever the picture's contrast."""


def control_map(kind: str, image: Bytes, frame: Frame | None = None) -> Bytes:
    """The map (h, w, 3) uint8 of an image (h, w, 3) uint8.

    Args:
        kind: depth (near white, far black, in inverse depth), edges (white on black) or classes
            (a colour a class id).
        image: the picture.
        frame: its labels: depth and class maps of its own, boxes for the default depth.

    Raises:
        ConfigError: unknown kind.
        InputError: classes are asked for and the frame has no map of them.
    """
    if kind == "edges":
        return edges_map(image)
    if kind == "depth":
        return depth_map(_depth(image, frame))
    if kind == "classes":
        return classes_map(image, frame)
    raise ConfigError(f"control {kind!r}: unknown; there is {', '.join(CONTROLS)}")


def _depth(image: Bytes, frame: Frame | None) -> Floats:
    from isthmus.augment.loading import frame_depth

    if frame is None:
        return default_depth(image)
    return frame_depth(frame, image, frame.objects or (), Geometry())[0]


def depth_map(depth: Floats) -> Bytes:
    """Inverse depth of metres (h, w), 255 at the nearest pixel and 0 at the farthest."""
    inverse = 1 / np.maximum(depth, 1e-3)
    low, high = float(inverse.min()), float(inverse.max())
    level = (inverse - low) / max(high - low, 1e-9) * 255
    return _grey(np.asarray(level, np.float32))


def edges_map(image: Bytes) -> Bytes:
    """The strongest `EDGE_SHARE` of an image's gradients (Sobel), after a slight blur."""
    from scipy.ndimage import gaussian_filter, sobel

    light = gaussian_filter(image.astype(np.float32).mean(axis=2), 1.0)
    strength = np.hypot(sobel(light, 0), sobel(light, 1))
    least = max(float(np.quantile(strength, 1 - EDGE_SHARE)), 1e-3)
    return _grey(np.where(strength > least, np.float32(255), np.float32(0)))


def classes_map(image: Bytes, frame: Frame | None) -> Bytes:
    """A colour for each class id of the frame's semantic map."""
    from isthmus.data.depth import read_ids_png

    if frame is None or frame.semantic is None:
        name = frame.id if frame is not None else "the frame"
        raise InputError(f"{name}: has no map of classes; choose control depth or edges")
    ids = read_ids_png(frame.semantic)
    if ids.shape != image.shape[:2]:
        raise InputError(f"{frame.semantic}: {ids.shape[::-1]} pixels do not fit {frame.id}")
    # multiples of odd numbers modulo 256: distinct colours for up to 256 ids
    hues = np.arange(256)[:, None] * np.array([67, 151, 229])
    return np.asarray((hues % 256).astype(np.uint8)[ids % 256])


def _grey(level: Floats) -> Bytes:
    plane = np.clip(np.rint(level), 0, 255).astype(np.uint8)
    return np.repeat(plane[..., None], 3, axis=2)
