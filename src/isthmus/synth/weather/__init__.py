"""Weather between scene and lens: the air's extinction, falling rain and snow, drops on glass."""

from isthmus.synth.weather.air import extinction, transmission
from isthmus.synth.weather.precipitation import precipitate

__all__ = ["extinction", "precipitate", "transmission"]
