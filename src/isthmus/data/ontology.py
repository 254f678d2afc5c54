"""From the words of a data set to the classes of the task.

Nothing is guessed: a category is mapped by the tables below, by the user's own table, or it is
reported as unmapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# Which published category names denote which class of the road task. None: seen, and left out
# on purpose (not an object of this task). Sources: the label definitions of BDD100K (2018 and
# det_20), COCO, KITTI, Cityscapes, Pascal VOC, CamVid.
_ROAD: Mapping[str, str | None] = {
    "person": "pedestrian", "pedestrian": "pedestrian", "people": "pedestrian",
    "child": "pedestrian", "Pedestrian": "pedestrian", "Person": "pedestrian",
    "Person_sitting": "pedestrian", "other person": "pedestrian",
    "car": "vehicle", "truck": "vehicle", "bus": "vehicle", "van": "vehicle",
    "vehicle": "vehicle", "caravan": "vehicle", "trailer": "vehicle",
    "other vehicle": "vehicle", "Car": "vehicle", "Van": "vehicle", "Truck": "vehicle",
    "Bus": "vehicle",
    "rider": None, "Rider": None, "bicyclist": None, "Cyclist": None, "bike": None,
    "bicycle": None, "motor": None, "motorcycle": None, "motobike": None, "motorbike": None,
    "train": None, "tram": None, "Tram": None,
    "traffic light": None, "traffic sign": None, "traffic_light": None, "traffic_sign": None,
    "stop sign": None, "Misc": None, "DontCare": None,
    "lane": None, "drivable area": None, "area/drivable": None, "area/alternative": None,
    "lane/crosswalk": None, "lane/double other": None, "lane/double white": None,
    "lane/double yellow": None, "lane/road curb": None, "lane/single other": None,
    "lane/single white": None, "lane/single yellow": None,
}


@dataclass(frozen=True)
class Ontology:
    """Classes of a task and the categories that belong to them.

    Attributes:
        classes: names of the task's classes, in the order used everywhere.
        mapping: category of a data set → class, or None for "left out on purpose".
    """

    classes: tuple[str, ...]
    mapping: Mapping[str, str | None]

    def extended(self, extra: Mapping[str, str | None]) -> Ontology:
        """The same with entries added or replaced."""
        return Ontology(self.classes, MappingProxyType({**self.mapping, **extra}))


ROAD = Ontology(("pedestrian", "vehicle"), MappingProxyType(_ROAD))
