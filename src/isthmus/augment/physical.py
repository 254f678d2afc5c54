"""What every effect shares: bytes → linear light → the change → bytes, and the audit of labels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from isthmus.augment.arrays import Arrays, check
from isthmus.augment.audit import Audit, audit_boxes
from isthmus.augment.lamp_streaks import Source
from isthmus.augment.linear import Floats, to_linear, to_srgb
from isthmus.augment.severity import Scale


@dataclass(frozen=True)
class Changed:
    """Light after an effect.

    Attributes:
        light: (h, w, 3) linear, 1 = what saturates the camera.
        transmission: (h, w) share of the scene's own light that arrives, where the effect knows.
        sources: lamps that the effect has lit.
    """

    light: Floats
    transmission: Floats | None = None
    sources: tuple[Source, ...] = ()


class Physical(ABC):
    """An effect by its change of linear light; severity 0 changes nothing.

    Attributes:
        name: word by which users choose it.
        label: what it does, in a few words.
        cause: what hides objects, for the audit's reasons.
        scale: unit and ladder of its severity.
    """

    name: str
    label: str
    cause: str
    scale: Scale

    def attributes(self, severity: float) -> Mapping[str, str]:
        """Frame attributes (weather, timeofday) that hold afterwards; none by default."""
        return {}

    @abstractmethod
    def change(
        self,
        light: Floats,
        arrays: Arrays,
        depth: Floats,
        severity: float,
        rng: np.random.Generator,
    ) -> Changed:
        """The light after the effect.

        Args:
            light: (h, w, 3) linear light of the frame; not to be changed in place.
            arrays: the frame as it was, for boxes, surfaces and geometry.
            depth: (h, w) metres, camera z.
            severity: above 0, to 5.
            rng: source of all randomness.
        """

    def apply(
        self, arrays: Arrays, depth: Floats, severity: float, rng: np.random.Generator
    ) -> tuple[Arrays, Audit]:
        """The frame after the effect, and what it left of the boxes.

        Args:
            arrays: the frame; at least 32 × 32 pixels.
            depth: (h, w) metres, camera z; from `isthmus.augment.depth.SKY` on it is sky.
            severity: 0–5.
            rng: source of all randomness.

        Raises:
            InputError: wrong type, shape, size, depth or severity.
        """
        check(arrays, depth, severity)
        if severity == 0:
            image, through = arrays.image.copy(), None
        else:
            changed = self.change(to_linear(arrays.image), arrays, depth, severity, rng)
            image, through = to_srgb(changed.light), changed.transmission
        audit = audit_boxes(
            arrays.image, image, arrays.boxes, transmission=through, cause=self.cause
        )
        return replace(arrays, image=image), audit
