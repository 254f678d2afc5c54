"""The page of measured figures says what the results in the repository say."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_and_its_plot_are_those_of_the_committed_results():
    path = ROOT / "benchmarks" / "measured_page.py"
    spec = importlib.util.spec_from_file_location("measured_page", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    results = made.read_results()
    assert made.PAGE.read_text(encoding="utf-8") == made.page(results)
    assert made.PLOT.read_text(encoding="utf-8") == made.plot(results["gap_speed"])
