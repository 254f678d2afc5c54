"""Fixtures that several rooms share."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder with real images, labels and weights; tests that need it skip where it is missing."""
    if not SHARED.is_dir():
        pytest.skip("needs the real data that lie beside a developer's checkout (../shared/data)")
    return SHARED
