"""Houses with walls, windows, shops, balconies and roofs."""

from isthmus.synth.world.buildings.house import STYLES, building

__all__ = ["STYLES", "building"]
