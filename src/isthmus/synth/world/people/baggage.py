"""What people carry: backpacks, bags over the shoulder or in the hand, umbrellas, cases, phones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from isthmus.synth.world.material import Material
from isthmus.synth.world.people import flesh, gait
from isthmus.synth.world.people.figure import Figure
from isthmus.synth.world.people.garments import CUTS
from isthmus.synth.world.people.loft import (
    Reals,
    Surface,
    bar,
    blob,
    circle,
    curve,
    joined,
    limb,
    oval,
    path_frames,
    sheet,
    swept,
)
from isthmus.synth.world.people.physique import Body
from isthmus.synth.world.people.poses import chest_point
from isthmus.synth.world.people.reach import arm_to
from isthmus.synth.world.people.skeleton import Pose
from isthmus.synth.world.people.wardrobe import Bag, Look

_STEEL = Material((0.10, 0.10, 0.11), "", roughness=0.35, metallic=0.0)
_NYLON = Material((0.014, 0.014, 0.016), "", roughness=0.6)
_SCREEN = Material((0.05, 0.06, 0.08), "", roughness=0.1)

FREE_HANDS = ("walk", "stand", "look", "talk")
"""Poses in which a hand can hold something."""


def allowed(bag: Bag, pose: str) -> Bag:
    """`bag`, or what remains of it in a pose that leaves no hand free."""
    if pose == "carry":
        return "shopping"
    if pose in ("lie", "wheelchair", "bend"):
        return "none"
    if pose in FREE_HANDS:
        return bag
    return bag if bag in ("backpack", "shoulder_bag") and pose != "sit" else "none"


def holding(body: Body, pose: Pose, bag: Bag) -> Pose:
    """`pose` with the arm that a bag needs."""
    turns = dict(pose.turns)
    if bag == "umbrella":
        turns.update(arm_to(body, "right", chest_point(body, 0.085, -0.115, 0.125),
                            pole=[0.6, -1, -0.4], fingers=[-0.6, 0.1, 0.8],
                            palm=[-0.8, 0, -0.6]))  # fmt: skip
        return replace(pose, turns=turns, hands=(pose.hands[0], "fist"))
    if bag in ("handbag", "shopping"):
        turns.update(gait.hanging_arm("right", 2.0, 9.0, 9.0))
        return replace(pose, turns=turns, hands=(pose.hands[0], "fist"))
    if bag == "case":
        turns.update(gait.hanging_arm("right", -22.0, 8.0, 9.0))
        return replace(pose, turns=turns, hands=(pose.hands[0], "fist"))
    return pose


def add_bag(figure: Figure, look: Look, bag: Bag, pose: str, detail: int) -> None:
    """What is carried, added to a figure."""
    if bag == "backpack":
        _backpack(figure, look, detail)
    elif bag == "shoulder_bag":
        _shoulder_bag(figure, look, detail)
    elif bag == "umbrella":
        _umbrella(figure, look, detail)
    elif bag == "case":
        _case(figure, look, detail)
    elif bag in ("handbag", "shopping"):
        sides = ("left", "right") if pose == "carry" else ("right",)
        for side in sides:
            _hand_bag(figure, look, side, detail, paper=bag == "shopping")
    if pose in ("phone", "call") and detail:
        _phone(figure)


def on_trunk(body: Body, stations: ArrayLike, angle: ArrayLike, ease: float) -> Reals:
    """(n, 3) points over the clothes of a trunk at its coordinates and angles (radians)."""
    around = np.asarray(angle) % (2 * np.pi)
    grid = flesh.trunk(body, np.asarray(stations), 48, ease)
    column = around / (2 * np.pi) * 48
    k = np.floor(column).astype(int)
    share = (column - k)[:, None]
    rows = np.arange(len(grid))
    return np.asarray(grid[rows, k % 48] * (1 - share) + grid[rows, (k + 1) % 48] * share)


def _strap(points: Reals, outward: Reals, width: float, detail: int) -> Surface:
    """A band along a path, `outward` (n, 3) away from the body."""
    sides = {2: 4, 1: 3, 0: 3}[detail]
    t = np.linspace(0, 1, {2: 12, 1: 6, 0: 4}[detail])
    keys = np.column_stack([np.linspace(0, 1, len(points)), points])
    path = curve(keys, t)
    away = curve(np.column_stack([np.linspace(0, 1, len(points)), outward]), t)
    frames = path_frames(path, away)
    half = np.full(len(t), width)
    return sheet(swept(path, *frames, oval(circle(sides), half, half * 0.35, half * 0.35)))


def _room(look: Look, body: Body) -> float:
    return (max(CUTS[look.top].ease[:2]) + 0.006) * body.traits.height


def _backpack(figure: Figure, look: Look, detail: int) -> None:
    body, h, room = figure.body, figure.body.traits.height, _room(look, figure.body)
    size = min(h / 1.7, 1.0)
    back = on_trunk(body, [3.1], [1.5 * np.pi], 0.35 * room)[0]
    half = np.array([0.145, 0.215, 0.075]) * (0.35 + 0.65 * size)
    middle = np.array([0.0, float(body.level(3.15)), back[2] - half[2] * 0.80])
    rings, sides = {2: (8, 14), 1: (4, 8), 0: (3, 6)}[detail]
    main = blob(middle, half, rings=rings, sides=sides, power=3.0)
    pocket = blob(middle - [0, half[1] * 0.35, half[2] * 0.85], half * [0.78, 0.5, 0.42],
                  rings=max(rings - 2, 2), sides=sides, power=3.2)  # fmt: skip
    figure.fix(joined([main, pocket]) if detail else main, "chest", look.pack)
    if not detail:
        return
    for sign in (-1.0, 1.0):
        side = np.pi / 2 - sign * np.array([2.20, 1.35, 0.85, 0.80, 1.05, 1.7])
        levels = np.array([4.35, 4.62, 4.3, 3.6, 2.9, 2.5])
        points = on_trunk(body, levels, side, room * 0.8 + 0.004)
        outward = points * [1.0, 0.0, 1.0] + [0.0, 0.03, 0.0] * (levels > 4.2)[:, None]
        figure.fix(_strap(points, outward, 0.020 * size, detail), "chest", look.pack)


def _shoulder_bag(figure: Figure, look: Look, detail: int) -> None:
    body, h, room = figure.body, figure.body.traits.height, _room(look, figure.body)
    at = on_trunk(body, [1.25], [np.pi * 0.98], room * 0.5)[0]
    half = np.array([0.050, 0.105, 0.145]) * h / 1.7
    middle = at + np.array([half[0] * 0.9, -half[1] * 0.5, 0.0])
    rings, sides = {2: (5, 10), 1: (3, 6), 0: (2, 4)}[detail]
    figure.fix(blob(middle, half, rings=rings, sides=sides, power=3.4), "pelvis", look.pack)
    if not detail:
        return
    front = np.array([np.pi * 0.93, 2.35, 1.95, 1.5, 1.05, 0.72, 0.45])
    levels = np.array([1.3, 2.0, 2.7, 3.35, 4.0, 4.45, 4.62])
    for angle in (front, -front):
        points = on_trunk(body, levels, angle, room * 0.7 + 0.003)
        outward = points * [1.0, 0.0, 1.0] + [0.0, 0.05, 0.0] * (levels > 4.4)[:, None]
        figure.add(_strap(points, outward, 0.014 * h / 1.7, detail), "trunk", look.pack)


def _hand_bag(figure: Figure, look: Look, side: str, detail: int, *, paper: bool) -> None:
    h = figure.body.traits.height
    grip = figure.grip(side)
    half = np.array([0.055, 0.18, 0.14] if paper else [0.055, 0.11, 0.15]) * h / 1.75
    top = grip - [0.0, 0.16 if paper else 0.12, 0.0]
    rings, sides = {2: (5, 12), 1: (3, 8), 0: (2, 4)}[detail]
    bag = blob(top - [0, half[1], 0], half, rings=rings, sides=sides, power=9.0 if paper else 4.0)
    material = look.pack
    if paper:
        shade = look.seed % 3
        colour = ((0.62, 0.62, 0.60), (0.36, 0.24, 0.13), look.neckcloth.colour)[shade]
        material = Material(colour, "", roughness=0.6)
    parts = [bag]
    if detail:
        for sign in (-1.0, 1.0):
            end = top + np.array([0.0, -0.02, sign * half[2] * 0.55])
            parts.append(limb(grip, end, [[0, 0.006], [1, 0.006]], rings=2, sides=4,
                              deep=(1.0, 0.0, 0.0)))  # fmt: skip
    figure.loose(joined(parts), material)


def _umbrella(figure: Figure, look: Look, detail: int) -> None:
    h = figure.body.traits.height
    grip = figure.grip("right")
    head = figure.place("head")
    apex = head + h * np.array([0.05, 0.396, 0.03])
    axis = (apex - grip) / np.linalg.norm(apex - grip)
    radius = 0.56 if h > 1.4 else 0.44
    sides = {2: 16, 1: 8, 0: 6}[detail]
    t = np.linspace(0.02, 1.0, {2: 6, 1: 4, 0: 3}[detail])
    angle = circle(sides)
    # Panels hang between eight ribs.
    sag = 1 - 0.05 * np.abs(np.sin(4 * angle)) if detail == 2 else np.ones(sides)
    spread = radius * np.sin(t * 1.25) / np.sin(1.25)
    drop = -0.62 * radius * (1 - np.cos(t * 1.25))
    across = np.cross([0.0, 0.0, 1.0], axis)
    across /= np.linalg.norm(across)
    deep = np.cross(axis, across)
    narrow = 1 - (1 - sag)[None, :, None] * t[:, None, None]
    section = oval(angle, spread, spread, spread) * narrow
    grid = swept(apex + drop[:, None] * axis, across, deep, section)
    outer = sheet(grid[::-1], caps=(False, True))
    inner = sheet(grid - 0.006 * axis, caps=(True, False))
    figure.loose(joined([outer, inner]), look.hat if look.seed % 2 else _NYLON)
    shaft = limb(grip - axis * 0.10, apex + axis * 0.05, [[0, 0.011], [0.15, 0.011], [0.2, 0.006],
                                                         [1, 0.006]],
                 rings=5, sides={2: 6, 1: 4, 0: 3}[detail])  # fmt: skip
    figure.loose(shaft, _STEEL)


def _case(figure: Figure, look: Look, detail: int) -> None:
    grip, floor = figure.grip("right"), figure.floor()
    foot = np.array([grip[0] + 0.02, floor + 0.03, grip[2] - 0.52])
    up = grip - foot
    up /= np.linalg.norm(up)
    half = np.array([0.19, 0.29, 0.12])
    rings, sides = {2: (6, 12), 1: (4, 8), 0: (3, 6)}[detail]
    box = blob([0.0, 0.0, 0.0], half, rings=rings, sides=sides, power=6.0)
    deep = np.cross([1.0, 0.0, 0.0], up)
    turn = np.stack([np.array([1.0, 0.0, 0.0]), up, deep / np.linalg.norm(deep)], axis=1)
    figure.loose(box.moved(foot + up * (half[1] + 0.02) + turn[:, 2] * 0.05, turn), look.pack)
    if detail:
        side = np.array([1.0, 0.0, 0.0])
        metal = [bar(grip - 0.08 * side, grip + 0.08 * side, radius=0.012)]
        for x in (-1.0, 1.0):
            rod = 0.07 * x * side
            metal.append(bar(foot + up * 0.5 + rod, grip + rod, radius=0.008, sides=4))
            metal.append(blob(foot + 0.14 * x * side, [0.02, 0.03, 0.03], rings=3, sides=6))
        figure.loose(joined(metal), _STEEL)


def _phone(figure: Figure) -> None:
    """A telephone in the right palm."""
    size, wrist = figure.body.hand, figure.body.at("right_wrist")
    along = figure.body.at("right_wrist") - figure.body.at("right_elbow")
    along /= np.linalg.norm(along)
    inward = np.cross(along, [0.0, 0.0, 1.0])
    inward /= np.linalg.norm(inward)
    if inward[0] > 0:
        inward = -inward
    middle = wrist + along * size * 0.58 + inward * size * 0.14
    turn = np.stack([inward, -along, np.cross(inward, -along)], axis=1)
    slab = blob([0.0, 0.0, 0.0], [0.005, 0.074, 0.036], rings=3, sides=8, power=6.0)
    figure.fix(slab.moved(middle, turn), "right_wrist", _SCREEN)
