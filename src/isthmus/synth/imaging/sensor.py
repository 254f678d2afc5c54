"""What a camera is: its lens, its sensor, its habits of metering and developing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isthmus.synth.lens import Lens


@dataclass(frozen=True)
class Sensor:
    """A camera.

    Attributes:
        grey: linear level (0–1) at which metering puts the picture's middle by day.
        bias: exposure compensation, EV.
        base: luminance (cd/m²) that reaches `grey` at the longest exposure and gain 1.
        most_gain: highest amplification.
        full_well: electrons of a saturated pixel at gain 1.
        read_noise: electrons, standard deviation.
        defocus: standard deviation of the lens' blur, pixels at `reference` columns.
        reference: width of the picture to which `defocus` and `bloom` refer, pixels.
        veil: share of light that the lens scatters all over the picture.
        bloom: share of light that it scatters around bright spots.
        streaks: share of light drawn out by the aperture and the windscreen's wipes.
        vignette: loss of light in the corners, 0–1.
        dirt: share of the lens under dust and drops' stains, 0–1.
        shutter: seconds at the longest exposure; motion blurs in proportion.
        rolling: seconds from the first row's reading to the last's; the middle row is read at
            the scene's moment.
        k1, k2, p1, p2: the lens's distortion (`isthmus.synth.lens.Lens`).
        warmth: white balance left over, mired-like: above 0 warmer, −1 to 1.
        balance: share of the light's colour that white balance takes away, 0–1.
        saturation: strength of colours relative to the scene's.
        contrast: exponent around the middle grey.
        knee: linear level above which highlights are rolled off.
        sharpening: strength of the camera's unsharp mask.
        bayer: colours are read through a mosaic and interpolated (in pictures of 960 columns or
            more; smaller ones come from several pixels of the sensor each).
        quality: of the JPEG, 1–100.
    """

    grey: float = 0.17
    bias: float = 0.0
    base: float = 18.0
    most_gain: float = 24.0
    full_well: float = 9000.0
    read_noise: float = 2.2
    defocus: float = 0.45
    reference: int = 640
    veil: float = 0.02
    bloom: float = 0.04
    streaks: float = 0.0
    vignette: float = 0.22
    dirt: float = 0.0
    shutter: float = 1 / 30
    rolling: float = 0.0
    k1: float = 0.0
    k2: float = 0.0
    p1: float = 0.0
    p2: float = 0.0
    warmth: float = 0.0
    balance: float = 0.7
    saturation: float = 0.9
    contrast: float = 1.0
    knee: float = 0.7
    sharpening: float = 0.3
    bayer: bool = True
    quality: int = 90

    @property
    def lens(self) -> Lens:
        """How it bends."""
        return Lens(self.k1, self.k2, self.p1, self.p2)


LIMITS: dict[str, tuple[float, float]] = {
    "grey": (0.001, 1), "bias": (-20, 20), "base": (1e-3, 1e6), "most_gain": (0.01, 1e4),
    "full_well": (1, 1e9), "read_noise": (0, 1e4), "defocus": (0, 100), "reference": (1, 1e5),
    "veil": (0, 1), "bloom": (0, 1), "streaks": (0, 1), "vignette": (0, 1), "dirt": (0, 1),
    "shutter": (0, 60), "rolling": (0, 1), "k1": (-10, 10), "k2": (-10, 10), "p1": (-1, 1),
    "p2": (-1, 1), "warmth": (-1, 1), "balance": (0, 1), "saturation": (0, 10),
    "contrast": (0.1, 10), "knee": (0.01, 0.99), "sharpening": (0, 20), "bayer": (0, 1),
    "quality": (1, 100),
}  # fmt: skip
"""The least and the largest value of each parameter: no picture comes of others."""


def sample_sensor(rng: np.random.Generator, **given: float | int | bool) -> Sensor:
    """One of many dash cameras; what is `given` stays as it is."""
    drawn: dict[str, float | int | bool] = {
        "grey": rng.uniform(0.14, 0.21),
        "defocus": rng.uniform(0.3, 0.75),
        "veil": rng.uniform(0.006, 0.026),
        "bloom": rng.uniform(0.02, 0.08),
        "streaks": rng.uniform(0.0, 0.012) * (rng.random() < 0.5),
        "vignette": rng.uniform(0.08, 0.35),
        "warmth": rng.normal(0.0, 0.12),
        "balance": rng.uniform(0.7, 1.0),
        "saturation": rng.uniform(0.72, 1.0),
        "contrast": rng.uniform(1.08, 1.35),
        "sharpening": rng.uniform(0.0, 0.8),
        "read_noise": rng.uniform(1.5, 4.5),
        "full_well": rng.uniform(5000.0, 12000.0),
    }
    return Sensor(**{k: float(v) for k, v in drawn.items()} | given)  # type: ignore[arg-type]
