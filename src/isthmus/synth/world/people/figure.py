"""A figure: the surfaces of a body and its clothes, gathered at rest, then bent and set down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus.synth.world.material import Material
from isthmus.synth.world.mesh import Floats, Mesh, join
from isthmus.synth.world.people.head import marks
from isthmus.synth.world.people.loft import Index, Reals, Surface, normals
from isthmus.synth.world.people.physique import Body
from isthmus.synth.world.people.shares import Region, rigid_to, shares
from isthmus.synth.world.people.skeleton import NUMBER, SIDES, Pose, bent, joint_frames, ramp
from isthmus.synth.world.thing import Part

_MARKED = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")


@dataclass(frozen=True)
class Piece:
    """One surface of a figure; `paint` (f,) numbers its faces' materials."""

    surface: Surface
    materials: Sequence[Material]
    paint: Index
    semantic: str


class Figure:
    """Collects pieces, then poses them.

    Pieces are given at rest; `loose` ones as they hang once the body is posed.
    """

    def __init__(self, body: Body, pose: Pose) -> None:
        self.body, self.pose = body, pose
        self.turns, self.places = joint_frames(body.rest, pose)
        self._pieces: list[Piece] = []
        # Per piece: points at rest or posed, and what they follow: none, one or two sets of shares.
        self._points: list[Reals] = []
        self._shares: list[tuple[Reals, ...]] = []

    def add(
        self, surface: Surface, region: Region, *materials: Material, paint: Index | None = None,
    ) -> None:  # fmt: skip
        """A piece that moves with a region of the body."""
        self._keep(surface, (shares(surface.points, region, self.body),), materials, paint)

    def add_pair(
        self, right: Surface, part: str, *materials: Material, paint: Index | None = None
    ) -> None:
        """The right and the mirrored left piece of a limb: part "arm", "hand", "leg" or "foot"."""
        for side, surface in (("right", right), ("left", right.mirrored())):
            region: Region = f"{side}_{part}"  # type: ignore[assignment]
            self.add(surface, region, *materials, paint=paint)

    def drape(self, surface: Surface, *materials: Material, paint: Index | None = None) -> None:
        """Cloth round trunk and thighs: it spans the legs and follows whichever stands out."""
        points, h = surface.points, self.body.traits.height
        trunk = shares(points, "trunk", self.body)
        hip, knee = self.body.at("right_hip")[1], self.body.at("right_knee")[1]
        down = ramp(points[:, 1], hip + 0.05 * h, hip - 0.06 * h)
        low = 0.85 * ramp(points[:, 1], knee + 0.05 * h, knee - 0.05 * h)
        both = []
        for side in SIDES:
            own = trunk.copy()
            own[:, NUMBER[f"{side}_hip"]], own[:, NUMBER[f"{side}_knee"]] = down, low
            both.append(own)
        self._keep(surface, tuple(both), materials, paint)

    def add_shared(
        self, surface: Surface, follows: Reals, *materials: Material, paint: Index
    ) -> None:
        """A piece whose corners follow the joints by shares (v, 19) of their own."""
        self._keep(surface, (follows,), materials, paint)

    def fix(self, surface: Surface, joint: str, *materials: Material, paint: Index | None = None
            ) -> None:  # fmt: skip
        """A stiff piece that moves with one joint."""
        self._keep(surface, (rigid_to(joint, len(surface.points)),), materials, paint)

    def loose(
        self, surface: Surface, *materials: Material, paint: Index | None = None,
        semantic: str = "person",
    ) -> None:  # fmt: skip
        """A piece already where it belongs, in the axes of the posed figure."""
        self._keep(surface, (), materials, paint, semantic)

    def _keep(
        self, surface: Surface, follows: tuple[Reals, ...], materials: Sequence[Material],
        paint: Index | None, semantic: str = "person",
    ) -> None:  # fmt: skip
        own = np.zeros(len(surface.faces), np.int64) if paint is None else paint
        self._pieces.append(Piece(surface, materials, own, semantic))
        self._points.append(surface.points)
        self._shares.append(follows)

    def _bend(self) -> None:
        """Poses every piece that is still at rest, all at once."""
        waiting = [k for k, follows in enumerate(self._shares) if follows]
        if not waiting:
            return
        rows = [self._points[k] for k in waiting for _ in self._shares[k]]
        weights = [s for k in waiting for s in self._shares[k]]
        posed = bent(np.concatenate(rows), np.concatenate(weights), self.body.rest, self.pose)
        copies = iter(np.split(posed, np.cumsum([len(r) for r in rows])[:-1]))
        for k in waiting:
            own = [next(copies) for _ in self._shares[k]]
            self._points[k] = own[0] if len(own) == 1 else self._spanned(self._points[k], *own)
            self._shares[k] = ()

    def _spanned(self, rest: Reals, left: Reals, right: Reals) -> Reals:
        """Cloth that follows the left or the right leg, whichever stands out where it is."""
        outward = rest * [1.0, 0.0, 1.0]
        outward /= np.maximum(np.sqrt((outward * outward).sum(axis=1, keepdims=True)), 1e-9)
        apart = 2 * self.body.at("right_hip")[0]
        lead = ((left - right) * (outward @ self.turns[0].T)).sum(axis=1) - apart * outward[:, 0]
        slope = 0.020 * self.body.traits.height
        share = 1 / (1 + np.exp(-np.clip(lead / slope, -30, 30)))[:, None]
        return np.asarray(share * left + (1 - share) * right)

    def place(self, joint: str) -> Reals:
        """(3,) where a joint lies in the posed figure."""
        return np.asarray(self.places[NUMBER[joint]])

    def floor(self) -> float:
        """Height of the lowest point so far, metres."""
        self._bend()
        return float(min(p[:, 1].min() for p in self._points))

    def grip(self, side: str) -> Reals:
        """(3,) the middle of a closed hand in the posed figure."""
        k = NUMBER[f"{side}_wrist"]
        rest, elbow = self.body.at(f"{side}_wrist"), self.body.at(f"{side}_elbow")
        along = (rest - elbow) / np.linalg.norm(rest - elbow)
        inward = np.array([1.0 if side == "left" else -1.0, 0.0, 0.0])
        offset = along * 0.52 * self.body.hand + inward * 0.16 * self.body.hand
        return np.asarray(self.places[k] + self.turns[k] @ offset)

    def keypoints(self) -> Reals:
        """(17, 3) COCO keypoints of the posed figure."""
        k = NUMBER["head"]
        face = self.places[k] + (marks(self.body) - self.body.at("head")) @ self.turns[k].T
        limbs = [self.place(f"{side}_{part}") for part in _MARKED for side in SIDES]
        return np.concatenate([face, np.stack(limbs)])

    def finished(self, *, centre: bool = True) -> tuple[tuple[Part, ...], Floats, Reals]:
        """Parts and keypoints, set on the ground, and the (3,) offset by which all was moved.

        `centre` moves the middle of the bounds over the origin; else the pelvis stays over it.
        """
        self._bend()
        points = np.concatenate(self._points)
        low, high = points.min(axis=0), points.max(axis=0)
        middle = (low + high) / 2 if centre else np.zeros(3)
        offset = np.array([-middle[0], self.pose.clearance - low[1], -middle[2]])
        parts, keypoints = self.at(offset)
        return parts, keypoints, offset

    def at(self, offset: Reals) -> tuple[tuple[Part, ...], Floats]:
        """Parts and keypoints (17, 3) of the posed figure, moved by `offset` (3,)."""
        self._bend()
        points = np.concatenate(self._points)
        starts = np.cumsum([0, *[len(p) for p in self._points]])[:-1]
        faces = np.concatenate(
            [p.surface.faces + k for p, k in zip(self._pieces, starts, strict=True)]
        )
        weld = np.concatenate(
            [p.surface.weld + k for p, k in zip(self._pieces, starts, strict=True)]
        )
        shading = normals(points, faces, weld)
        parts = self._split(
            (points + offset).astype(np.float32), shading.astype(np.float32), starts
        )
        return parts, (self.keypoints() + offset).astype(np.float32)

    def _split(self, points: Floats, shading: Floats, starts: Index) -> tuple[Part, ...]:
        """One part a material, in order of first use."""
        groups: dict[tuple[Material, str], list[Mesh]] = {}
        for piece, start in zip(self._pieces, starts, strict=True):
            rows = slice(start, start + len(piece.surface.points))
            own = Mesh(points[rows], piece.surface.faces.astype(np.int32), shading[rows],
                       piece.surface.uv.astype(np.float32))  # fmt: skip
            for number, material in enumerate(piece.materials):
                kept = piece.paint == number
                if kept.any():
                    mesh = own if kept.all() else only(own, kept)
                    groups.setdefault((material, piece.semantic), []).append(mesh)
        return tuple(
            Part(join(meshes), material, semantic)
            for (material, semantic), meshes in groups.items()
        )


def only(mesh: Mesh, kept: NDArray[np.bool_]) -> Mesh:
    """Some faces (f,) of a mesh, and the corners they need."""
    faces = mesh.faces[kept]
    used = np.zeros(len(mesh.points), np.bool_)
    used[faces] = True
    rank = (np.cumsum(used) - 1).astype(np.int32)
    return Mesh(mesh.points[used], rank[faces], mesh.normals[used], mesh.uv[used])


def bounds(parts: Sequence[Part]) -> tuple[Reals, Reals]:
    """Lowest and highest corner (3,) of parts."""
    points = [p.mesh.points for p in parts]
    low = np.min([p.min(axis=0) for p in points], axis=0)
    return np.asarray(low, np.float64), np.asarray(np.max([p.max(axis=0) for p in points], axis=0))
