"""From a row of factors to a scene: a pure function of row, seed, number and time.

Each group of things has a generator of its own, named after it, so that a factor that does not
concern a group leaves its bytes alone: another visibility changes no geometry, more pedestrians
move no car.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from isthmus import seeds
from isthmus.synth.view import View
from isthmus.synth.world.factors import FACTORS, Factors
from isthmus.synth.world.frontage import frontage
from isthmus.synth.world.greenery import greenery
from isthmus.synth.world.pedestrians import people
from isthmus.synth.world.placement import Motion, Stage
from isthmus.synth.world.roads.layout import Layout, sample_layout
from isthmus.synth.world.roads.markings import markings
from isthmus.synth.world.roads.palette import sample_palette
from isthmus.synth.world.roads.surfaces import surfaces
from isthmus.synth.world.roads.terrain import terrain
from isthmus.synth.world.roads.wear import wear
from isthmus.synth.world.scenarios import SCENARIOS
from isthmus.synth.world.scene import Ruts, Scene, Weather
from isthmus.synth.world.streetside import streetside
from isthmus.synth.world.thing import Placed, Thing
from isthmus.synth.world.traffic import drive, park
from isthmus.synth.world.words import scene_word, time_word, weather_word

SHAPELESS = (
    "sun_elevation", "sun_azimuth", "clouds", "visibility", "rain", "snowfall", "wetness",
    "snow_cover", "street_lamps", "vehicle_lamps", "exposure_bias", "defocus", "noise_gain",
    "lens_dirt", "motion_blur", "jpeg_quality", "lens_k1", "lens_k2", "lens_p1", "lens_p2",
    "rolling_shutter",
)  # fmt: skip
"""Factors that move nothing: what differs in them and in time alone shares one built stage."""


def build_scene(
    row: Mapping[str, Any],
    seed: int,
    index: int,
    size: tuple[int, int] = (640, 360),
    time: float = 0.0,
) -> Scene:
    """The scene of a row.

    Args:
        row: factors by name (`isthmus.synth.world.factors.FACTORS`); missing ones by default.
        seed, index: of the data set and of the image; together they decide all that is drawn.
        size: (width, height) of the picture in pixels.
        time: seconds since the scene's first moment: what moves, and the camera, have moved on.

    Raises:
        ConfigError: the row names unknown factors, or values that cannot be.
    """
    factors = Factors.of(row)
    plain: dict[str, Any] = {name: FACTORS[name].default for name in SHAPELESS}
    shape = replace(factors, **plain)
    stage, ground = _built(shape, seed, index, size)
    things = [Placed(thing, (0.0, 0.0, 0.0)) for thing in (*ground, *stage.fixed)]
    return Scene(
        things=(*things, *stage.placed(time)),
        view=_view(seeds.generator(seed, "synth", index, "camera"), stage.layout, size, time),
        weather=weather(factors),
        ego_velocity=_ego_velocity(stage.layout, time),
        seed=seeds.integer(seed, "synth", index, "surfaces"),
        attributes={
            "weather": weather_word(factors),
            "timeofday": time_word(factors),
            "scene": scene_word(factors),
            "scenario": factors.scenario,
        },
        ruts=_ruts(stage.layout),
    )


def _ruts(layout: Layout) -> Ruts:
    """The lanes of the main road, as far as it runs ahead."""
    road = layout.main
    s = np.linspace(road.start, road.end, 2 * int(road.end - road.start))
    x, z = road.curve.at(s, 0.0).T
    ahead = np.maximum.accumulate(z) == z  # where it turns back nothing can be told by Z
    along = np.arange(z[0], min(z[ahead][-1], z[0] + RUTS), 1.0)
    middle = np.interp(along, z[ahead], x[ahead])
    cosine = 1 / np.hypot(1.0, np.gradient(middle))
    section = road.section
    lanes = [section.lane_middle(sign, k) for sign in (-1, 1) for k in range(section.count)]
    centre = np.stack([middle, cosine], axis=1).astype(np.float32)
    return Ruts(centre, float(along[0]), 1.0, np.asarray(lanes, np.float32))


RUTS = 600.0
"""Metres of the road along which it is told where wheels roll."""


@lru_cache(maxsize=1)
def _built(
    factors: Factors, seed: int, index: int, size: tuple[int, int]
) -> tuple[Stage, tuple[Thing, ...]]:
    """The stage of a scene and its ground; the latest is kept for the scene's next frame."""

    def group(name: str) -> np.random.Generator:
        return seeds.generator(seed, "synth", index, name)

    roads = group("roads").spawn(5)
    layout = sample_layout(roads[0], factors)
    stage = Stage(layout, _view(group("camera"), layout, size, 0.0))
    if factors.scenario in SCENARIOS:
        SCENARIOS[factors.scenario](group("scenario"), stage)
    streetside(group("furniture"), stage)
    frontage(group("buildings"), stage)
    greenery(group("plants"), stage)
    park(group("parked"), stage)
    drive(group("traffic"), stage)
    people(group("people"), stage)
    palette = sample_palette(roads[1], factors)
    ground = (
        Thing(tuple(surfaces(layout, palette))),
        Thing(tuple(markings(roads[2], layout, palette))),
        Thing(tuple(wear(roads[3], layout, palette))),
        Thing(tuple(terrain(roads[4], layout, palette))),
    )
    return stage, ground


def weather(factors: Factors) -> Weather:
    """Light and weather of a row; lamps by the light where it says `auto`."""
    sun = factors.sun_elevation
    dim = sun < 6 or factors.visibility < 1000 or factors.rain > 0 or factors.snowfall > 0
    return Weather(
        sun_elevation=sun,
        sun_azimuth=factors.sun_azimuth,
        clouds=factors.clouds,
        visibility=factors.visibility,
        rain=factors.rain,
        snowfall=factors.snowfall,
        wetness=factors.wetness,
        snow_cover=factors.snow_cover,
        street_lamps=_switch(factors.street_lamps, sun < 3),
        vehicle_lamps=_switch(factors.vehicle_lamps, dim),
    )


def _switch(asked: str, automatic: bool) -> bool:
    return automatic if asked == "auto" else asked == "on"


def _ego(layout: Layout) -> Motion:
    return Motion(layout.main, 0.0, layout.ego, ds=layout.factors.ego_speed)


def _view(rng: np.random.Generator, layout: Layout, size: tuple[int, int], time: float) -> View:
    """The camera on its way along the lane, a little askew as mounts are."""
    factors = layout.factors
    width, height = size
    x, z, heading = _ego(layout).at(time)
    slope = float(layout.land.slope(z))
    pitch = np.radians(factors.camera_pitch) - np.arctan(slope * np.cos(heading))
    return View(
        width=width,
        height=height,
        focal=float(width / 2 / np.tan(np.radians(factors.camera_fov) / 2)),
        position=(x, float(layout.land.height(z)) + factors.camera_height, z),
        pitch=float(pitch),
        yaw=float(heading + rng.normal(0.0, 0.012)),
    )


def _ego_velocity(layout: Layout, time: float) -> tuple[float, float, float]:
    ego = _ego(layout)
    vx, vz = ego.velocity(time)
    slope = float(layout.land.slope(ego.at(time)[1]))
    return vx, slope * vz, vz
