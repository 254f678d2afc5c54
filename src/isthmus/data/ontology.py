"""From the words of a data set to the classes of the task.

Nothing is guessed: a category is mapped by the tables below, by the user's own table, or it is
reported as unmapped. Sources: the label definitions of BDD100K (2018, det_20, MOT, panoptic),
COCO, KITTI, Cityscapes, Pascal VOC, CamVid and of the CARLA detection sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from isthmus.data.frame import FrozenMap

PEDESTRIAN = (
    "person pedestrian people child human Pedestrian Person Person_sitting",
    "other person|person sitting",
)
VEHICLE = (
    "car truck bus van vehicle caravan trailer Car Van Truck Bus Vehicle",
    "other vehicle|big_vehicle",
)

# Seen, and left out on purpose: not an object of this task. A rider is neither a pedestrian nor
# a vehicle here, whether the set draws one box around rider and machine or two.
TWO_WHEELS = (
    "rider Rider bicyclist cyclist Cyclist bike bicycle motor motorcycle motobike motorbike",
    "",
)
RAIL_AND_SIGNS = (
    "train tram Tram Misc DontCare",
    "traffic light|traffic sign|traffic_light|traffic_sign|stop sign|street light|fire hydrant"
    "|parking meter|traffic cone|traffic device|traffic sign frame",
)
SURFACES = (
    "lane road sidewalk parking terrain vegetation sky building wall fence pole polegroup bridge"
    " tunnel banner billboard bench ground static dynamic garage",
    "drivable area|area/drivable|area/alternative|area/unknown|lane/crosswalk|lane/double other"
    "|lane/double white|lane/double yellow|lane/road curb|lane/single other|lane/single white"
    "|lane/single yellow|guard rail|rail track|ego vehicle|lane divider|bus stop|mail box"
    "|parking sign|trash can|phone booth|pole group|out of roi|rectification border|license plate"
    "|unlabeled",
)
COCO_OTHERS = (
    "airplane boat bird cat dog horse sheep cow elephant bear zebra giraffe backpack umbrella"
    " handbag tie suitcase frisbee skis snowboard kite skateboard surfboard bottle cup fork knife"
    " spoon bowl banana apple sandwich orange broccoli carrot pizza donut cake chair couch bed"
    " toilet tv laptop mouse remote keyboard microwave oven toaster sink refrigerator book clock"
    " vase scissors toothbrush",
    "sports ball|baseball bat|baseball glove|tennis racket|wine glass|hot dog|potted plant"
    "|dining table|cell phone|teddy bear|hair drier",
)
VOC_OTHERS = ("aeroplane diningtable pottedplant sofa tvmonitor", "")


def names_in(words: tuple[str, str]) -> list[str]:
    """The names of a table above: without a space (split at spaces), with spaces (at bars)."""
    single, spaced = words
    return [*single.split(), *(name for name in spaced.split("|") if name)]


@dataclass(frozen=True)
class Ontology:
    """Classes of a task and the categories that belong to them.

    Attributes:
        classes: names of the task's classes, in the order used everywhere.
        mapping: category of a data set → class, or None for "left out on purpose".
    """

    classes: tuple[str, ...]
    mapping: Mapping[str, str | None]

    def __post_init__(self) -> None:
        if not isinstance(self.mapping, FrozenMap):
            object.__setattr__(self, "mapping", FrozenMap(self.mapping))

    def extended(self, extra: Mapping[str, str | None]) -> Ontology:
        """The same with entries added or replaced."""
        return Ontology(self.classes, {**self.mapping, **extra})


ROAD = Ontology(
    ("pedestrian", "vehicle"),
    {
        **dict.fromkeys(names_in(PEDESTRIAN), "pedestrian"),
        **dict.fromkeys(names_in(VEHICLE), "vehicle"),
        **{
            name: None
            for group in (TWO_WHEELS, RAIL_AND_SIGNS, SURFACES, COCO_OTHERS, VOC_OTHERS)
            for name in names_in(group)
        },
    },
)
