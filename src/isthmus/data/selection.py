"""Some frames of a data set, by their split, their sequence or an attribute."""

from __future__ import annotations

from collections.abc import Mapping

from isthmus.data.dataset import Dataset
from isthmus.data.frame import Frame
from isthmus.errors import ConfigError

MOST_SHOWN = 12


def select(dataset: Dataset, selector: Mapping[str, str | list[str]], option: str) -> Dataset:
    """Frames that match every entry of `selector`.

    Args:
        selector: ``split``, ``sequence`` or the name of an attribute → the value, or those
            that will do.
        option: what the user gave, for the message.

    Raises:
        ConfigError: no frame matches; says what there is.
    """
    chosen = dataset.filter(lambda frame: _matches(frame, selector))
    if not len(chosen):
        wanted = ", ".join(f"{k}={v if isinstance(v, str) else ','.join(v)}"
                           for k, v in selector.items())  # fmt: skip
        raise ConfigError(
            f"{option}: no frame of {dataset.name} matches {wanted}. "
            f"It has {what_there_is(dataset)}"
        )
    return chosen


def what_there_is(dataset: Dataset) -> str:
    """Names and values that frames can be chosen by, in one line."""
    known = {
        "sequence": sorted({f.sequence for f in dataset}),
        "split": sorted({f.split for f in dataset}),
    }
    for name in sorted({key for f in dataset for key in f.attributes}):
        known[name] = sorted({f.attributes[name] for f in dataset if name in f.attributes})
    return "; ".join(f"{k}: {_shortened(values)}" for k, values in known.items() if any(values))


def _shortened(values: list[str]) -> str:
    more = len(values) - MOST_SHOWN
    return ", ".join(values[:MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")


def value_of(frame: Frame, name: str) -> str:
    """The frame's ``split``, ``sequence`` or attribute of that name; "" where it has none."""
    if name == "sequence":
        return frame.sequence
    return frame.split if name == "split" else frame.attributes.get(name, "")


def _matches(frame: Frame, selector: Mapping[str, str | list[str]]) -> bool:
    for name, wanted in selector.items():
        if value_of(frame, name) not in ([wanted] if isinstance(wanted, str) else wanted):
            return False
    return True
