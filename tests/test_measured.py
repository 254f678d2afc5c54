"""The page of measured figures says what the results in the repository say."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def beside_benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


def test_the_page_and_its_plot_are_those_of_the_committed_results():
    path = ROOT / "benchmarks" / "measured_page.py"
    spec = importlib.util.spec_from_file_location("measured_page", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    results = made.read_results()
    assert made.PAGE.read_text(encoding="utf-8") == made.page(results)
    assert made.PLOT.read_text(encoding="utf-8") == made.plot(results["gap_speed"])


def test_a_missed_target_is_marked():
    path = ROOT / "benchmarks" / "measured_page.py"
    spec = importlib.util.spec_from_file_location("measured_page", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    results = made.read_results()
    figures = results["gap_speed"]["figures"]
    for value, mark in ((2.99, "3.0 × ✗ | 3 ×"), (3.01, "3.0 × | 3 ×")):
        figures["swd_vs_pot"] = value
        row = next(line for line in made.page(results).splitlines() if "1000 projections" in line)
        assert row.endswith(f"| POT 0.9.7 | {mark} |")
    cells = [r for r in results["gap_calibration"]["tables"]["calibration"] if r["metric"] == "mmd"]
    for row in cells:
        if row["scenario"].startswith("iid"):
            row.update({"rejected": 0.071} if row["shift"] == 0 else {"covered": 0.929})
    row = next(line for line in made.page(results).splitlines() if line.startswith("| MMD |"))
    assert row.startswith("| MMD | 7.1 % ✗ |")
    assert "92.9 % ✗" in row
