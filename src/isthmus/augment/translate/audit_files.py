"""What an audit of translation leaves on disk: audit.json, and pictures for people to check it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.augment.gallery import MarkedBox, MarkedFrame, write_gallery
from isthmus.augment.report import AUDIT_FILE, AUDIT_PAGE, listed
from isthmus.augment.translate.audit import FrameAudit
from isthmus.data.frame import Frame, Problem
from isthmus.files import write_json

if TYPE_CHECKING:
    from isthmus.augment.translate.audit_dataset import TranslationAudit

Audited = tuple[Frame, Frame, FrameAudit]
"""Frame before, frame after, and what became of the boxes."""


def write_translation_audit(
    report: TranslationAudit,
    folder: Path,
    audited: Sequence[Audited],
    problems: Sequence[Problem],
    seed: int,
) -> Path:
    """Write `folder`/audit.json with the pictures it names; returns its path."""
    path = folder / AUDIT_FILE
    (folder / AUDIT_PAGE).unlink(missing_ok=True)
    pictures = write_gallery(folder, [_marked(*item) for item in audited])
    skipped = listed(problems, [before.image for before, _, _ in audited])
    write_json(path, {**report.document(), **pictures, "seed": seed, "problems": skipped})
    return path


def _marked(before: Frame, after: Frame, audit: FrameAudit) -> MarkedFrame:
    results = iter(audit.boxes)
    boxes = []
    for box in before.objects or ():
        if box.ignore:
            boxes.append(MarkedBox(box.xyxy, box.category, "before", 1.0, {}))
            continue
        found = next(results)
        signs = {
            "pattern": found.pattern,
            "structure": found.structure,
            "p_value": found.p_value,
            "reason": found.reason,
        }
        # The pattern alone has one scale for all objects: 1 is unchanged, 0 is gone.
        boxes.append(MarkedBox(box.xyxy, box.category, found.decision, found.pattern, signs))
    look = after.attributes.get("look", "translated")
    return MarkedFrame(after.id, before.image, after.image, f"{look}: {before.id}", tuple(boxes))
