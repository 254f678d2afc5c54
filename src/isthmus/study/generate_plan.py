"""Execute a plan: make the frames it orders, and measure coverage again."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from isthmus import seeds
from isthmus.augment.apply import augment_dataset
from isthmus.compute.executor import Executor, Progress
from isthmus.cornercases.coverage import Side, coverage
from isthmus.cornercases.odd import DesignDomain
from isthmus.cornercases.plan import Augment, Order, Place, Synthesise, load_plan
from isthmus.cornercases.table import ConditionTable, measure_conditions, read_table
from isthmus.data.dataset import Dataset
from isthmus.data.formats import read_dataset, write_dataset
from isthmus.data.frame import Box, Frame, Problem
from isthmus.errors import ConfigError, InputError
from isthmus.files import make_folder, write_json
from isthmus.option_file import OptionFile
from isthmus.study.corner_cases import predicted_boxes, side_of
from isthmus.synth.odd.domain import domain as scenes_of
from isthmus.synth.output.dataset import render_dataset

SCHEMA = "isthmus.generated/1"
MOST_TIMES = 3
"""How many times as many frames as ordered are made so that as many as ordered show the cell."""
MOST_LETTERS = 100
Document = dict[str, Any]


@dataclass(frozen=True)
class Generated:
    """What came of a plan.

    Attributes:
        document: JSON-like, as in ``generated.json``: an entry for each order, coverage before and
            after.
        dataset: all frames made, with labels.
        labels: the label file (COCO) of them.
    """

    document: Document
    dataset: Dataset
    labels: Path


def generate_plan(
    plan: Path | str,
    out: Path | str,
    *,
    size: tuple[int, int] = (640, 360),
    renderer: str = "fast",
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Generated:
    """Make what `plan` orders into `out`; frames that are there from the same order are kept.

    Each order is counted as met by what its frames *show*: they are measured as all others are.
    Where fewer show the cell than were ordered, more are made, up to `MOST_TIMES` the order.

    Args:
        plan: a file of `isthmus corner-cases`, perhaps changed.
        out: folder, made if need be.
        size: (width, height) of rendered frames.
        renderer: of scenes, see `isthmus.render_dataset`.
        seed: decides everything.
        executor: who does it; nothing depends on it.
        progress: called with (done, total, what).

    Raises:
        ConfigError: the plan is wrong, or orders an effect or a factor that there is not.
        InputError: a set cannot be read, or not one frame could be made.
    """
    folder = Path(out)
    make_folder(folder)
    orders = load_plan(plan)
    if not orders.orders:
        raise InputError(f"{plan}: it orders nothing; the source covers what the target asks for")
    domain = orders.domain
    ours, theirs = (
        _read(place, name, executor, progress)
        for place, name in ((orders.source, "source"), (orders.target, "target"))
    )
    tables = [
        _table(Path(plan).parent / f"{name}.parquet", frames, executor, progress)
        for name, frames in (("source", ours.frames), ("target", theirs.unlabeled().frames))
    ]
    before = side_of(tables[0], ours, domain)
    boxes: dict[str, tuple[Box, ...]] = {}
    if (place := orders.predictions) is not None:
        boxes, _ = predicted_boxes(place.path, place.images, theirs, executor, place.format)
    target = side_of(tables[1], theirs.unlabeled(), domain, boxes)
    maker = _Maker(ours, before, domain, size, renderer, seed, executor, progress)
    parts, sides, entries = [], [], []
    for number, order in enumerate(orders.orders):
        part, side = maker.make(order, folder / f"{number:02d}-{folder_name(order.name)}")
        entries.append(_entry(order, part, len(side.members(tuple(order.cell.items())))))
        parts.append(part)
        sides.append(side)
    after = _joined(before, sides)
    found = {"before": coverage(before, target, domain), "after": coverage(after, target, domain)}
    document: Document = {"schema": SCHEMA, "orders": entries}
    for moment, covered in found.items():
        document[f"coverage_{moment}"] = covered.covered_mass
        document[f"completeness_{moment}"] = {
            str(t): c.share for t, c in covered.completeness.items()
        }
    whole = _whole(parts)
    labels = write_dataset(whole, folder, "coco")
    write_json(folder / "generated.json", document)
    return Generated(document, whole, labels)


def _entry(order: Order, part: Dataset, shown: int) -> Document:
    return {
        "cell": dict(order.cell),
        "by": "augment" if order.augment else "synthesise",
        "asked": order.frames,
        "made": len(part),
        "show_it": shown,
        "problems": len(part.problems),
    }


def _read(place: Place, name: str, executor: Executor | None, progress: Progress | None) -> Dataset:
    return read_dataset(
        place.path,
        images=place.images,
        format=place.format,
        name=name,
        executor=executor,
        progress=progress,
    )


def _table(
    path: Path, frames: tuple[Frame, ...], executor: Executor | None, progress: Progress | None
) -> ConditionTable:
    """What was measured when the plan was made, if it is of these very frames."""
    if path.exists():
        with suppress(InputError):  # of an earlier version, with other measures
            table = read_table(path)
            if table.scores and set(table.ids) <= {frame.id for frame in frames}:
                return table
    return measure_conditions(frames, executor=executor, progress=progress)


@dataclass(frozen=True)
class _Maker:
    """Makes what an order asks for; everything that orders share."""

    source: Dataset
    side: Side
    domain: DesignDomain
    size: tuple[int, int]
    renderer: str
    seed: int
    executor: Executor | None
    progress: Progress | None

    def make(self, order: Order, folder: Path) -> tuple[Dataset, Side]:
        """Frames of the order, made in rounds, and what they show."""
        cell = tuple(order.cell.items())
        parts: list[Dataset] = []
        sides: list[Side] = []
        made = shown = 0
        while wanted := _wanted(order.frames, made, shown):
            part = self._round(order, folder / str(len(parts)), wanted, len(parts))
            table = measure_conditions(part.frames, executor=self.executor, progress=self.progress)
            parts.append(part)
            sides.append(side_of(table, part, self.domain))
            if not len(part):
                break
            made, shown = made + len(part), shown + len(sides[-1].members(cell))
        return _whole(parts), _joined(sides[0], sides[1:])

    def _round(self, order: Order, folder: Path, wanted: int, turn: int) -> Dataset:
        if order.augment is not None:
            return self._augmented(order, order.augment, folder, wanted, turn)
        assert order.synthesise is not None
        return self._rendered(order, order.synthesise, folder, wanted, turn)

    def _augmented(
        self, order: Order, how: Augment, folder: Path, wanted: int, turn: int
    ) -> Dataset:
        """Source frames with the wanted attributes, drawn by chance, after the effect.

        Where more are wanted than there are, it is for the next round, which has another seed.
        """
        bases = [self.side.ids[i] for i in self.side.members(tuple(how.where.items()))]
        if not bases:
            raise ConfigError(f"order {order.name}: no source frame has {how.where} to start from")
        rng = seeds.generator(self.seed, "plan", order.name, turn)
        drawn = rng.choice(len(bases), size=min(len(bases), wanted), replace=False)
        chosen = {bases[int(i)] for i in drawn}
        frames = tuple(frame for frame in self.source if frame.id in chosen)
        part, _ = augment_dataset(
            replace(self.source, frames=frames, problems=()),
            how.effect,
            folder,
            severity=how.severity,
            seed=self.seed + turn,
            executor=self.executor,
            progress=self.progress,
        )
        return part

    def _rendered(
        self, order: Order, how: Synthesise, folder: Path, wanted: int, turn: int
    ) -> Dataset:
        scenes = scenes_of(OptionFile({"name": order.name, "factors": how.factors}), order.name)
        return render_dataset(
            scenes,
            wanted,
            folder,
            seed=seeds.integer(self.seed, "plan", order.name, turn) % 2**31,
            size=self.size,
            renderer=self.renderer,
            layers=(),
            overwrite=True,
            executor=self.executor,
            progress=self.progress,
        ).dataset


def _wanted(asked: int, made: int, shown: int) -> int:
    """Frames to make in the next round: by the share of those made that show the cell; 0: done."""
    most = MOST_TIMES * asked - made
    if made < asked:
        return asked - made
    if not shown:
        return 0
    return max(0, min(most, math.ceil((asked - shown) * made / shown)))


def folder_name(name: str) -> str:
    """A cell's name as that of a folder: a plan may name values as it likes."""
    return re.sub(r"[^\w+-]+", "-", name)[:MOST_LETTERS]


def _whole(parts: list[Dataset]) -> Dataset:
    """All frames under ids that say which order they come from."""
    frames: list[Frame] = []
    problems: list[Problem] = []
    categories: dict[str, None] = {}
    for number, part in enumerate(parts):
        frames += [replace(frame, id=f"{number:02d}/{frame.id}") for frame in part]
        problems += part.problems
        categories |= dict.fromkeys(part.categories)
    return Dataset("generated", tuple(frames), tuple(problems), tuple(categories))


def _joined(source: Side, parts: list[Side]) -> Side:
    """The source with what was made; made frames are worth what their sides are."""
    return Side(
        source.ids + tuple(f"{k:02d}/{i}" for k, part in enumerate(parts) for i in part.ids),
        source.rows + tuple(row for part in parts for row in part.rows),
        source.worth + sum(part.worth for part in parts),
    )
