"""What years do to asphalt: mended places, trenches, sealed cracks; covers, gullies, gutters."""

from __future__ import annotations

import numpy as np

from isthmus.synth.world.material import RGB, Material
from isthmus.synth.world.roads.curve import Reals
from isthmus.synth.world.roads.layout import Layout
from isthmus.synth.world.roads.marks import Marks
from isthmus.synth.world.roads.palette import Palette, rgb
from isthmus.synth.world.roads.ribbon import Bed
from isthmus.synth.world.roads.surfaces import main_stations
from isthmus.synth.world.thing import Part

NEAR, REACH = 2.0, 75.0
"""Span of the main road that is worn in detail, metres."""


def wear(rng: np.random.Generator, layout: Layout, palette: Palette) -> list[Part]:
    """Thin shapes of the meaning "road", each a few millimetres above the asphalt."""
    bed, s = Bed(layout.main.curve, layout.land), main_stations(layout)
    age = rng.random()
    low, middle, high = (Marks(bed, s, lift) for lift in (0.003, 0.0045, 0.006))
    _tracks(rng, low, layout, palette)
    _gutters(rng, low, layout)
    _mended(rng, middle, layout, palette, age)
    _cracks(rng, high, layout, palette, age)
    _covers(rng, middle, high, layout, palette)
    return [part for marks in (low, middle, high) for part in marks.parts("road")]


def _tracks(rng: np.random.Generator, marks: Marks, layout: Layout, palette: Palette) -> None:
    """Bands polished by wheels, and a darker one between them where oil drips."""
    section = layout.main.section
    if rng.random() < 0.35:
        return
    shades = [
        Material(_darker(palette, k), palette.asphalt.texture, roughness=r, porosity=0.5)
        for k, r in ((rng.uniform(0.94, 0.985), 0.8), (rng.uniform(0.9, 0.98), 0.85))
    ]
    span = (layout.main.start + 25.0, 180.0)
    for sign in (-1, 1):
        for number in range(section.count):
            d = section.lane_middle(sign, number)
            for out in (-0.78, 0.78):
                marks.line(shades[0], d + out, span, 0.42)
            marks.line(shades[1], d, span, 0.5)


def _darker(palette: Palette, share: float) -> RGB:
    r, g, b = palette.asphalt.colour
    return share * r, share * g, share * b


def _gutters(rng: np.random.Generator, marks: Marks, layout: Layout) -> None:
    """A strip of dirt (or of setts) along the kerbs."""
    kind = rng.random()
    shade = float(rng.uniform(62, 96))
    if kind < 0.3:
        return
    if kind < 0.75:
        material = Material(rgb(shade, shade - 2, shade - 8), "dirt", roughness=0.9, porosity=0.7)
    else:
        material = Material(rgb(shade + 30, shade + 28, shade + 24), "cobble", porosity=0.4)
    wide = float(rng.uniform(0.15, 0.3))
    for sign in (-1, 1):
        side = layout.main.section.side(sign)
        if not side.raised:
            continue
        gap = layout.gap(sign)
        spans = [(-20.0, 180.0)] if gap is None else [(-20.0, gap[0]), (gap[1], 180.0)]
        for low, high in spans:
            if high > low:
                marks.line(material, sign * (side.kerb - wide / 2), (low, high), wide)


def _mended(
    rng: np.random.Generator, marks: Marks, layout: Layout, palette: Palette, age: float
) -> None:
    section = layout.main.section
    left, right = -section.left.kerb + 0.4, section.right.kerb - 0.4
    for _ in range(int(rng.poisson(2 + 8 * age))):
        material = palette.fresh if rng.random() < 0.7 else palette.worn
        wide, long = rng.uniform(0.5, 2.2), rng.uniform(0.8, 7.0)
        s = rng.uniform(NEAR, REACH)
        d = rng.uniform(left, max(right - wide, left + 0.1))
        skew = rng.normal(0.0, 0.04, (4, 2))
        corners = np.array([(s, d), (s + long, d), (s + long, d + wide), (s, d + wide)]) + skew
        marks.bars(material, corners[None])
    if rng.random() < 0.6 * age + 0.15:  # a trench along the road
        d, wide = float(rng.uniform(left + 0.5, right - 0.5)), float(rng.uniform(0.5, 0.9))
        start = float(rng.uniform(-15.0, 30.0))
        marks.line(palette.fresh, d, (start, start + float(rng.uniform(20, 70))), wide)
    if rng.random() < 0.6 * age + 0.2:  # a trench across it
        s, wide = float(rng.uniform(8.0, 40.0)), float(rng.uniform(0.5, 0.9))
        marks.bar(palette.fresh, (s, s + wide), (left - 0.3, right + 0.3))


def _cracks(
    rng: np.random.Generator, marks: Marks, layout: Layout, palette: Palette, age: float
) -> None:
    """Wandering cracks, many of them sealed with tar."""
    section = layout.main.section
    left, right = -section.left.kerb + 0.2, section.right.kerb - 0.2
    dark = Material(_darker(palette, 0.4), roughness=0.9)
    for _ in range(int(rng.poisson(1 + 11 * age))):
        sealed = rng.random() < 0.6
        across = rng.random() < 0.45
        count = int(rng.integers(8, 36))
        step = rng.uniform(0.12, 0.5)
        begin = float(rng.uniform(NEAR + 1, REACH * 0.8))
        aside = float(rng.uniform(left, right))
        drift = np.cumsum(rng.normal(0.0, 0.12, count)) + rng.normal(0.0, 0.15, count)
        walk: Reals = np.asarray(np.cumsum(step * drift * 0.5), np.float64)
        run: Reals = np.asarray(step * np.arange(count), np.float64)
        s: Reals = begin + (walk if across else run)
        d: Reals = left + 0.1 + run if across else aside + walk
        keep = (d > left) & (d < right)
        s, d = s[keep], d[keep]
        if len(s) < 3:
            continue
        half = (0.018 if sealed else 0.004) * rng.uniform(0.7, 1.6, len(s))
        ds, dd = np.gradient(s), np.gradient(d)
        size = np.maximum(np.hypot(ds, dd), 1e-9)
        a = np.stack([s + half * dd / size, d - half * ds / size], axis=1)
        b = np.stack([s - half * dd / size, d + half * ds / size], axis=1)
        corners = np.stack([a[:-1], a[1:], b[1:], b[:-1]], axis=1)
        marks.bars(palette.tar if sealed else dark, corners)


def _covers(
    rng: np.random.Generator, below: Marks, marks: Marks, layout: Layout, palette: Palette
) -> None:
    """Manholes in a frame of newer asphalt, and gullies at the kerbs."""
    section = layout.main.section
    angle = np.arange(16) * (np.pi / 8)
    for _ in range(int(rng.poisson(2.5))):
        s, d = rng.uniform(6.0, REACH), rng.uniform(-section.left.lanes + 0.6,
                                                    section.right.lanes - 0.6)  # fmt: skip
        if rng.random() < 0.6:
            r = 0.55
            below.bar(palette.fresh, (s - r, s + r), (d - r, d + r))
        ring = np.stack([s + 0.33 * np.cos(angle), d + 0.33 * np.sin(angle)], axis=1)
        marks.shape(palette.iron, ring)
    dark = Material(rgb(18, 18, 18), roughness=0.9)
    spacing, first = float(rng.uniform(18, 30)), float(rng.uniform(3, 15))
    for sign in (-1, 1):
        side = section.side(sign)
        gap = layout.gap(sign)
        for s in np.arange(first, 90.0, spacing).tolist() if side.raised else ():
            if gap and gap[0] - 1 < s < gap[1] + 1:
                continue
            inner, outer = sign * (side.kerb - 0.45), sign * (side.kerb - 0.03)
            low, high = min(inner, outer), max(inner, outer)
            below.bar(dark, (s - 0.22, s + 0.22), (low, high))
            for bar in np.linspace(s - 0.2, s + 0.16, 7).tolist():
                marks.bar(palette.iron, (bar, bar + 0.035), (low, high))
