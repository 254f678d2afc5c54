"""A camera fitted to a folder of target images, written for later renders."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import isthmus
from isthmus.compute.executor import Progress
from isthmus.data.dataset import UnlabeledView
from isthmus.data.formats import read_dataset
from isthmus.data.images import read_rgb
from isthmus.errors import ConfigError
from isthmus.files import check_output, write_json
from isthmus.synth.imaging.twin import FITTED, Twin, check_counts, fit_sensor
from isthmus.synth.odd.domain import Domain
from isthmus.synth.odd.rows import sample_rows
from isthmus.synth.output.request import Request, picture_faults
from isthmus.synth.render.renderer import renderer
from isthmus.synth.world.build import build_scene
from isthmus.synth.world.scene import soup


def write_twin(
    domain: Domain,
    target: Path,
    out: Path,
    *,
    n: int = 8,
    frames: int = 24,
    seed: int = 0,
    size: tuple[int, int] = (320, 180),
    progress: Progress | None = None,
) -> Twin:
    """Fit a camera to target images under scenes of a domain, and write it to `out`.

    Target images that cannot be read are left out, and listed in the result's `problems`.

    Raises:
        ConfigError: a size that cannot be rendered, or n or frames below 1.
        InputError: fewer than three scenes or readable target images, which is said before
            anything is rendered; or the camera cannot be written there.
    """
    faults = picture_faults(size, "fast")
    faults += [f"frames {frames}: at least 1 is needed"] if frames < 1 else []
    if faults:
        raise ConfigError("the camera cannot be fitted: " + "; ".join(faults))
    check_output(out, "a camera")
    view = read_dataset(target).unlabeled()
    check_counts(min(frames, len(view)), n)
    lights = [_light(Request(seed, row, size)) for row in sample_rows(domain, n, seed)]
    pictures = _pictures(view, frames, size)
    found = fit_sensor(
        pictures,
        lights,
        seed=seed,
        progress=(lambda done, total: progress(done, total, "fitting the camera"))
        if progress
        else None,
    )
    found = replace(found, problems=view.problems)
    write_json(
        out,
        {
            "schema": "isthmus.synth.sensor/1",
            "version": isthmus.__version__,
            "sensor": {name: round(getattr(found.sensor, name), 5) for name in FITTED},
            "whole": asdict(found.sensor),
            "target": found.target,
            "before": found.before,
            "after": found.after,
            "distance_before": found.distance_before,
            "distance_after": found.distance_after,
            "problems": [asdict(problem) for problem in found.problems],
        },
    )
    return found


def _light(request: Request) -> NDArray[np.float32]:
    factors = asdict(request.row.factors)
    scene = build_scene(factors, request.seed, request.row.scene, request.size, request.row.time)
    return renderer(request.renderer).render(scene, soup(scene)).total


def _pictures(view: UnlabeledView, count: int, size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """Some of the target's images, spread over it, cut to the aspect and scaled to the size."""
    from PIL import Image

    chosen = np.unique(np.linspace(0, len(view) - 1, min(count, len(view))).astype(int))
    listed = list(view)
    made = []
    for index in chosen.tolist():
        image = Image.fromarray(read_rgb(listed[index].image))
        scale = max(size[0] / image.width, size[1] / image.height)
        width, height = round(image.width * scale), round(image.height * scale)
        resized = image.resize((width, height), Image.Resampling.BOX)
        left, top = (width - size[0]) // 2, (height - size[1]) // 2
        cut = resized.crop((left, top, left + size[0], top + size[1]))
        made.append(np.asarray(cut, np.uint8))
    return made
