"""The domain whose coverage is asked for: attributes, their values, what cannot be.

::

    name: town
    attributes:
      light: [day, low_light, night]       # measured, see `isthmus.cornercases.attributes`
      air: [clear, haze]
      pedestrians: [none, few, many]       # from boxes
      weather: [clear, rainy]              # any other name: a label attribute, of the source alone
    never:
      - {light: night, exposure: over_exposure}
    strength: 2                            # combinations of so many attributes are looked at
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from isthmus.cornercases.attributes import ATTRIBUTES
from isthmus.errors import ConfigError
from isthmus.option_file import describe, listed, nearest, read_options

Row = Mapping[str, str]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field("odd", description="name for people", max_length=200)
    attributes: dict[str, Annotated[list[str], Field(min_length=1, max_length=20)]] = Field(
        description="attribute → values", min_length=1, max_length=20
    )
    never: list[dict[str, str]] = Field(default_factory=list, max_length=200)
    strength: Annotated[int, Field(ge=1, le=3)] = 2


@dataclass(frozen=True)
class DesignDomain:
    """Attributes with the values they can have, combinations that cannot be, and t."""

    name: str
    attributes: Mapping[str, tuple[str, ...]]
    never: tuple[Row, ...] = ()
    strength: int = 2

    def as_json(self) -> dict[str, Any]:
        """As a file says it."""
        return {
            "name": self.name,
            "attributes": {name: list(values) for name, values in self.attributes.items()},
            "never": [dict(rule) for rule in self.never],
            "strength": self.strength,
        }


UNPROVEN = frozenset({"glare", "precipitation", "road", "lens", "shutter"})
"""Attributes whose scores do not tell their conditions well enough to be asked for unasked."""


def measured_domain() -> DesignDomain:
    """Every attribute that is measured reliably, with all its values."""
    told = {a.name: a.values for a in ATTRIBUTES.values() if a.name not in UNPROVEN}
    return DesignDomain("all that is measured", told)


def load_design_domain(path: Path | str) -> DesignDomain:
    """Read the file of a domain.

    Raises:
        ConfigError: all faults of the file at once, each with its line.
    """
    file = Path(path)
    options = read_options(file, "ODD file")
    return design_domain(options.values, str(file), options.lines)


def design_domain(
    values: Any, where: str = "ODD", lines: Mapping[tuple[Any, ...], int] | None = None
) -> DesignDomain:
    """The domain that plain values describe; see `load_design_domain`."""
    if not isinstance(values, Mapping):
        raise ConfigError(f"{where}: not an ODD file: it holds no options")
    if "factors" in values:
        raise ConfigError(
            f"{where}: this file says how scenes are rendered (`factors`); coverage needs one with "
            "`attributes`, see docs/corner-cases.md"
        )
    try:
        written = _File.model_validate(values)
    except ValidationError as error:
        faults = [describe(fault, _File, lines or {}, "the file")[1] for fault in error.errors()]
        raise listed(where, faults) from None
    faults = []
    for name, chosen in written.attributes.items():
        known = ATTRIBUTES.get(name)
        faults += [
            f"attributes.{name}: no value {value!r}{nearest(value, list(known.values))}"
            for value in chosen
            if known is not None and value not in known.values
        ]
        if len(set(chosen)) < len(chosen):
            faults.append(f"attributes.{name}: a value is given twice")
    for number, rule in enumerate(written.never):
        faults += [
            f"never.{number}: {name}: {value} is not among the attributes"
            for name, value in rule.items()
            if value not in written.attributes.get(name, ())
        ]
    if faults:
        raise listed(where, faults)
    return DesignDomain(
        written.name,
        {name: tuple(chosen) for name, chosen in written.attributes.items()},
        tuple(written.never),
        min(written.strength, len(written.attributes)),
    )
