"""People of a street: bodies, clothes, poses, what they carry or push; and animals."""

from isthmus.synth.world.people.animals import deer, dog
from isthmus.synth.world.people.person import GAITS, character, person, shown
from isthmus.synth.world.people.poses import POSES, REACH
from isthmus.synth.world.people.riding import fallen, rider
from isthmus.synth.world.people.wheeled import pram

__all__ = [
    "GAITS",
    "POSES",
    "REACH",
    "character",
    "deer",
    "dog",
    "fallen",
    "person",
    "pram",
    "rider",
    "shown",
]
