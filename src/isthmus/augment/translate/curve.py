"""How strong a translation may be: the share of objects that hold, against its strength."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from isthmus import seeds
from isthmus.augment.translate.audit import audit_frame
from isthmus.augment.translate.pixels import mixed
from isthmus.augment.translate.structure import Structure
from isthmus.augment.translate.translator import Translator
from isthmus.compute.executor import Progress
from isthmus.data.dataset import Dataset
from isthmus.errors import ConfigError, InputError
from isthmus.files import write_json

SCHEMA = "isthmus.acceptance-curve/1"
CURVE_FILE = "curve.json"
STRENGTHS = (0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Acceptance:
    """What holds at one strength.

    Attributes:
        strength: of the translation.
        boxes: number of objects looked at.
        keep, ignore, reject: shares of them.
        structure: median structure distance.
    """

    strength: float
    boxes: int
    keep: float
    ignore: float
    reject: float
    structure: float


def acceptance_curve(
    dataset: Dataset,
    translator: Translator | Mapping[float, Translator],
    *,
    strengths: Sequence[float] = STRENGTHS,
    frames: int = 50,
    extractor: str | None = None,
    folder: Path | str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Acceptance, ...]:
    """Translate some frames at several strengths, in memory, and audit their objects.

    Args:
        dataset: labelled frames.
        translator: one whose pictures are mixed with the originals, or strength → translator for
            methods with a strength of their own (`diffusion`).
        strengths: above 0 to 1; not used with a mapping.
        frames: labelled frames to look at, spread evenly over the data set.
        extractor: as in `audit_translation`.
        folder: where curve.json is written, for the audit's page there; not written if None.
        seed: draws the places that objects are compared with.
        progress: called with (frames done, frames in all, what).

    Raises:
        ConfigError: a strength out of range.
        InputError: no labelled object.
    """
    from isthmus.data.images import read_rgb
    from isthmus.features.extractor import load_extractor

    own = translator if isinstance(translator, Mapping) else None
    levels = tuple(own) if own is not None else tuple(strengths)
    if not levels or not all(0 < level <= 1 for level in levels):
        raise ConfigError(f"strengths {levels}: each above 0, at most 1")
    held = [f for f in dataset.frames if any(not box.ignore for box in f.objects or ())]
    if not held:
        raise InputError(f"{dataset.name}: no labelled object to be audited")
    places = np.linspace(0, len(held) - 1, min(frames, len(held))).round().astype(int)
    structure = Structure(load_extractor(extractor) if extractor is not None else None)
    results: dict[float, list[tuple[str, float]]] = {level: [] for level in levels}
    for number, frame in enumerate((held[i] for i in places), 1):
        before = read_rgb(frame.image)
        whole = None if isinstance(translator, Mapping) else translator.transform(before, frame.id)
        for level in levels:
            if own is not None:
                after = own[level].transform(before, frame.id)
            else:
                assert whole is not None
                after = mixed(before, whole, level)
            rng = seeds.generator(seed, "translation-audit", frame.id)
            audit = audit_frame(before, after, frame.objects or (), rng, structure=structure)
            results[level] += [(box.decision, box.structure) for box in audit.boxes]
        if progress:
            progress(number, len(places), "auditing strengths")
    points = tuple(_point(level, found) for level, found in results.items())
    if folder is not None:
        content = {"schema": SCHEMA, "seed": seed, "points": [asdict(point) for point in points]}
        write_json(Path(folder) / CURVE_FILE, content)
    return points


def _point(strength: float, found: Sequence[tuple[str, float]]) -> Acceptance:
    decisions = [decision for decision, _ in found]
    keep, ignore, reject = (
        decisions.count(name) / len(found) for name in ("keep", "ignore", "reject")
    )
    middle = float(np.median([distance for _, distance in found]))
    return Acceptance(strength, len(found), keep, ignore, reject, middle)
