"""The pieces a report is composed of. Each has a macro of its `kind` in templates/blocks.html.j2.

Blocks hold finished text: every number is already written with its interval and sample size,
and nothing here knows HTML. Escaping is the template's work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median_low
from typing import Any, ClassVar

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Text:
    """A paragraph; `tone` is plain, lead, note, or a level (good, info, warning, alarm)."""

    kind: ClassVar[str] = "text"
    text: str
    tone: str = "plain"


@dataclass(frozen=True)
class Verdict:
    """The outcome in a word or two, with a tone, and in one sentence."""

    kind: ClassVar[str] = "verdict"
    word: str
    sentence: str
    tone: str


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    kind: ClassVar[str] = "heading"
    text: str


@dataclass(frozen=True)
class Card:
    """One headline number: what it is, its value, and what it rests on."""

    label: str
    value: str
    detail: str
    tone: str = "plain"


@dataclass(frozen=True)
class Cards:
    """Headline numbers side by side."""

    kind: ClassVar[str] = "cards"
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Statement:
    """A sentence of the takeaway with its level (good, info, warning, alarm) in words."""

    level: str
    word: str
    topic: str
    text: str


@dataclass(frozen=True)
class Statements:
    """The sentences of the takeaway, gravest first."""

    kind: ClassVar[str] = "statements"
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Step:
    """Something to do next, and why."""

    text: str
    why: str


@dataclass(frozen=True)
class Steps:
    """What to do next, in order."""

    kind: ClassVar[str] = "steps"
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Table:
    """A table; `numeric` names the right-aligned columns, `folded` hides it behind its caption."""

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[str, ...]
    rows: Rows
    numeric: frozenset[str] = frozenset()
    folded: bool = False
    note: str = ""


@dataclass(frozen=True)
class Key:
    """One entry of a legend: what the sign `glyph`, or a box of style `line`, stands for.

    `line` is solid, dashed or dotted.
    """

    label: str
    colour: str
    glyph: str = "●"
    line: str = "solid"


@dataclass(frozen=True)
class Chart:
    """A Vega-Lite chart and the same numbers as a table.

    `name` identifies the chart in the page; `spec` is plain Vega-Lite with its data inside. A
    `wide` chart is scrolled on narrow screens instead of being squeezed.
    """

    kind: ClassVar[str] = "chart"
    name: str
    title: str
    caption: str
    spec: dict[str, Any]
    table: Table
    legend: tuple[Key, ...] = ()
    wide: bool = False


@dataclass(frozen=True)
class Grid:
    """Charts side by side, at most `columns` of them where the page is wide enough."""

    kind: ClassVar[str] = "grid"
    charts: tuple[Chart, ...]
    columns: int = 2


@dataclass(frozen=True)
class Picture:
    """A picture as a data URI, or the reason why it cannot be shown."""

    uri: str
    alt: str
    width: int = 0
    height: int = 0
    fault: str = ""


@dataclass(frozen=True)
class Gallery:
    """Pictures in rows of `columns` under one title; each with a caption (may be empty).

    All are given one shape, so that a picture on end does not break its row; `legend` says what
    boxes drawn into them stand for.
    """

    kind: ClassVar[str] = "gallery"
    title: str
    pictures: tuple[tuple[Picture, str], ...]
    columns: int = 4
    legend: tuple[Key, ...] = ()

    @property
    def shape(self) -> str:
        """The places' width over height."""
        return _shape(picture for picture, _ in self.pictures)


@dataclass(frozen=True)
class Pairs:
    """Pictures before and after, side by side, with a caption; title and legend as a gallery's.

    `columns` pairs stand in a row, 1 or 2.
    """

    kind: ClassVar[str] = "pairs"
    pairs: tuple[tuple[Picture, Picture, str], ...]
    title: str = ""
    legend: tuple[Key, ...] = ()
    columns: int = 2

    @property
    def shape(self) -> str:
        """The places' width over height."""
        return _shape(picture for before, after, _ in self.pairs for picture in (before, after))


@dataclass(frozen=True)
class Listing:
    """Plain sentences as a list."""

    kind: ClassVar[str] = "listing"
    items: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A text file shown as it is, folded behind its title."""

    kind: ClassVar[str] = "source"
    title: str
    text: str


@dataclass(frozen=True)
class SignOff:
    """Empty fields for a name, a date and a decision."""

    kind: ClassVar[str] = "signoff"
    roles: tuple[str, ...]


Block = (
    Text
    | Verdict
    | Heading
    | Cards
    | Statements
    | Steps
    | Table
    | Chart
    | Grid
    | Gallery
    | Pairs
    | Listing
    | Source
    | SignOff
)


@dataclass(frozen=True)
class Section:
    """A numbered part of the report; `anchor` is its address in the page."""

    anchor: str
    title: str
    question: str
    blocks: tuple[Block, ...] = field(default=())


def _shape(pictures: Iterable[Picture]) -> str:
    """Width over height of most of `pictures`, never on end: a row must not become a tower."""
    known = [p.width / p.height for p in pictures if p.width and p.height]
    return f"{max(1.0, median_low(known)) if known else 16 / 9:.3f}"


def charts_of(blocks: tuple[Block, ...]) -> list[Chart]:
    """All charts among `blocks`, in reading order."""
    found: list[Chart] = []
    for block in blocks:
        if isinstance(block, Chart):
            found.append(block)
        elif isinstance(block, Grid):
            found.extend(block.charts)
    return found
