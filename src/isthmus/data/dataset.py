"""`Dataset`: named, ordered, immutable frames; and the two views that keep target labels away.

`UnlabeledView` physically has no labels: it is built from frames whose labels were removed.
`SealedTest` holds labels for the final score alone and keeps a receipt of every opening.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cached_property
from typing import NoReturn

from isthmus import seeds
from isthmus.data.frame import Box, Frame, Problem, Shape
from isthmus.data.ontology import ROAD, Ontology
from isthmus.errors import InputError, LabelAccessError
from isthmus.files import digest_of


@dataclass(frozen=True)
class Dataset:
    """An ordered, immutable set of frames.

    Attributes:
        name: for people.
        frames: in reading order (sequence, then time, where the format says).
        problems: everything that was skipped or changed on the way in, and why.
        categories: class names that `objects` may carry, in a fixed order.
    """

    name: str
    frames: tuple[Frame, ...]
    problems: tuple[Problem, ...] = ()
    categories: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        counts = Counter(frame.id for frame in self.frames)
        repeated = [name for name, count in counts.items() if count > 1]
        if repeated:
            raise InputError(
                f"{self.name}: {len(repeated)} frame ids occur more than once, e.g. "
                f"{repeated[0]!r}; give the frames ids of their own"
            )

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.frames)

    @property
    def labelled(self) -> bool:
        """True if every frame carries labels (perhaps none of any object)."""
        return bool(self.frames) and all(frame.objects is not None for frame in self.frames)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of contents: image bytes, labels, attributes; independent of paths."""
        return digest_of([_frame_content(frame) for frame in self.frames])

    @property
    def sequences(self) -> tuple[str, ...]:
        """Distinct sequence names in order of first appearance."""
        return tuple(dict.fromkeys(frame.sequence for frame in self.frames))

    def filter(self, keep: Callable[[Frame], bool], *, name: str | None = None) -> Dataset:
        """The frames for which `keep` is true, in order."""
        frames = tuple(frame for frame in self.frames if keep(frame))
        return replace(self, frames=frames, name=name or self.name)

    def sample(self, n: int, seed: int) -> Dataset:
        """`n` frames without replacement, in their order; all of them if there are fewer."""
        if n >= len(self.frames):
            return self
        rng = seeds.generator(seed, "dataset-sample", self.name)
        chosen = sorted(int(i) for i in rng.choice(len(self.frames), size=n, replace=False))
        return replace(self, frames=tuple(self.frames[i] for i in chosen))

    def split(self, shares: Mapping[str, float], *, seed: int) -> dict[str, Dataset]:
        """Parts by whole sequences, so that no drive lies in two parts.

        Args:
            shares: name of a part → share of frames wanted, summing to 1.
            seed: decides which sequence goes where.

        Frames without a sequence count as a sequence of their own each. Sequences are dealt in
        random order to the part that lacks most frames.

        Raises:
            InputError: shares that do not sum to 1, or fewer sequences than parts.
        """
        if not shares or min(shares.values()) <= 0 or abs(sum(shares.values()) - 1) > 1e-6:
            raise InputError(
                f"{self.name}: split shares {dict(shares)} must be above 0 and sum to 1"
            )
        groups: dict[str, list[Frame]] = {}
        for frame in self.frames:
            groups.setdefault(_unit(frame), []).append(frame)
        if len(groups) < len(shares):
            raise InputError(
                f"{self.name}: {len(groups)} sequence(s) cannot be split into {len(shares)} parts "
                "without cutting one; name the splits, or give sequences of their own"
            )
        order = seeds.generator(seed, "dataset-split", self.name).permutation(len(groups))
        names = list(groups)
        largest_first = sorted((names[i] for i in order), key=lambda unit: -len(groups[unit]))
        lacking = {part: share * len(self.frames) for part, share in shares.items()}
        home: dict[str, str] = {}
        empty = dict.fromkeys(shares)
        for dealt, unit in enumerate(largest_first):
            # The last sequences go to parts that would have none otherwise.
            last = len(largest_first) - dealt <= len(empty)
            part = max(empty if last else shares, key=lambda key: lacking[key])
            home[unit] = part
            lacking[part] -= len(groups[unit])
            empty.pop(part, None)
        return {
            part: replace(
                self,
                name=f"{self.name}/{part}",
                frames=tuple(f for f in self.frames if home[_unit(f)] == part),
            )
            for part in shares
        }

    def concat(self, other: Dataset, *, name: str | None = None) -> Dataset:
        """These frames followed by `other`'s; ids must not clash."""
        categories = tuple(dict.fromkeys((*self.categories, *other.categories)))
        return Dataset(
            name or f"{self.name}+{other.name}",
            self.frames + other.frames,
            self.problems + other.problems,
            categories,
        )

    def map_categories(self, ontology: Ontology) -> Dataset:
        """Rename categories to the task's classes; what the ontology does not know is reported.

        A category mapped to None is dropped on purpose; one that is absent is dropped *and*
        listed in `problems` with the number of boxes it had.
        """
        unknown: Counter[str] = Counter()
        frames = []
        for frame in self.frames:
            if frame.objects is None:
                frames.append(frame)
                continue
            kept = []
            for box in frame.objects:
                if box.category not in ontology.mapping:
                    unknown[box.category] += 1
                elif (target := ontology.mapping[box.category]) is not None:
                    kept.append(replace(box, category=target))
            frames.append(replace(frame, objects=tuple(kept)))
        lost = tuple(
            Problem(
                self.name,
                "unmapped-category",
                f"category {category!r} ({count} boxes) is in no class of the task; map it, or "
                "map it to null to drop it on purpose",
                count=count,
            )
            for category, count in sorted(unknown.items())
        )
        return Dataset(self.name, tuple(frames), self.problems + lost, ontology.classes)

    def task_classes(self) -> dict[str, str | None]:
        """Class of the road task for each category that is known; None: left out on purpose."""
        present = {box.category for frame in self.frames for box in frame.objects or ()}
        return {name: ROAD.mapping[name] for name in sorted(present) if name in ROAD.mapping}

    def unlabeled(self) -> UnlabeledView:
        """The same images with every label taken away."""
        return UnlabeledView(self.name, self.frames, self.problems)


class UnlabeledView:
    """Images of the target without labels: the only form in which an adapter meets them.

    Labels are removed on construction, not hidden: frames have ``objects=None`` and no
    per-pixel labels, and attributes that annotators wrote are gone.
    """

    def __init__(
        self, name: str, frames: Iterable[Frame], problems: Sequence[Problem] = ()
    ) -> None:
        self.name = name
        self.problems = tuple(problems)
        self.frames = tuple(
            Frame(
                id=frame.id,
                image=frame.image,
                width=frame.width,
                height=frame.height,
                digest=frame.digest,
                split=frame.split,
                sequence=frame.sequence,
                camera=frame.camera,
            )
            for frame in frames
        )

    def __len__(self) -> int:
        return len(self.frames)

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.frames)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the images' bytes and sequence names."""
        return digest_of([_frame_content(frame) for frame in self.frames])

    @property
    def labels(self) -> NoReturn:
        """Always refused."""
        raise LabelAccessError(f"{self.name}: the target has no labels outside the final score")


class SealedTest:
    """Labels of the target's test set, opened by the final scoring alone.

    `images` may be looked at by anyone; `open` needs a reason, which is kept in `receipts`.
    """

    def __init__(self, dataset: Dataset) -> None:
        if not dataset.labelled:
            raise InputError(f"{dataset.name}: the sealed test set needs labels on every frame")
        self._dataset = dataset
        self.receipts: list[str] = []

    def __len__(self) -> int:
        return len(self._dataset)

    @property
    def images(self) -> UnlabeledView:
        """The test images without labels."""
        return self._dataset.unlabeled()

    @property
    def fingerprint(self) -> str:
        """Fingerprint of images and labels, without opening them."""
        return self._dataset.fingerprint

    def open(self, reason: str) -> Dataset:
        """The labelled test set; `reason` is written down."""
        self.receipts.append(reason)
        return self._dataset


def _unit(frame: Frame) -> str:
    """Name of what must not be cut: the sequence, or the frame itself if it has none."""
    return frame.sequence or f"\0{frame.id}"


def _frame_content(frame: Frame) -> list[object]:
    camera = frame.camera
    objects = frame.objects
    content: list[object] = [
        frame.id,
        frame.digest,
        frame.split,
        frame.sequence,
        dict(frame.attributes),
        None if objects is None else [_box_content(box) for box in objects],
        frame.layers_digest,
        camera and camera.numbers,
    ]
    if frame.shapes:
        content.append([_outline(shape) for shape in frame.shapes])
    return content


def _box_content(box: Box) -> list[object]:
    content: list[object] = [
        box.category,
        list(box.xyxy),
        box.occluded,
        box.truncated,
        box.ignore,
        box.instance,
        box.score,
    ]
    # Sets without these keep the fingerprint that they had before there were any.
    if box.attributes or box.polygons or box.mask or box.cuboid:
        content.append([*_outline(box), box.cuboid and astuple(box.cuboid)])
    return content


def _outline(label: Box | Shape) -> list[object]:
    return [
        label.category,
        label.instance,
        dict(label.attributes),
        [astuple(polygon) for polygon in label.polygons],
        label.mask and astuple(label.mask),
    ]
