"""The camera: from light to the bytes of a picture, and cameras fitted to a target's pictures."""

from isthmus.synth.imaging.develop import develop, jpeg_bytes
from isthmus.synth.imaging.sensor import Sensor, sample_sensor

__all__ = ["Sensor", "develop", "jpeg_bytes", "sample_sensor"]
