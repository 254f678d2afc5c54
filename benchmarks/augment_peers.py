"""What other augmenters offer for a condition, at their own defaults, as functions on one image.

Where a package has nothing that claims to be the condition it has no entry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Image = np.ndarray
Peer = Callable[[Image, int], Image]
"""(image (h, w, 3) uint8, seed) → image."""

ALBUMENTATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "fog": ("RandomFog", {}),
    "rain": ("RandomRain", {}),
    "snow": ("RandomSnow", {}),
    "night": ("RandomBrightnessContrast", {"brightness_limit": (-0.6, -0.4)}),
    "low_light": ("RandomBrightnessContrast", {"brightness_limit": (-0.4, -0.2)}),
    "high_illumination": ("RandomSunFlare", {}),
    "motion_blur": ("MotionBlur", {}),
    "lens_dirt": ("Spatter", {"mode": "mud"}),
    "defocus": ("Defocus", {}),
    "sensor_noise": ("ISONoise", {}),
}
IMAGECORRUPTIONS = {
    "fog": "fog", "rain": "spatter", "snow": "snow", "high_illumination": "brightness",
    "motion_blur": "motion_blur", "lens_dirt": "spatter", "defocus": "defocus_blur",
    "sensor_noise": "shot_noise",
}  # fmt: skip
KORNIA: dict[str, tuple[str, dict[str, Any]]] = {
    "rain": ("RandomRain", {"drop_height": (5, 15), "drop_width": (-3, 3),
                            "number_of_drops": (300, 800)}),
    "snow": ("RandomSnow", {"snow_coefficient": (0.3, 0.6), "brightness": (2, 4)}),
    "night": ("RandomBrightness", {"brightness": (0.3, 0.5)}),
    "low_light": ("RandomBrightness", {"brightness": (0.5, 0.8)}),
    "high_illumination": ("RandomBrightness", {"brightness": (1.2, 1.5)}),
    "motion_blur": ("RandomMotionBlur", {"kernel_size": (5, 11), "angle": 45.0,
                                         "direction": 0.0}),
    "defocus": ("RandomGaussianBlur", {"kernel_size": (7, 7), "sigma": (1.0, 3.0)}),
    "sensor_noise": ("RandomGaussianNoise", {"std": 0.08}),
}  # fmt: skip


def peers(condition: str) -> dict[str, Peer]:
    """Package → what it does for a condition."""
    made: dict[str, Peer] = {}
    if condition in ALBUMENTATIONS:
        made["albumentations"] = _albumentations(*ALBUMENTATIONS[condition])
    if condition in IMAGECORRUPTIONS:
        made["imagecorruptions"] = _imagecorruptions(IMAGECORRUPTIONS[condition])
    if condition in KORNIA:
        made["kornia"] = _kornia(*KORNIA[condition])
    return made


def _albumentations(name: str, options: dict[str, Any]) -> Peer:
    def apply(image: Image, seed: int) -> Image:
        import albumentations

        effect = getattr(albumentations, name)(p=1.0, **options)
        return np.asarray(albumentations.Compose([effect], seed=seed)(image=image)["image"])

    return apply


def _imagecorruptions(name: str) -> Peer:
    def apply(image: Image, seed: int) -> Image:
        import imagecorruptions

        np.random.seed(seed)
        return np.asarray(imagecorruptions.corrupt(image, corruption_name=name, severity=3))

    return apply


def _kornia(name: str, options: dict[str, Any]) -> Peer:
    def apply(image: Image, seed: int) -> Image:
        import kornia
        import torch

        torch.manual_seed(seed)
        tensor = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
        out = getattr(kornia.augmentation, name)(p=1.0, **options)(tensor)
        return (out[0].permute(1, 2, 0).clamp(0, 1).numpy() * 255 + 0.5).astype(np.uint8)

    return apply
