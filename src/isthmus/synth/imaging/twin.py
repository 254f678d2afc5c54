"""A sensor twin: the camera whose pictures of our world look like a target's pictures.

Exposure, contrast, colour response, sharpness and noise are read off unlabeled target pictures and
off pictures of rendered light developed by candidate cameras; the camera is sought whose pictures'
figures come nearest. What is in the pictures differs between the two, so only figures that a
camera decides more than a street does take part, as medians over pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isthmus import seeds
from isthmus.data.frame import Problem
from isthmus.errors import InputError
from isthmus.synth.imaging.develop import develop
from isthmus.synth.imaging.optics import Floats
from isthmus.synth.imaging.sensor import Sensor

Picture = NDArray[np.uint8]
FITTED: dict[str, tuple[float, float]] = {
    "grey": (0.05, 0.4),
    "contrast": (0.7, 1.6),
    "saturation": (0.3, 1.6),
    "warmth": (-1.0, 1.0),
    "defocus": (0.0, 2.0),
    "sharpening": (0.0, 1.5),
    "read_noise": (0.5, 40.0),
    "veil": (0.0, 0.15),
    "vignette": (0.0, 0.6),
}
"""Parameters that are fitted, with the least and the largest value."""
SCALES = {
    "dark": 12.0, "middle": 12.0, "bright": 12.0, "spread": 10.0, "chroma": 6.0, "red": 6.0,
    "blue": 6.0, "noise": 0.8, "fine": 0.25, "corner": 0.08,
}  # fmt: skip
"""How much of each figure counts as one step of difference."""
SWEEPS = 4
FEWEST = 3


@dataclass(frozen=True)
class Twin:
    """A fitted camera.

    Attributes:
        sensor: the camera.
        target, before, after: figures of the target's pictures, and of ours before and after.
        distance_before, distance_after: root mean square of the differences, in `SCALES`.
        problems: what of the target could not be used.
    """

    sensor: Sensor
    target: dict[str, float]
    before: dict[str, float]
    after: dict[str, float]
    distance_before: float
    distance_after: float
    problems: tuple[Problem, ...] = ()


def figures(pictures: Sequence[Picture]) -> dict[str, float]:
    """What a camera decides, as medians over pictures (h, w, 3).

    dark, middle, bright: 5 %, 50 %, 95 % of luma; spread: its standard deviation; chroma: mean
    distance from grey; red, blue: mean R − G and B − G; noise: standard deviation of pixels'
    noise in the flattest parts (Immerkær, CVIU 1996); fine: log ratio of fine to coarser
    detail; corner: luma of the corners by the middle's.
    """
    found = np.array([_figures(picture) for picture in pictures])
    return dict(zip(SCALES, np.median(found, axis=0).tolist(), strict=True))


def _figures(picture: Picture) -> list[float]:
    rgb = picture.astype(np.float32)
    luma = rgb @ np.array([0.299, 0.587, 0.114], np.float32)
    dark, middle, bright = np.quantile(luma, [0.05, 0.5, 0.95])
    chroma = np.abs(rgb - luma[..., None]).mean()
    # A Laplacian's difference: blind to planes and edges of first order.
    mask = (
        luma[:-2, :-2] - 2 * luma[:-2, 1:-1] + luma[:-2, 2:]
        - 2 * luma[1:-1, :-2] + 4 * luma[1:-1, 1:-1] - 2 * luma[1:-1, 2:]
        + luma[2:, :-2] - 2 * luma[2:, 1:-1] + luma[2:, 2:]
    )  # fmt: skip
    flat = _blocks(np.abs(mask), 8).mean(axis=(1, 3))
    inside = _blocks(luma[1:-1, 1:-1], 8).mean(axis=(1, 3))
    usable = flat[(inside > 20) & (inside < 235)]
    noise = float(np.quantile(usable, 0.1)) * np.sqrt(np.pi / 2) / 6 if usable.size > 4 else 0.0
    fine = np.abs(np.diff(luma, axis=1)).mean()
    half = _blocks(luma, 2).mean(axis=(1, 3))
    coarse = np.abs(np.diff(half, axis=1)).mean()
    h, w = luma.shape
    corners = [luma[: h // 6, : w // 6], luma[: h // 6, -w // 6 :]]
    top = luma[: h // 6, w // 3 : -w // 3].mean()
    corner = float(np.mean([c.mean() for c in corners]) / max(float(top), 1.0))
    return [
        float(dark), float(middle), float(bright), float(luma.std()), float(chroma),
        float((rgb[..., 0] - rgb[..., 1]).mean()), float((rgb[..., 2] - rgb[..., 1]).mean()),
        noise, float(np.log((fine + 0.1) / (coarse + 0.1))), corner,
    ]  # fmt: skip


def _blocks(values: Floats, side: int) -> Floats:
    """(h // side, side, w // side, side) of what divides evenly."""
    h, w = values.shape[0] // side * side, values.shape[1] // side * side
    return values[:h, :w].reshape(h // side, side, w // side, side)


def distance(one: dict[str, float], other: dict[str, float]) -> float:
    """Root mean square difference of figures, each in its scale."""
    steps = [(one[name] - other[name]) / scale for name, scale in SCALES.items()]
    return float(np.sqrt(np.mean(np.square(steps))))


def fit_sensor(
    pictures: Sequence[Picture],
    lights: Sequence[Floats],
    *,
    start: Sensor | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Twin:
    """The camera whose pictures of `lights` look most like `pictures`.

    Coordinate search, the best of eight values each, in a few sweeps of ever smaller reach: every
    parameter moves one or two figures, so coordinates nearly part.

    Args:
        pictures: of the target, unlabeled, (h, w, 3) bytes, scaled to about the lights' size.
        lights: rendered scenes of about the target's conditions, (h, w, 3) cd/m².
        start: the camera to begin with.
        seed: of the noise.
        progress: called with (steps done, steps in all).

    Raises:
        InputError: fewer than three pictures or lights.
    """
    check_counts(len(pictures), len(lights))
    wanted = figures(pictures)
    sensor = start or Sensor()

    def shown(candidate: Sensor) -> dict[str, float]:
        made = [
            develop(light, candidate, seeds.generator(seed, "twin", k))
            for k, light in enumerate(lights)
        ]
        return figures(made)

    before = shown(sensor)
    total = SWEEPS * len(FITTED)
    for sweep in range(SWEEPS):
        for k, (name, bounds) in enumerate(FITTED.items()):
            sensor = _improved(sensor, name, bounds, sweep, lambda s: distance(shown(s), wanted))
            if progress:
                progress(sweep * len(FITTED) + k + 1, total)
    after = shown(sensor)
    return Twin(sensor, wanted, before, after, distance(before, wanted), distance(after, wanted))


def check_counts(pictures: int, lights: int) -> None:
    """Refuse too few of either.

    Raises:
        InputError: fewer than three target pictures or rendered scenes.
    """
    for what, count in (("target pictures", pictures), ("rendered scenes", lights)):
        if count < FEWEST:
            raise InputError(f"sensor twin: {count} {what}; at least {FEWEST} are needed")


def _improved(
    sensor: Sensor,
    name: str,
    bounds: tuple[float, float],
    sweep: int,
    cost: Callable[[Sensor], float],
) -> Sensor:
    """The best of some values of one parameter, near its value in later sweeps."""
    here = float(getattr(sensor, name))
    reach = (bounds[1] - bounds[0]) / 2 * 0.45**sweep
    low, high = max(bounds[0], here - reach), min(bounds[1], here + reach)
    values = [here, *np.linspace(low, high, 7).tolist()]
    costs = [cost(replace(sensor, **{name: value})) for value in values]
    return replace(sensor, **{name: values[int(np.argmin(costs))]})
