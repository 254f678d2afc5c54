"""The exceptions that isthmus raises on purpose.

    IsthmusError
    ├── InputError            a file, folder, array or label that cannot be used
    │   └── ImageError        an image that cannot be decoded safely
    ├── ConfigError           a study file or an option that is wrong (all faults at once)
    ├── MissingExtraError     an optional dependency is not installed
    ├── LabelAccessError      something tried to read labels of the target
    └── TrainingError         training cannot start or had to stop (NaN loss, class without boxes)

Every message names the input, the fault and the remedy. The command line prints the message
alone; a traceback of any other exception is a defect of isthmus.
"""

from __future__ import annotations


class IsthmusError(Exception):
    """Base of all errors that a user can act upon."""


class InputError(IsthmusError):
    """An input cannot be used: missing, empty, malformed, inconsistent."""


class ImageError(InputError):
    """An image cannot be decoded, or decoding it would not be safe."""


class ConfigError(IsthmusError):
    """A study file or an option is wrong; the message lists every fault found."""


class MissingExtraError(IsthmusError):
    """A feature needs an optional dependency."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an optional part: pip install 'isthmus[{extra}]'")


class LabelAccessError(IsthmusError):
    """Labels of the target were asked for where only its images may be seen."""


class TrainingError(IsthmusError):
    """Training cannot start, or was stopped to keep what is good."""
