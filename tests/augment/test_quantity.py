"""Values as people write them."""

import pytest

from isthmus.augment.effect import EFFECTS
from isthmus.augment.quantity import parse_values
from isthmus.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "effect", "values"),
    [
        ("80m", "fog", 80.0),
        ("80", "fog", 80.0),
        ("200 m, 60M", "fog", (60.0, 200.0)),
        ("5 mm/h", "rain", 5.0),
        ("1.5e1lux", "night", 15.0),
    ],
)
def test_values_are_read_with_and_without_their_unit(text, effect, values):
    assert parse_values(text, EFFECTS[effect]) == values


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("80km", "stated in m, as in 120m"),
        ("thick", "not a number"),
        ("", "not a number"),
        ("0m", "above 0"),
        ("1e999", "above 0"),
        ("1.2.3", "above 0"),
        ("1,2,3", "two with a comma"),
    ],
)
def test_what_is_no_value_is_named(text, words):
    with pytest.raises(ConfigError, match=words):
        parse_values(text, EFFECTS["fog"])
