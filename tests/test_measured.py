"""The page of measured figures says what the results in the repository say."""

import importlib.util
from pathlib import Path

import numpy as np
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


def test_perceptual_distances_are_shown_where_they_were_measured():
    import measured_augment

    row = {
        "reduction": {"isthmus": 0.39, "kornia": -0.2},
        "psnr": {"clear": 12.0, "isthmus": 16.36},
        "perceptual": {"clear": 0.41234, "isthmus": 0.3},
    }
    rows = {"snow": row, "fog": {**row, "reduction": {"isthmus": 0.41}}}
    rows["fog"].pop("perceptual")
    rows["camvid_dusk"] = {"reduction": {}}
    text = "\n".join(measured_augment.augment({"tables": {"realism": rows}}))
    assert "| snow | 39.0 % ✗ | – | – | −20.0 % |" in text
    assert "| fog | 41.0 % |" in text
    assert "| snow | 12.0 | 16.4 | – | – | – |" in text
    assert "| snow | 0.412 | 0.300 | – | – | – |" in text
    assert text.count("| fog |") == 2
    assert text.count("| CamVid, day to dusk |") == 1
    rows["snow"].pop("perceptual")
    assert "LPIPS" not in "\n".join(measured_augment.augment({"tables": {"realism": rows}}))


def test_perceptual_distance_follows_its_formula():
    import augment_perceptual

    class Maps:
        """Two layers: the pixels as they are, and their means by rows."""

        size = (4, 4)

        def extract_maps(self, batch):
            pixels = batch.astype(np.float32)
            return {"pixels": pixels, "rows": pixels.mean(axis=2, keepdims=True)}

    red, green = (np.zeros((4, 4, 3), np.uint8) for _ in range(2))
    red[..., 0] = 200
    green[..., 1] = 50
    half = red.copy()
    half[:2] = green[:2]
    sets = {"same": [red], "dark": [red // 2], "other": [green], "half": [half]}
    found = augment_perceptual.perceptual([red], sets, Maps())
    # Unit vectors: brightness does not count; orthogonal ones are a squared distance of 2 apart.
    assert found["same"] == 0
    assert found["dark"] == pytest.approx(0, abs=1e-12)
    assert found["other"] == pytest.approx(2)
    assert found["half"] == pytest.approx(1)
