"""A ledger of what a reader left out or changed, so that nothing is dropped silently.

Each entry says which file, what, and why. Entries of one kind are listed one by one up to a
limit; those beyond it are summed up in one entry with their number, so that the numbers always
add up: records in the file = records read + counts of the kinds below.
"""

from __future__ import annotations

from pathlib import Path

from isthmus.data.frame import Problem, Severity

LIST_LIMIT = 500
"""How many problems of one kind are listed one by one."""

BOX_KINDS = frozenset(
    {
        "bad-annotation",  # a label record without usable box or category
        "bad-box",  # not finite, no area, wholly outside the image
        "unknown-image-id",
        "unknown-category-id",
        "duplicate-annotation",
        "box-of-skipped-image",
        "label-without-box",  # a polygon, lane, mask: seen, but not a box
    }
)
"""Kinds that count boxes (or records that should have been boxes)."""

FRAME_KINDS = frozenset(
    {
        "bad-image-record",
        "duplicate-image",
        "missing-image",
        "path-escape",
        "unreadable-image",
        "size-mismatch",
        "bad-label-file",
    }
)
"""Kinds that count frames."""


class ProblemLog:
    """Collects problems while a data set is read."""

    def __init__(self) -> None:
        self._listed: list[Problem] = []
        self._beyond: dict[tuple[str, Severity], int] = {}
        self._seen: dict[str, int] = {}
        self._tallies: dict[tuple[str, str, Severity], tuple[str, int]] = {}

    def add(
        self,
        path: Path | str,
        kind: str,
        reason: str,
        severity: Severity = "skipped",
    ) -> None:
        """One record; beyond `LIST_LIMIT` of its kind it is only counted."""
        self._seen[kind] = self._seen.get(kind, 0) + 1
        if self._seen[kind] <= LIST_LIMIT:
            self._listed.append(Problem(str(path), kind, reason, severity))
        else:
            key = (kind, severity)
            self._beyond[key] = self._beyond.get(key, 0) + 1

    def tally(
        self,
        path: Path | str,
        kind: str,
        reason: str,
        severity: Severity = "note",
        count: int = 1,
    ) -> None:
        """`count` records that share kind and reason: one entry, naming the first file."""
        if count:
            key = (kind, reason, severity)
            first, before = self._tallies.get(key, (str(path), 0))
            self._tallies[key] = (first, before + count)

    def problems(self, whole: Path | str) -> tuple[Problem, ...]:
        """All entries; sums that concern no single file name `whole`."""
        sums = [
            Problem(
                first,
                kind,
                reason if count == 1 else f"{reason} ({count} in all)",
                severity,
                count,
            )
            for (kind, reason, severity), (first, count) in self._tallies.items()
        ]
        beyond = [
            Problem(
                str(whole),
                kind,
                f"{count} more of this kind are not listed one by one",
                severity,
                count,
            )
            for (kind, severity), count in self._beyond.items()
        ]
        return (*self._listed, *beyond, *sums)

    def first_reasons(self, n: int = 3) -> str:
        """The first `n` entries in words, for an error message."""
        return "; ".join(f"{p.path}: {p.reason}" for p in self._listed[:n])
