"""Option files in YAML: read safely, bounded in size, with the line of every option for messages.

A file may come from anywhere. The safe loader makes plain values alone; a file whose aliases
would unfold into very many values, or into itself, is refused before anything walks through it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel

from isthmus.errors import ConfigError

MAX_BYTES = 1_000_000
MAX_OPTIONS = 100_000
Location = tuple[Any, ...]


@dataclass(frozen=True)
class OptionFile:
    """What a file says.

    Attributes:
        values: its contents: mappings, lists, text, numbers.
        lines: line (from 1) of every option, by its path in the document.
        repeated: path and line of every option that is given a second time (the last one counts).
    """

    values: Any
    lines: Mapping[Location, int] = field(default_factory=dict)
    repeated: tuple[tuple[Location, int], ...] = ()


def read_options(path: Path, what: str) -> OptionFile:
    """Read a YAML (or JSON) file; `what` it should be, in words, for messages.

    Raises:
        ConfigError: missing, too large, not YAML, or unfolding into too many values.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes; not a {what}")
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        found = list(islice(_walk(node), MAX_OPTIONS + 1)) if node else []
        if len(found) > MAX_OPTIONS:
            raise ConfigError(f"{path}: more than {MAX_OPTIONS} values; not a {what}")
        values = yaml.safe_load(text)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such {what}") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: a folder; the path of the {what} is needed") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"line {mark.line + 1}: " if mark else ""
        raise ConfigError(f"{path}: not YAML: {line}{error.problem}") from None
    except RecursionError:
        raise ConfigError(f"{path}: cannot be read as YAML: nested too deeply") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read as YAML: {error}") from None
    seen: dict[Location, int] = {}
    repeated = []
    for location, number, is_key in found:
        if is_key and location in seen:
            repeated.append((location, number))
        if is_key or location not in seen:
            seen[location] = number
    return OptionFile(values, seen, tuple(repeated))


def _walk(node: yaml.Node, path: Location = ()) -> Iterator[tuple[Location, int, bool]]:
    """Path, line and whether it is a key, for every option and every item of a list."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = key.value if isinstance(key.value, str) else "?"
            yield (*path, name), key.start_mark.line + 1, True
            yield from _walk(value, (*path, name))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield (*path, index), value.start_mark.line + 1, False
            yield from _walk(value, (*path, index))
    elif not path:
        yield path, node.start_mark.line + 1, False


def describe(
    fault: Any, model: type[BaseModel], lines: Mapping[Location, int], whole: str
) -> tuple[int, str]:
    """One fault that pydantic found, as its line (0: unknown) and a sentence.

    `whole`: what to call the file where the fault concerns no single option.
    """
    location = tuple(fault["loc"])
    known = location
    while known and known not in lines:
        known = known[:-1]
    number = lines.get(known, 0) if known else 0
    line = f"line {number}: " if number else ""
    option = ".".join(str(part) for part in location) or whole
    if fault["type"] == "extra_forbidden":
        known_here = _section_at(model, location[:-1]).model_fields
        names = [field.alias or name for name, field in known_here.items()]
        return number, f"{line}{option}: unknown option{nearest(str(location[-1]), names)}"
    message = fault["msg"].removeprefix("Value error, ")
    given = "" if fault["type"] in ("missing", "value_error") else f" (got {fault['input']!r})"
    return number, f"{line}{option}: {message}{given}"


def listed(where: str, messages: list[str]) -> ConfigError:
    """All faults of one file as one error."""
    count = "1 fault" if len(messages) == 1 else f"{len(messages)} faults"
    return ConfigError(f"{where}: {count}\n" + "\n".join(f"  {m}" for m in messages))


def nearest(name: str, known: list[str]) -> str:
    """``; did you mean 'x'?``, or nothing if no known name is near."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def _section_at(model: type[BaseModel], location: Location) -> type[BaseModel]:
    """The section an option lies in; names of a free mapping are passed over."""
    section = model
    for part in location:
        fields = section.model_fields
        chosen = fields.get(str(part)) or fields.get("root")
        inner = next(_sections(chosen.annotation), None) if chosen else None
        section = inner or section
    return section


def _sections(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a type speaks of: itself, or what is inside `X | None`, `dict[str, X]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _sections(inner)
