"""Sharpness and noise: the source's median sharpness becomes the target's.

Sharpness is the deviation of the Laplacian over the deviation of luma (as in the descriptors of
`isthmus.features.texture`), free of brightness and contrast. A source that is sharper is blurred by
a Gaussian. One that is less sharp gets white noise, or is sharpened (unsharp mask): both raise
sharpness, but noise raises hardly anything at half the resolution. The one that brings the
sharpness at half the resolution nearer to the target's is taken. The strength is found by
bisection on the domains' medians.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence

import numpy as np

from isthmus import seeds
from isthmus.data.images import RGB
from isthmus.features.colour import luma
from isthmus.features.extractor import Images
from isthmus.features.texture import half, laplacian
from isthmus.gap.interventions.intervention import Fitted, Intervention
from isthmus.gap.pictures import Pictures, some

LOOKED_AT = 32
ROUNDS = 10
SAME = 0.01
RADIUS = 1.0
Tool = Callable[[RGB, float], RGB]


def sharpness(pictures: Sequence[RGB]) -> tuple[float, float]:
    """Medians over the pictures of sharpness at full and at half resolution, 0 or more."""
    fine, coarse = [], []
    for picture in pictures:
        values = luma(picture)
        spread = float(values.std()) + 1 / 255
        fine.append(float(laplacian(values).std()) / spread)
        coarse.append(float(laplacian(half(values)).std()) / spread)
    return float(np.median(fine)), float(np.median(coarse))


def blurred(picture: RGB, sigma: float) -> RGB:
    """Gaussian blur of `sigma` px."""
    from scipy.ndimage import gaussian_filter

    values = gaussian_filter(picture.astype(np.float32), (sigma, sigma, 0), mode="reflect")
    return _bytes(values)


def sharpened(picture: RGB, amount: float) -> RGB:
    """Plus `amount` times what a Gaussian blur of 1 px takes away."""
    from scipy.ndimage import gaussian_filter

    values = picture.astype(np.float32)
    smooth = gaussian_filter(values, (RADIUS, RADIUS, 0), mode="reflect")
    return _bytes(values + np.float32(amount) * (values - smooth))


def noisy(seed: int) -> Tool:
    """Grey white noise of a deviation in grey levels; equal pictures get equal noise."""

    def tool(picture: RGB, sigma: float) -> RGB:
        rng = seeds.generator(seed, "sharpness", "noise", zlib.crc32(picture.tobytes()))
        noise = rng.standard_normal(picture.shape[:2], dtype=np.float32)
        return _bytes(picture + np.float32(sigma) * noise[..., None])

    return tool


def _bytes(values: np.ndarray) -> RGB:
    result: RGB = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return result


def fit(source: Pictures, target: Pictures, seed: int) -> Fitted:
    """Blur, noise or sharpening, at the strength that makes the medians agree."""
    looked = some(source, LOOKED_AT)
    own, wanted = sharpness(looked), sharpness(some(target, LOOKED_AT))
    settings: dict[str, object] = {
        "source_sharpness": round(own[0], 5),
        "target_sharpness": round(wanted[0], 5),
    }
    if abs(own[0] - wanted[0]) <= SAME * wanted[0]:
        return Fitted(lambda batch: batch, {**settings, "method": "none", "strength": 0.0})
    tools: dict[str, tuple[Tool, float]] = {"blur": (blurred, 6.0)}
    if own[0] < wanted[0]:
        tools = {"noise": (noisy(seed), 60.0), "sharpening": (sharpened, 10.0)}
    tried = {}
    for name, (tool, most) in tools.items():
        strength = _bisected(looked, tool, most, wanted[0])
        reached = sharpness([tool(picture, strength) for picture in looked])
        # Where noise cannot reach the target's sharpness, that miss decides.
        missed = sum(
            abs(np.log((a + 1e-6) / (b + 1e-6))) for a, b in zip(reached, wanted, strict=True)
        )
        tried[name] = (float(missed), strength, reached)
    name = min(tried, key=lambda key: tried[key][0])
    _, strength, reached = tried[name]
    chosen = tools[name][0]
    settings |= {"method": name, "strength": round(strength, 4), "reached": round(reached[0], 5)}
    warnings: tuple[str, ...] = ()
    if abs(reached[0] - wanted[0]) > 0.1 * wanted[0]:
        warnings = (f"{name} brings the sharpness to {reached[0]:.3g}, not to {wanted[0]:.3g}",)

    def change(batch: Images) -> Images:
        return np.stack([chosen(picture, strength) for picture in batch])

    return Fitted(change, settings, warnings)


def _bisected(pictures: Sequence[RGB], tool: Tool, most: float, wanted: float) -> float:
    """The strength in [0, most] whose median sharpness is nearest to the wanted one."""
    start = sharpness(pictures)[0]
    low, high = 0.0, most
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        found = sharpness([tool(picture, middle) for picture in pictures])[0]
        # Strength moves sharpness away from where it began.
        beyond = found < wanted if wanted < start else found > wanted
        low, high = (low, middle) if beyond else (middle, high)
    return (low + high) / 2


SHARPNESS = Intervention("sharpness", "Match sharpness and noise", "texture", fit)
