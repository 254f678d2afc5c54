"""A plan: which frames to make so that the source covers what the target asks for.

`plan.yaml` is written for people to change before it is executed. Each order makes frames of one
cell: by an effect on source frames that already have the cell's other values, or, where no effect
makes them or no such frames are there, by rendering scenes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from isthmus.cornercases.attributes import ATTRIBUTES, Remedy
from isthmus.cornercases.coverage import LEAST_FRAMES, Cell, Side
from isthmus.cornercases.odd import DesignDomain, design_domain
from isthmus.errors import ConfigError
from isthmus.files import write_text
from isthmus.option_file import describe, listed, read_options

SCHEMA = "isthmus.plan/1"
MOST_FRAMES = 2000
FEWEST_BASES = 3
"""Source frames that an augmentation needs to start from."""

Frames = Annotated[int, Field(ge=1, le=100_000)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Augment(_Section):
    """An effect on source frames."""

    effect: str
    severity: tuple[Annotated[float, Field(ge=0, le=5)], Annotated[float, Field(ge=0, le=5)]]
    where: dict[str, str] = Field(default_factory=dict, description="attributes of frames to use")


class Synthesise(_Section):
    """Rendered scenes: factors as an ODD file of `isthmus synth` writes them."""

    factors: dict[str, Any]


class Order(_Section):
    """Frames of one cell."""

    cell: dict[str, str] = Field(min_length=1)
    frames: Frames
    why: str = ""
    augment: Augment | None = None
    synthesise: Synthesise | None = None

    @property
    def name(self) -> str:
        """For folders and messages."""
        return "+".join(f"{name}-{value}" for name, value in self.cell.items())


class Place(_Section):
    """Where a data set lies."""

    path: Path
    images: Path | None = None
    format: str = "auto"


class Plan(_Section):
    """A plan file."""

    format_name: Literal["isthmus.plan/1"] = Field("isthmus.plan/1", alias="schema")
    source: Place
    target: Place
    predictions: Place | None = Field(None, description="a detector's boxes on the target")
    odd: dict[str, Any]
    orders: list[Order] = Field(max_length=1000)

    @property
    def domain(self) -> DesignDomain:
        """The domain whose coverage the plan is to raise."""
        return design_domain(self.odd, "plan: odd")


def orders_for(
    cells: Sequence[Cell], source: Side, effects: Sequence[str], most: int = MOST_FRAMES
) -> tuple[list[Order], list[Cell]]:
    """Orders for uncovered cells, and cells that nothing can make yet.

    Args:
        cells: of `own_cells`, most missing first.
        source: the source's frames, to see what an effect could start from.
        effects: names of the effects that there are.
        most: frames that one order may ask for.
    """
    orders, left = [], []
    for cell in cells:
        frames = min(most, frames_needed(cell, len(source.ids)))
        found = _augmented(cell, source, effects) or _synthesised(cell)
        if found is None:
            left.append(cell)
            continue
        why = f"{cell.target_share[0]:.1%} of the target, {cell.source_share[0]:.1%} of the source"
        orders.append(Order(cell=dict(cell.values), frames=frames, why=why, **found))
    return orders, left


def frames_needed(cell: Cell, total: int) -> int:
    """Frames to add to `total` so that the cell's share becomes the target's."""
    share = min(cell.target_share[0], 0.5)
    wanted = math.ceil(max(0.0, share * total - cell.source) / (1 - share))
    return max(wanted, LEAST_FRAMES - cell.source, 1)


def _augmented(cell: Cell, source: Side, effects: Sequence[str]) -> dict[str, Any] | None:
    """The effect that makes one value, on frames that have the others and are usual otherwise."""
    for name, value in cell.values.items():
        remedy = _remedy(name, value)
        if remedy is None or remedy.effect not in effects:
            continue
        where = {n: v for n, v in cell.values.items() if n != name}
        where[name] = ATTRIBUTES[name].values[0]
        if len(source.members(tuple(where.items()))) >= FEWEST_BASES:
            return {"augment": Augment(effect=remedy.effect, severity=remedy.severity, where=where)}
    return None


def _synthesised(cell: Cell) -> dict[str, Any] | None:
    """Factors of a scene that has all of the cell's values."""
    factors: dict[str, Any] = {}
    for name, value in cell.values.items():
        remedy = _remedy(name, value)
        usual = name in ATTRIBUTES and value == ATTRIBUTES[name].values[0]
        if remedy is None and not usual:
            return None
        factors |= remedy.factors if remedy else {}
    return {"synthesise": Synthesise(factors=factors)} if factors else None


def _remedy(name: str, value: str) -> Remedy | None:
    return ATTRIBUTES[name].remedies.get(value) if name in ATTRIBUTES else None


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan as YAML, whole or not at all."""
    content = plan.model_dump(mode="json", by_alias=True, exclude_none=True)
    write_text(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100))


def load_plan(path: Path | str) -> Plan:
    """Read a plan; places are relative to its folder.

    Raises:
        ConfigError: all faults of the file, each with its line.
    """
    file = Path(path)
    options = read_options(file, "plan file")
    if not isinstance(options.values, Mapping):
        raise ConfigError(f"{file}: not a plan: it holds no options")
    try:
        plan = Plan.model_validate(options.values)
    except ValidationError as error:
        faults = [describe(f, Plan, options.lines, "the plan")[1] for f in error.errors()]
        raise listed(str(file), faults) from None
    bad = [o.name for o in plan.orders if (o.augment is None) == (o.synthesise is None)]
    if bad:
        raise ConfigError(
            f"{file}: orders {', '.join(bad)}: each needs either `augment` or `synthesise`"
        )
    _ = plan.domain  # its faults are said now
    given = {"source": plan.source, "target": plan.target, "predictions": plan.predictions}
    places = {
        name: place
        and place.model_copy(
            update={
                "path": file.parent / place.path,
                "images": place.images and file.parent / place.images,
            }
        )
        for name, place in given.items()
    }
    return plan.model_copy(update=places)
