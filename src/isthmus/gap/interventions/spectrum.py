"""Amplitude spectrum: how strong structures of each size and direction are, on average.

The phases say where things are, the amplitudes how coarse or fine a picture is (Oppenheim & Lim
1981; Yang & Soatto, "FDA", CVPR 2020, swap amplitudes of pairs of pictures). Here the *domain
means* of the amplitudes are brought together: each coefficient of a source picture is multiplied
by the ratio of the target's mean amplitude to the source's at that frequency, phases stay. The
transform is the Fourier transform of the mirrored picture (a cosine transform), so that opposite
edges of the picture do not meet in a false one.

Mean brightness and contrast are colour and light, not spectrum: amplitudes are taken of luma of
mean 0 and variance 1, and each channel of a picture keeps its mean and deviation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isthmus.data.images import RGB
from isthmus.features.colour import luma
from isthmus.features.extractor import Images
from isthmus.gap.interventions.intervention import Fitted, Intervention
from isthmus.gap.metric import Floats
from isthmus.gap.pictures import Pictures, some

LOOKED_AT = 400
SMOOTH = 1.5
STRONGEST = 8.0
FLAT = 1e-3


def mean_amplitude(pictures: Sequence[RGB]) -> Floats:
    """Mean amplitude (h, w) of luma of mean 0 and variance 1; flat pictures are left out."""
    import scipy.fft

    total, count = np.zeros(pictures[0].shape[:2]), 0
    for picture in pictures:
        values = luma(picture)
        deviation = float(values.std())
        if deviation > FLAT:
            normal = (values - values.mean()) / deviation
            total += np.abs(scipy.fft.dctn(normal, norm="ortho"))
            count += 1
    return total / max(count, 1)


def filtered(batch: Images, gain: Floats) -> Images:
    """Pictures with the coefficients of each channel times `gain` (h, w)."""
    import scipy.fft

    values = batch.astype(np.float32)
    mean = values.mean(axis=(1, 2), keepdims=True)
    spread = values.std(axis=(1, 2), keepdims=True)
    factors = gain.astype(np.float32)[None, :, :, None]
    changed = scipy.fft.dctn(values - mean, axes=(1, 2), norm="ortho") * factors
    changed = scipy.fft.idctn(changed, axes=(1, 2), norm="ortho")
    after = changed.std(axis=(1, 2), keepdims=True)
    changed *= spread / np.maximum(after, FLAT)
    result: Images = np.clip(np.rint(changed + mean), 0, 255).astype(np.uint8)
    return result


def fit(source: Pictures, target: Pictures, seed: int) -> Fitted:
    """The ratio of mean amplitudes, smoothed over neighbouring frequencies, between 1/8 and 8."""
    from scipy.ndimage import gaussian_filter

    del seed  # nothing here is drawn
    own, wanted = (mean_amplitude(some(p, LOOKED_AT)) for p in (source, target))
    least = 1e-6 * max(float(own.max()), float(wanted.max()), 1e-6)
    ratio = np.log((wanted + least) / (own + least))
    # The mean is free of structure; in smoothing, its neighbours stand for it.
    ratio[0, 0] = (ratio[0, 1] + ratio[1, 0]) / 2
    limit = np.log(STRONGEST)
    gain = np.exp(np.clip(gaussian_filter(ratio, SMOOTH, mode="nearest"), -limit, limit))
    height, width = gain.shape
    radius = np.hypot(np.arange(height)[:, None] / height, np.arange(width)[None] / width)
    bands = {"coarse": radius < 0.1, "middle": (radius >= 0.1) & (radius < 0.4)}
    bands["fine"] = radius >= 0.4
    shown = {name: round(float(np.exp(np.log(gain[w]).mean())), 4) for name, w in bands.items()}
    return Fitted(lambda batch: filtered(batch, gain), {"gain": shown, "smoothed_over": SMOOTH})


SPECTRUM = Intervention("spectrum", "Match amplitude spectrum", "texture", fit)
