"""Truth is the same however it is worked out."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from isthmus.synth.annotate import annotate
from isthmus.synth.world.build import build_scene
from isthmus.synth.world.scene import soup

ROW = {
    "road_type": "suburb", "surroundings": "residential", "traffic_density": 6.0,
    "pedestrian_density": 8.0, "parked_share": 0.2,
}  # fmt: skip


def digest(number, threads):
    """Hash of all that the truth of a scene holds."""
    scene = build_scene(ROW, 3, number, (160, 90))
    truth = annotate(scene, soup(scene), sequence_dt=0.1, threads=threads)
    made = hashlib.sha256(repr([(o.visible, o.amodal, o.pixels) for o in truth.objects]).encode())
    assert truth.objects
    for layer in ("face", "instance", "semantic", "depth", "normal", "flow"):
        made.update(np.ascontiguousarray(getattr(truth, layer)).tobytes())
    return made.hexdigest()


def test_truth_has_one_hash_whatever_the_threads_and_the_order():
    first, second = digest(0, 1), digest(1, 1)
    assert first != second
    assert [digest(k, 2) for k in (1, 0)] == [second, first]


def test_a_fresh_process_finds_the_same_truth():
    code = "from test_truth_everywhere import digest; print(digest(0, 2))"
    there = Path(__file__).parent
    path = os.pathsep.join([str(there), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=there,
        env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    assert done.stdout.strip() == digest(0, 1)


def test_rays_of_the_physical_renderer_meet_the_same_things():
    pytest.importorskip("mitsuba")
    from isthmus.synth.render.physical.engine import mitsuba
    from isthmus.synth.render.physical.trace import things_at_centres

    scene = build_scene(ROW, 3, 0, (320, 180))
    triangles = soup(scene)
    face = annotate(scene, triangles).face
    ours = np.where(face >= 0, np.append(triangles.thing, -1)[face], -1)
    theirs = things_at_centres(mitsuba(), scene, triangles)
    assert len(np.unique(ours)) > 20
    assert (ours == theirs).mean() >= 0.9999
