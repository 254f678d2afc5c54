"""Truth is the same however it is worked out."""

import hashlib

import numpy as np

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
