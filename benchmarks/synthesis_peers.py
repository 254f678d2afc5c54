"""Cycles (Blender's `bpy`) on the same triangles, for comparison with our renderers."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

SCRIPT = Path(__file__).parent / "cycles_peer.py"
SAMPLES = 4


def export(scene: Any, soup: Any, path: Path) -> None:
    """What Cycles is given of a scene: triangles with colours, light, camera; no textures."""
    from isthmus.synth.render.fast.daylight import daylight
    from isthmus.synth.render.physical.materials import colours

    light, view = daylight(scene.weather), scene.view
    rough = np.array([m.roughness for m in soup.materials], np.float32)[soup.material]
    np.savez(
        path, points=soup.points, normals=soup.normals, faces=soup.faces,
        colour=colours(soup, scene.weather), roughness=rough,
        sun=np.asarray(light.direction, np.float32), sky=light.sky, light=light.sun,
        eye=np.asarray(view.position, np.float32), forward=view.rotation[2], focal=view.focal,
    )  # fmt: skip


def cycles(python: str, scenes: list[tuple[Any, Any]]) -> dict[str, Any]:
    """CPU-seconds over two of making a scene known to Cycles and rendering it, warm.

    No truth, no camera, no files: ours has them in its figures.
    """
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for scene, soup in scenes:
            path = Path(folder) / "scene.npz"
            export(scene, soup, path)
            size = (str(scene.view.width), str(scene.view.height))
            done = subprocess.run(
                [python, str(SCRIPT), str(path), *size, str(SAMPLES)],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                print(f"cycles: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
                return {}
            found.append(json.loads(done.stdout.strip().splitlines()[-1]))
    return {
        "scenes": len(found),
        "build_s": median(each["build"] for each in found) / 2,
        "render_s": median(each["render"] for each in found) / 2,
    }
