"""What a frame's labels say in words, in the vocabulary of BDD100K."""

from __future__ import annotations

from isthmus.synth.world.factors import Factors


def weather_word(factors: Factors) -> str:
    """clear, partly cloudy, overcast, foggy, rainy or snowy."""
    if factors.snowfall > 0 or factors.snow_cover > 0.3:
        return "snowy"
    if factors.rain > 0:
        return "rainy"
    if factors.visibility < 1000:
        return "foggy"
    if factors.clouds > 0.8:
        return "overcast"
    return "partly cloudy" if factors.clouds > 0.35 else "clear"


def time_word(factors: Factors) -> str:
    """daytime, dawn/dusk or night, by the sun (civil twilight ends at −6°)."""
    if factors.sun_elevation > 5:
        return "daytime"
    return "dawn/dusk" if factors.sun_elevation > -6 else "night"


def scene_word(factors: Factors) -> str:
    """City street, residential or highway (a road in the country)."""
    if factors.road_type == "rural":
        return "highway"
    quiet = factors.road_type == "suburb" or (
        factors.road_type == "street" and factors.surroundings == "residential"
    )
    return "residential" if quiet else "city street"
