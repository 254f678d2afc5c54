"""Test images that are all but copies of images in a training part.

Neighbouring frames of a video, or one image saved twice, on both sides of the test's border: a
score on them says how well images are remembered. Equal files are refused while the sets are read
(`study.domains`); this looks at the images themselves.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from isthmus.compute.executor import Executor, Progress
from isthmus.data.frame import Frame
from isthmus.errors import InputError
from isthmus.quality.duplicates import near_across
from isthmus.quality.looks import look_at
from isthmus.study.domains import Domains

ALIKE = 0.95
"""Cosine of fingerprints (`isthmus.quality.looks`): a copy saved anew stays above it."""


def near_copies(
    domains: Domains, *, executor: Executor | None = None, progress: Progress | None = None
) -> str | None:
    """What is wrong with the test, as a sentence; None without such images, or without a test."""
    if domains.test is None:
        return None
    test = domains.test.images.frames
    looks = look_at(test, executor=executor, progress=progress)
    found: list[str] = []
    count: set[int] = set()
    parts: dict[str, Iterable[Frame]] = {
        "source train": domains.train,
        "source val": domains.val,
        "target train": domains.target_train,
    }
    for name, frames in parts.items():
        others = look_at(frames, executor=executor, progress=progress)
        pairs = near_across(looks.fingerprints, others.fingerprints, ALIKE)
        if len(pairs):
            mine, theirs = looks.frames[int(pairs.first[0])], others.frames[int(pairs.second[0])]
            found.append(f"{mine.id} is like {theirs.id} in {name} ({pairs.similarity[0]:.2f})")
            count |= set(np.unique(pairs.first).tolist())
    if not found:
        return None
    return (
        f"{len(count)} of {len(test)} test images are all but copies of images in a training part: "
        f"{'; '.join(found)}"
    )


def refuse_near_copies(
    domains: Domains,
    *,
    allowed: bool,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> tuple[str, ...]:
    """Notes for the report: the sentence of `near_copies`, if such images are allowed.

    Raises:
        InputError: there are some, and they are not allowed.
    """
    fault = near_copies(domains, executor=executor, progress=progress)
    if fault is None:
        return ()
    if not allowed:
        raise InputError(
            f"{fault}. A figure computed on them says little about new images: select frames of "
            "other drives, or accept them with target.allow_near_copies: true"
        )
    return (f"{fault}; target.allow_near_copies accepts them",)
