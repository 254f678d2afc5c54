"""Render a scene: one raster pass for the truth, one shading pass a condition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus import seeds
from isthmus.synth.camera import Sensor, expose, sample_sensor
from isthmus.synth.conditions import Light, light_for
from isthmus.synth.render import shading
from isthmus.synth.render.raster import arrange, paint
from isthmus.synth.render.samples import locate
from isthmus.synth.render.shadows import Shadows
from isthmus.synth.scene import Scene
from isthmus.synth.truth import Truth, read_truth


@dataclass(frozen=True)
class Rendered:
    """A finished frame.

    Attributes:
        image: (h, w, 3) uint8 sRGB.
        truth: instances, depth, boxes.
        light: the light it was taken in.
    """

    image: NDArray[np.uint8]
    truth: Truth
    light: Light


def render(scene: Scene, condition: str, seed: int, *, sensor: Sensor | None = None) -> Rendered:
    """Picture and truth of `scene` under `condition`.

    Args:
        scene: what stands where.
        condition: one of `isthmus.synth.conditions.CONDITIONS`.
        seed: the data set's; light, sensor and noise are drawn from it by name.
        sensor: a camera to use instead of the place's own.
    """
    place = scene.street.place
    light = light_for(condition, scene.street, seeds.generator(seed, "scene", place, condition))
    camera = sensor or sample_sensor(seeds.generator(seed, "scene", place, "sensor"))
    faces = arrange(scene.things, scene.view, scene.street.curvature)
    number = paint(faces, scene.view)
    truth = read_truth(scene, faces, number)
    samples = locate(scene, faces, number)
    shadows = Shadows(scene, light)
    planes = shading.radiance(
        scene,
        faces,
        samples,
        light,
        shadow=shadows.on_ground(samples.index),
        shaded=shadows.on_actors(faces),
    )
    shading.add_air(planes, samples, light)
    shading.add_sky(planes, samples, scene, light)
    luminance = samples.resolve(planes)
    noise = seeds.generator(seed, "scene", scene.index, "noise", condition)
    return Rendered(expose(luminance, camera, noise), truth, light)
