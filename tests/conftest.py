"""Fixtures that several rooms share."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest

# Before numpy and torch are loaded. On arrays as small as those of tests, threads spend several
# times the work on waiting for each other.
for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

# A job in the background of a shell ignores Ctrl-C, and so would every process started from here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same draws for the same test, wherever it runs: HYPOTHESIS_PROFILE=default looks for others.
hypothesis.settings.register_profile("repeatable", derandomize=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real images, labels and weights; tests that need it skip where it is missing."""
    if not SHARED.is_dir():
        pytest.skip("needs the real data that lie beside a developer's checkout (../shared/data)")
    return SHARED


@pytest.fixture(scope="session")
def draw() -> Callable[..., Any]:
    """The function that draws labelled samples of squares and discs."""
    from drawn_shapes import draw_shapes  # here: it loads torch, which most rooms do not need

    return draw_shapes
