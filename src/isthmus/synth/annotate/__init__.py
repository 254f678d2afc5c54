"""Truth: instances, depth, normals, flow, boxes and keypoints, independent of every renderer."""

from __future__ import annotations

from isthmus.synth.annotate.bodies import Box3D, Keypoints
from isthmus.synth.annotate.truth import ObjectTruth, Truth, annotate

__all__ = ["Box3D", "Keypoints", "ObjectTruth", "Truth", "annotate"]
