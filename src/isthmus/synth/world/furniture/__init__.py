"""Street furniture: lamps, signals, signs, bins, benches, barriers and the like."""

from isthmus.synth.world.furniture.barriers import barrier, bollard, cone, fence, guard_rail
from isthmus.synth.world.furniture.lamps import power_pole, street_lamp
from isthmus.synth.world.furniture.pavement import (
    bench,
    bin,
    bus_stop,
    mailbox,
    parking_meter,
)  # fmt: skip
from isthmus.synth.world.furniture.signals import traffic_light
from isthmus.synth.world.furniture.signs import SIGNS, sign

__all__ = [
    "SIGNS", "barrier", "bench", "bin", "bollard", "bus_stop", "cone", "fence", "guard_rail",
    "mailbox", "parking_meter", "power_pole", "sign", "street_lamp", "traffic_light",
]  # fmt: skip
