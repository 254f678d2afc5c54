"""What an intervention is: it takes one kind of difference out of the source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from isthmus.gap.pictures import Change, Pictures


@dataclass(frozen=True)
class Fitted:
    """A change of source pictures towards the target, and the figures that it was made from."""

    change: Change
    settings: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Intervention:
    """One file of this folder, one line of `INTERVENTIONS`.

    `kind`: the kind of difference it removes ("colour and light", "texture"); `fit(source, target,
    seed)` looks at statistics of both *domains*, never at pairs of pictures: what differs from
    frame to frame within a domain stays.
    """

    name: str
    label: str
    kind: str
    fit: Callable[[Pictures, Pictures, int], Fitted]
