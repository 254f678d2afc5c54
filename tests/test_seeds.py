"""Independent generators from one seed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from isthmus import seeds

KEYS = st.lists(st.integers(0, 2**40) | st.text(max_size=8), max_size=4)


@given(st.integers(0, 2**40), KEYS)
def test_same_keys_same_draws(seed, keys):
    first = seeds.generator(seed, *keys).integers(0, 2**60, 4).tolist()
    assert first == seeds.generator(seed, *keys).integers(0, 2**60, 4).tolist()
    assert 0 <= seeds.integer(seed, *keys) < 2**63


@given(st.integers(0, 2**40), KEYS, st.integers(0, 2**40), KEYS)
def test_other_keys_other_draws(seed, keys, other_seed, other_keys):
    same = (seed, *keys) == (other_seed, *other_keys)
    assert (seeds.integer(seed, *keys) == seeds.integer(other_seed, *other_keys)) == same


def test_a_number_and_its_text_differ():
    assert seeds.integer(0, 1) != seeds.integer(0, "1")


def test_draws_are_the_same_on_every_machine():
    assert seeds.integer(7, "train", 3) == 2070827782919834156
