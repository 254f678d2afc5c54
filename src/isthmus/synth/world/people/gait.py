"""How people walk and run: joint angles over a stride.

Normal gait's sagittal angles after Winter, "The biomechanics and motor control of human gait"
(1991), and Perry and Burnfield, "Gait analysis" (2010); running after Novacheck, "The biomechanics
of running", Gait and Posture 7 (1998). Phase 0 is the right heel's strike, 0.5 the left heel's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.people.loft import Reals
from isthmus.synth.world.people.skeleton import Pose

# Share of the stride, then degrees: hip flexion, knee flexion, ankle dorsiflexion, toes up.
_WALK = np.array([
    [0.00, 27, 4, 1, 12], [0.06, 26, 12, -5, 2], [0.12, 22, 17, -2, 0], [0.20, 14, 14, 4, 0],
    [0.30, 2, 7, 8, 0], [0.40, -8, 4, 11, 2], [0.50, -13, 10, 8, 16], [0.57, -9, 28, -6, 30],
    [0.63, 2, 46, -17, 18], [0.70, 13, 60, -10, 4], [0.77, 23, 59, -2, 2], [0.85, 29, 38, 1, 4],
    [0.93, 29, 12, 1, 10],
])  # fmt: skip
_RUN = np.array([
    [0.00, 38, 18, 4, 6], [0.08, 34, 36, 14, 0], [0.16, 22, 40, 20, 0], [0.25, 6, 28, 18, 4],
    [0.33, -8, 16, 2, 24], [0.40, -12, 22, -18, 18], [0.50, -4, 58, -14, 6], [0.60, 14, 92, -8, 4],
    [0.70, 34, 100, -2, 2], [0.80, 50, 82, 2, 2], [0.90, 52, 42, 4, 4],
])  # fmt: skip

FLEX = np.array([-1.0, 0.0, 0.0])
"""Axis by which a hanging limb swings forward (and a trunk leans back)."""


def periodic(keys: Reals, phase: ArrayLike) -> Reals:
    """Values (n, m) of a periodic curve through keys (k, 1 + m) with period 1 (Catmull–Rom)."""
    t = np.asarray(phase, np.float64) % 1.0
    x = np.concatenate([keys[-2:, 0] - 1, keys[:, 0], keys[:2, 0] + 1])
    y = np.concatenate([keys[-2:, 1:], keys[:, 1:], keys[:2, 1:]])
    tangent = np.zeros_like(y)
    tangent[1:-1] = (y[2:] - y[:-2]) / (x[2:] - x[:-2])[:, None]
    k = np.searchsorted(x, t, side="right") - 1
    h = (x[k + 1] - x[k])[..., None]
    u = (t - x[k])[..., None] / h
    return np.asarray(
        (1 + 2 * u) * (1 - u) ** 2 * y[k] + u * (1 - u) ** 2 * h * tangent[k]
        + u**2 * (3 - 2 * u) * y[k + 1] - u**2 * (1 - u) * h * tangent[k + 1]
    )  # fmt: skip


def walk(phase: float, vigour: float = 1.0, arms: tuple[bool, bool] = (True, True)) -> Pose:
    """A moment of walking.

    Args:
        phase: of the stride, 0–1.
        vigour: stride relative to an adult at 1.35 m/s.
        arms: whether the (left, right) arm swings; else it hangs.
    """
    swing = vigour * 20.0
    pose = _stride(_WALK, phase, vigour)
    turn = np.cos(2 * np.pi * phase)
    # The pelvis turns with the leading leg, the chest against it; the free side drops.
    drop = -np.sin(2 * np.pi * phase)
    pose["pelvis"] = np.radians([0.0, -5.0 * vigour * turn, 3.0 * vigour * drop])
    pose["waist"] = np.radians([2.0, 6.0 * vigour * turn, -2.5 * vigour * drop])
    pose["chest"] = np.radians([1.5, 4.0 * vigour * turn, -1.0 * vigour * drop])
    pose["neck"] = np.radians([1.0, -5.0 * vigour * turn, 0.5 * vigour * drop])
    for k, (side, sign) in enumerate((("left", 1.0), ("right", -1.0))):
        forward = (4.0 + swing * sign * turn) if arms[k] else 2.0
        bend = 18.0 + vigour * 10.0 * (1 + sign * turn) if arms[k] else 12.0
        pose.update(hanging_arm(side, forward, bend))
    return Pose(pose)


def run(phase: float, vigour: float = 1.0) -> Pose:
    """A moment of running; see `walk`."""
    pose = _stride(_RUN, phase, vigour)
    turn = np.cos(2 * np.pi * (phase - 0.06))
    pose["pelvis"] = np.radians([6.0, -7.0 * turn, 0.0])
    pose["waist"] = np.radians([5.0, 9.0 * turn, 0.0])
    pose["chest"] = np.radians([3.0, 9.0 * turn, 0.0])
    pose["neck"] = np.radians([-9.0, -10.0 * turn, 0.0])
    for side, sign in (("left", 1.0), ("right", -1.0)):
        pose.update(hanging_arm(side, vigour * (-4.0 + 38.0 * sign * turn), 88.0, away=9.0))
    return Pose(pose, hands=("fist", "fist"))


def _stride(keys: Reals, phase: float, vigour: float) -> dict[str, Reals]:
    pose: dict[str, Reals] = {}
    for side, shift in (("right", 0.0), ("left", 0.5)):
        hip, knee, ankle, toe = periodic(keys, phase + shift).tolist()
        pose[f"{side}_hip"] = np.radians(hip * vigour) * FLEX
        pose[f"{side}_knee"] = -np.radians(max(knee * (0.35 + 0.65 * vigour), 1.0)) * FLEX
        pose[f"{side}_ankle"] = np.radians(ankle * vigour) * FLEX
        pose[f"{side}_toe"] = np.radians(max(toe, 0.0) * vigour) * FLEX
    return pose


def hanging_arm(side: str, forward: float, bend: float, away: float = 6.0) -> dict[str, Reals]:
    """An arm that hangs: degrees forward from the shoulder, bent in the elbow, away from the side.

    The rest pose holds it 20° away.
    """
    sign = -1.0 if side == "left" else 1.0
    # About Z, a positive turn takes a hanging arm to +X.
    close = np.radians(away - 20.0) * sign * np.array([0.0, 0.0, 1.0])
    return {
        f"{side}_shoulder": _both(np.radians(forward) * FLEX, close),
        f"{side}_elbow": np.radians(bend) * FLEX,
        f"{side}_wrist": np.radians(4.0) * FLEX,
    }


def _both(second: Reals, first: Reals) -> Reals:
    from isthmus.synth.world.people.skeleton import rotation, rotation_vector

    return rotation_vector(rotation(second) @ rotation(first))
