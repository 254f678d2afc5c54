"""The report in a real browser: every chart is drawn, nothing is blocked. Run with `-m slow`."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from fake_run import write_run

from isthmus.report import write_report

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--virtual-time-budget=8000", "--enable-logging=stderr", "--dump-dom",
)  # fmt: skip


@pytest.mark.slow
def test_a_browser_draws_every_chart_under_the_policy(tmp_path: Path) -> None:
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        pytest.skip("needs Chromium")
    page = write_report(write_run(tmp_path / "run"))
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    done = subprocess.run(
        [browser, *FLAGS, profile, page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    places = re.findall(r'<div class="canvas[ "][^>]*>', done.stdout)
    assert len(places) >= 15
    assert all('data-state="drawn"' in place for place in places)
    assert done.stdout.count("<svg") >= len(places)
    assert "CONSOLE" not in done.stderr  # a blocked script or a fault would be reported here
