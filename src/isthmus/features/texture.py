"""Texture of an image: spectrum, local patterns, filter energies, noise, sharpness.

The image is first freed of brightness and contrast (its luma is centred and divided by its
deviation), so that a darker or flatter copy keeps its texture. Methods: radial power spectrum
(Field 1987), rotation-invariant uniform local binary patterns (Ojala et al. 2002), statistics
of oriented derivatives over a Gaussian pyramid after Portilla and Simoncelli (2000), noise
after Immerkær (1996).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from isthmus.features.colour import (
    SPACE,
    Array,
    Column,
    Named,
    column,
    histograms,
    luma,
    percentiles,
    squash,
)
from isthmus.features.extractor import Images

BANDS = 10
LEVELS = 4
LOWEST_FREQUENCY = 1 / 128
ONE_LEVEL = np.float32(1 / 255)
_NEIGHBOURS = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))


def texture_block(rgb: Images) -> Named:
    """Named components (n,), each in [0, 1], of uint8 (n, h, w, 3) images with h, w >= 32."""
    brightness = luma(rgb)
    centred = brightness - brightness.mean(axis=SPACE, keepdims=True)
    normal: Array = centred / (centred.std(axis=SPACE, keepdims=True) + ONE_LEVEL)
    pyramid = [normal]
    for _ in range(LEVELS - 1):
        pyramid.append(half(pyramid[-1]))
    return [
        *_spectrum(normal),
        *_patterns(np.rint(brightness * 255).astype(np.int16), "fine"),
        *_patterns(np.rint(half(brightness) * 1020).astype(np.int16), "coarse"),
        *_pyramid_statistics(pyramid),
        *_grain(brightness * 255, normal),
    ]


def half(values: Array) -> Array:
    """(…, h, w) → (…, ceil(h/2), ceil(w/2)): 5-tap binomial filter, every second sample."""
    height, width = values.shape[-2:]
    padded = values.take(_mirrored(height), axis=-2)
    rows = 2 * ((height + 1) // 2) - 1
    smaller = _binomial([padded[..., k : k + rows : 2, :] for k in range(5)])
    padded = smaller.take(_mirrored(width), axis=-1)
    columns = 2 * ((width + 1) // 2) - 1
    return _binomial([padded[..., k : k + columns : 2] for k in range(5)])


@lru_cache(maxsize=32)
def _mirrored(length: int) -> NDArray[np.intp]:
    """Indices of a line with two samples more at either end, mirrored at the last."""
    return np.pad(np.arange(length), 2, mode="reflect")


def _binomial(taps: list[Array]) -> Array:
    total: Array = 6 * taps[2]
    total += 4 * (taps[1] + taps[3])
    total += taps[0] + taps[4]
    total /= 16
    return total


@lru_cache(maxsize=8)
def _spectrum_plan(
    height: int, width: int
) -> tuple[Array, NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Window (h, w), band of each coefficient, coefficients per band, log10 of band centres."""
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    window /= np.sqrt(np.mean(window**2))
    down = np.fft.fftfreq(height)[:, None]
    across = np.fft.rfftfreq(width)[None, :]
    edges = np.geomspace(LOWEST_FREQUENCY, 0.5, BANDS + 1)
    # Band BANDS collects what is outside: the mean, and the corners beyond 1/2 cycle a pixel.
    band = np.searchsorted(edges, np.hypot(down, across), side="right") - 1
    band[(band < 0) | (band >= BANDS)] = BANDS
    counts = np.bincount(band.ravel(), minlength=BANDS + 1)[:BANDS].astype(np.float64)
    centres = np.log10(np.sqrt(edges[1:] * edges[:-1]))
    return window.astype(np.float32), band.ravel(), counts, centres


def _spectrum(normal: Array) -> Named:
    """Power density per octave-like band and its slope.

    Density is per coefficient of the image with variance 1 (white noise has density 1):
    ``(log10(density) + 4) / 8``, cut at [0, 1]; a band without coefficients (small images)
    counts as empty of power. Slope p of density ~ frequency^-p, as p / 6, cut at [0, 1].
    """
    height, width = normal.shape[1:]
    window, band, counts, centres = _spectrum_plan(height, width)
    transform = scipy.fft.rfft2(normal * window)
    power = transform.real**2
    power += transform.imag**2
    bands = np.broadcast_to(band, (len(normal), band.size))
    sums = histograms(bands, BANDS + 1, power)[:, :BANDS]
    density = np.log10(np.maximum(sums / np.maximum(counts, 1) / normal[0].size, 1e-4))
    filled = counts > 0
    filled[0] = False  # the window spreads the mean's neighbours over the lowest band
    x, y = centres[filled], np.ascontiguousarray(density[:, filled])
    x = x - x.mean()
    slope = (x * y).sum(axis=1) / (x * x).sum()
    named = [(f"spectrum_band{k}", np.clip((density[:, k] + 4) / 8, 0, 1)) for k in range(BANDS)]
    return [*named, ("spectrum_slope", np.clip(-slope / 6, 0, 1))]


def _pattern_bins() -> NDArray[np.intp]:
    codes = np.arange(256)
    bits = (codes[:, None] >> np.arange(8)) & 1
    changes = np.abs(bits - np.roll(bits, 1, axis=1)).sum(axis=1)
    return np.where(changes <= 2, bits.sum(axis=1), 9).astype(np.intp)


_PATTERNS = np.eye(10)[_pattern_bins()]


def _patterns(levels: NDArray[np.int16], scale: str) -> Named:
    """Shares of the 10 rotation-invariant uniform binary patterns of 3 × 3 neighbourhoods."""
    centre = levels[:, 1:-1, 1:-1]
    height, width = centre.shape[1:]
    code = np.zeros(centre.shape, np.uint8)
    for bit, (row, across) in enumerate(_NEIGHBOURS):
        higher = levels[:, row : row + height, across : across + width] >= centre
        code |= higher.view(np.uint8) << np.uint8(bit)
    shares = histograms(code, 256) @ _PATTERNS / code[0].size
    return [(f"pattern_{scale}{k}", shares[:, k]) for k in range(10)]


def _pyramid_statistics(pyramid: list[Array]) -> Named:
    """Oriented derivative statistics per level, and how levels and directions go together.

    Energy: mean absolute difference over two pixels, squashed at 1/4 deviation. Sparseness:
    1 - (mean|d|)² / mean(d²), 0 for equal magnitudes everywhere, near 1 for few strong edges.
    Correlations r of magnitudes across directions and across levels, as (1 + r) / 2.
    """
    named: Named = []
    finer: Array | None = None
    for level, values in enumerate(pyramid):
        across = np.abs(values[:, 1:-1, 2:] - values[:, 1:-1, :-2])
        down = np.abs(values[:, 2:, 1:-1] - values[:, :-2, 1:-1])
        diagonal = np.abs(values[:, 2:, 2:] - values[:, :-2, :-2])
        diagonal += np.abs(values[:, 2:, :-2] - values[:, :-2, 2:])
        for name, magnitude in (("across", across), ("down", down), ("diagonal", diagonal)):
            mean = column(magnitude.mean(axis=SPACE))
            square = column(np.square(magnitude).mean(axis=SPACE))
            named.append((f"energy{level}_{name}", squash(mean, 0.25)))
            named.append((f"sparse{level}_{name}", 1 - mean * mean / (square + 1e-12)))
        named.append((f"directions{level}", _correlation(across, down)))
        both = across + down
        if finer is not None:
            named.append((f"levels{level}", _correlation(_over(finer, both.shape), both)))
        finer = both
    return named


def _over(finer: Array, shape: tuple[int, ...]) -> Array:
    """Samples of `finer` that lie on the pixels of the next level's interior."""
    return finer[:, 1 : 2 * shape[1] : 2, 1 : 2 * shape[2] : 2]


def _correlation(x: Array, y: Array) -> Column:
    height, width = min(x.shape[1], y.shape[1]), min(x.shape[2], y.shape[2])
    x, y = x[:, :height, :width], y[:, :height, :width]
    dx, dy = (values - values.mean(axis=SPACE, keepdims=True) for values in (x, y))
    squares = [np.square(d).mean(axis=SPACE, dtype=float) for d in (dx, dy)]
    spread = np.sqrt(squares[0] * squares[1])
    together = column((dx * dy).mean(axis=SPACE))
    return np.asarray((1 + together / (spread + 1e-9)) / 2)


def _grain(levels: Array, normal: Array) -> Named:
    """Noise in grey levels (squashed at 2), sharpness and gradient magnitudes.

    Sharpness: variance of the 4-neighbour Laplacian of the image with variance 1, squashed at
    0.2. Gradients: percentiles of the magnitude of two-pixel differences, squashed at 1/4.
    """
    noise = float(np.sqrt(np.pi / 2) / 6) * column(np.abs(_noise_mask(levels)).mean(axis=SPACE))
    sharpness = column(laplacian(normal).var(axis=SPACE))
    across = normal[:, 1:-1, 2:] - normal[:, 1:-1, :-2]
    down = normal[:, 2:, 1:-1] - normal[:, :-2, 1:-1]
    wanted = (50, 90, 99)
    squares = percentiles(np.square(across) + np.square(down), wanted)
    gradients = [
        (f"gradient_p{percent}", squash(np.sqrt(value), 0.25))
        for percent, value in zip(wanted, squares, strict=True)
    ]
    return [("noise", squash(noise, 2)), ("sharpness", squash(sharpness, 0.2)), *gradients]


def laplacian(values: Array) -> Array:
    """4-neighbour Laplacian of (…, h, w), interior only: (…, h - 2, w - 2)."""
    total: Array = values[..., 1:-1, 2:] + values[..., 1:-1, :-2]
    total += values[..., 2:, 1:-1]
    total += values[..., :-2, 1:-1]
    total -= 4 * values[..., 1:-1, 1:-1]
    return total


def _noise_mask(levels: Array) -> Array:
    """Immerkær's mask [1 -2 1] ⊗ [1 -2 1], blind to planes and straight edges."""
    rows: Array = levels[:, 2:] + levels[:, :-2]
    rows -= 2 * levels[:, 1:-1]
    total: Array = rows[..., 2:] + rows[..., :-2]
    total -= 2 * rows[..., 1:-1]
    return total
