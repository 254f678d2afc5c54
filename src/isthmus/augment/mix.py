"""Arithmetic on pictures (h, w, 3) in one pass over memory: scaling, laying one over another."""

from __future__ import annotations

import numpy as np
from numba import njit

from isthmus.augment.linear import Floats


def scaled(light: Floats, factor: Floats) -> Floats:
    """Light (h, w, 3) times factor (h, w)."""
    out = np.empty(light.shape, np.float32)
    _scale(_plain(light), _plain(factor), out)
    return out


def greyed(light: Floats, level: Floats, amount: float, factor: Floats) -> Floats:
    """Light (h, w, 3) of which an `amount` (0–1) is replaced by grey of `level` (h, w), × factor.

    `factor` is (h, w).
    """
    out = np.empty(light.shape, np.float32)
    kept = np.float32(1 - amount)
    _grey(_plain(light), _plain(level), kept, np.float32(1 - kept), _plain(factor), out)
    return out


def over(light: Floats, top: Floats, share: Floats, tint: Floats | None = None) -> Floats:
    """Light (h, w, 3) with `top` over a `share` (h, w) of it: light + (top − light) · share.

    `top` is a picture (h, w, 3), a plane (h, w) of one `tint` (3,) or one colour (3,).
    """
    out = np.empty(light.shape, np.float32)
    if tint is not None:
        _over_tinted(_plain(light), _plain(top), _plain(tint), _plain(share), out)
    elif top.ndim == 1:
        _over_colour(_plain(light), _plain(top), _plain(share), out)
    else:
        _over(_plain(light), _plain(top), _plain(share), out)
    return out


def _plain(values: Floats) -> Floats:
    return np.ascontiguousarray(values, np.float32)


@njit(cache=True, nogil=True)
def _scale(light, factor, out):  # type: ignore[no-untyped-def]
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            f = factor[y, x]
            for c in range(3):
                out[y, x, c] = light[y, x, c] * f


@njit(cache=True, nogil=True)
def _grey(light, level, kept, lost, factor, out):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            grey, f = level[y, x] * lost, factor[y, x]
            for c in range(3):
                out[y, x, c] = (light[y, x, c] * kept + grey) * f


@njit(cache=True, nogil=True)
def _over_tinted(light, top, tint, share, out):  # type: ignore[no-untyped-def]
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            s, plane = share[y, x], top[y, x]
            for c in range(3):
                out[y, x, c] = light[y, x, c] + (plane * tint[c] - light[y, x, c]) * s


@njit(cache=True, nogil=True)
def _over_colour(light, colour, share, out):  # type: ignore[no-untyped-def]
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            s = share[y, x]
            for c in range(3):
                out[y, x, c] = light[y, x, c] + (colour[c] - light[y, x, c]) * s


@njit(cache=True, nogil=True)
def _over(light, top, share, out):  # type: ignore[no-untyped-def]
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            s = share[y, x]
            for c in range(3):
                out[y, x, c] = light[y, x, c] + (top[y, x, c] - light[y, x, c]) * s
