"""Attributes of frames: what an operational design domain is made of, measured on either side.

An attribute gives a frame one of a few values, from its scores (no labels needed) or from its boxes
(annotated in the source, predicted by a detector in the target). What an annotator wrote about a
frame (weather, timeofday) is an attribute too, of the source alone: the target has no labels. A new
measured attribute is one entry of `ATTRIBUTES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from isthmus.cornercases.scores.registry import thresholds
from isthmus.data.frame import Box
from isthmus.data.ontology import ROAD

SURE = 0.5
"""Confidence from which a predicted box counts."""


@dataclass(frozen=True)
class Facts:
    """What is known of a frame.

    Attributes:
        scores: condition → score; {} if they were not measured.
        objects: boxes, annotated or predicted; None where there are none to go by.
        height: of the frame, pixels.
        labels: label attributes.
    """

    scores: Mapping[str, float]
    objects: Sequence[Box] | None
    height: int
    labels: Mapping[str, str] = field(default_factory=dict)

    def holds(self, condition: str) -> bool:
        """Whether the condition's score reaches its threshold."""
        return self.scores[condition] >= thresholds()[condition]

    def number(self, task_class: str) -> int:
        """Boxes of a class of the road task that are sure and not to be ignored."""
        return sum(ROAD.mapping.get(b.category) == task_class for b in self.sure)

    @property
    def sure(self) -> list[Box]:
        """Boxes that count: not to be ignored, and predicted with confidence if predicted."""
        return [
            b for b in self.objects or () if not b.ignore and (b.score is None or b.score >= SURE)
        ]


@dataclass(frozen=True)
class Remedy:
    """How frames of a value are made.

    Attributes:
        effect: augmentation, with `severity` (low, high); "" if there is none.
        factors: of rendered scenes, as an ODD file writes them.
    """

    effect: str = ""
    severity: tuple[float, float] = (1.0, 4.0)
    factors: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Attribute:
    """One attribute.

    Attributes:
        name: key in ODD files and results.
        values: that it can have; the first is the usual one.
        needs: what it is taken from.
        of: facts → value.
        remedies: value → how such frames are made.
    """

    name: str
    values: tuple[str, ...]
    needs: Literal["scores", "objects"]
    of: Callable[[Facts], str]
    remedies: Mapping[str, Remedy] = field(default_factory=dict)


def _light(facts: Facts) -> str:
    if facts.holds("night"):
        return "night"
    return "low_light" if facts.holds("low_light") else "day"


def _either(condition: str, otherwise: str) -> Callable[[Facts], str]:
    return lambda facts: condition if facts.holds(condition) else otherwise


def _strongest(*conditions: str, otherwise: str) -> Callable[[Facts], str]:
    def value(facts: Facts) -> str:
        found = [name for name in conditions if facts.holds(name)]
        return max(found, key=lambda name: facts.scores[name]) if found else otherwise

    return value


def _many(task_class: str, few: int) -> Callable[[Facts], str]:
    def value(facts: Facts) -> str:
        number = facts.number(task_class)
        return "none" if number == 0 else ("few" if number <= few else "many")

    return value


def _nearest(facts: Facts) -> str:
    heights = [(b.xyxy[3] - b.xyxy[1]) / facts.height for b in facts.sure]
    tallest = max(heights, default=0.0)
    return "far" if tallest < 0.15 else ("middle" if tallest < 0.4 else "near")


_SNOWY = {"season": "winter", "rain": 0}
_DUSK = {"sun_elevation": {"uniform": [-5, 1]}}
_NIGHT = {"sun_elevation": {"uniform": [-18, -8]}}
_RAINY = {"rain": {"log_uniform": [4, 25]}, "clouds": {"uniform": [0.85, 1]}}
ATTRIBUTES: dict[str, Attribute] = {
    attribute.name: attribute
    for attribute in (
        Attribute(
            "light",
            ("day", "low_light", "night"),
            "scores",
            _light,
            {
                "low_light": Remedy("low_light", (1.5, 4.0), _DUSK),
                "night": Remedy("night", (1.0, 5.0), _NIGHT),
            },
        ),
        Attribute(
            "exposure",
            ("normal", "over_exposure"),
            "scores",
            _either("over_exposure", "normal"),
            {
                "over_exposure": Remedy(
                    "high_illumination", (3.0, 5.0), {"exposure_bias": {"uniform": [1.3, 2]}}
                )
            },
        ),
        Attribute(
            "glare",
            ("none", "glare"),
            "scores",
            _either("glare", "none"),
            {
                "glare": Remedy(
                    "",
                    factors={
                        "sun_elevation": {"uniform": [3, 10]},
                        "sun_azimuth": {"uniform": [0, 15]},
                        "clouds": {"uniform": [0, 0.3]},
                    },
                )
            },
        ),
        Attribute(
            "air",
            ("clear", "haze"),
            "scores",
            _either("haze", "clear"),
            {"haze": Remedy("fog", (2.0, 5.0), {"visibility": {"log_uniform": [40, 200]}})},
        ),
        Attribute(
            "precipitation",
            ("none", "rain", "snowfall"),
            "scores",
            _strongest("rain", "snowfall", otherwise="none"),
            {
                "rain": Remedy("rain", (2.0, 5.0), _RAINY),
                "snowfall": Remedy(
                    "snow", (2.0, 5.0), {**_SNOWY, "snowfall": {"uniform": [1.5, 4]}}
                ),
            },
        ),
        Attribute(
            "road",
            ("dry", "wet_road", "snow_cover"),
            "scores",
            _strongest("wet_road", "snow_cover", otherwise="dry"),
            {
                "wet_road": Remedy("wet_road", (2.0, 5.0), {"wetness": {"uniform": [0.8, 1]}}),
                "snow_cover": Remedy(
                    "snow", (2.0, 5.0), {**_SNOWY, "snow_cover": {"uniform": [0.5, 1]}}
                ),
            },
        ),
        Attribute(
            "lens",
            ("clean", "dirt"),
            "scores",
            _either("dirt", "clean"),
            {"dirt": Remedy("lens_dirt", (2.0, 5.0), {"lens_dirt": {"uniform": [0.6, 1]}})},
        ),
        Attribute(
            "shutter",
            ("sharp", "motion_blur"),
            "scores",
            _either("motion_blur", "sharp"),
            {
                "motion_blur": Remedy(
                    "motion_blur",
                    (2.0, 5.0),
                    {"motion_blur": 1, "ego_speed": {"uniform": [8, 20]}},
                )
            },
        ),
        Attribute(
            "pedestrians",
            ("none", "few", "many"),
            "objects",
            _many("pedestrian", 3),
            {
                "few": Remedy("", factors={"pedestrian_density": {"uniform": [4, 12]}}),
                "many": Remedy("", factors={"pedestrian_density": {"uniform": [25, 60]}}),
            },
        ),
        Attribute(
            "vehicles",
            ("none", "few", "many"),
            "objects",
            _many("vehicle", 4),
            {
                "few": Remedy("", factors={"traffic_density": {"uniform": [4, 12]}}),
                "many": Remedy("", factors={"traffic_density": {"uniform": [25, 45]}}),
            },
        ),
        Attribute(
            "nearest",
            ("far", "middle", "near"),
            "objects",
            _nearest,
            {"near": Remedy("", factors={"traffic_density": {"uniform": [25, 45]}})},
        ),
    )
}
"""Name → attribute, in the order in which they are listed."""


def value_of(name: str, facts: Facts) -> str | None:
    """The frame's value of an attribute; None where there is nothing to take it from."""
    known = ATTRIBUTES.get(name)
    if known is None:
        return facts.labels.get(name)
    if known.needs == "scores":
        return known.of(facts) if facts.scores else None
    return known.of(facts) if facts.objects is not None else None
