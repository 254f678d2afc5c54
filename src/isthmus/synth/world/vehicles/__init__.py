"""Vehicles: cars, vans, trucks, buses and two-wheelers with their riders."""

from isthmus.synth.world.vehicles.catalogue import KINDS, vehicle

__all__ = ["KINDS", "vehicle"]
