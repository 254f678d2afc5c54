"""Truth is the same wherever it is worked out, and another engine sees the same things."""

import hashlib
import subprocess
import sys

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


def test_truth_has_one_hash_whatever_the_threads_the_process_and_the_order():
    first, second = digest(0, 1), digest(1, 1)
    assert first != second
    assert [digest(k, 2) for k in (1, 0)] == [second, first]
    code = f"import sys; sys.path.insert(0, {str(__file__).rpartition('/')[0]!r})\n"
    code += "import test_truth_everywhere as t; print(t.digest(1, 2), t.digest(0, 1))"
    alone = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    assert alone.stdout.split() == [second, first]


@pytest.mark.slow
def test_the_physical_renderer_meets_the_same_things_at_the_middle_of_pixels():
    pytest.importorskip("mitsuba")
    from isthmus.synth.render.physical.engine import SCALAR, mitsuba
    from isthmus.synth.render.physical.trace import things_at_centres

    scene = build_scene(ROW, 3, 0, (320, 180))
    triangles = soup(scene)
    face = annotate(scene, triangles).face
    ours = np.where(face >= 0, np.append(triangles.thing, -1)[face], -1)
    theirs = things_at_centres(mitsuba(SCALAR), scene, triangles)
    assert len(np.unique(ours)) > 10
    assert (ours == theirs).mean() >= 0.9999
