"""What training needs is tried before any work, and decides the weights where it does."""

from __future__ import annotations

import json

import pytest

from isthmus.errors import ConfigError
from isthmus.study.api import run_study
from isthmus.study.arm_files import parameters
from isthmus.study.config import load_study, parse_study


def study(**options):
    return parse_study(
        {"name": "tiny", "source": {"path": "none"}, "target": {"path": "none"}, **options}
    )


def hub_folder(folder):
    """A model of a family that is not supported."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "detr"}), encoding="utf-8")
    return folder


def refused(config, out, match):
    with pytest.raises(ConfigError, match=match):
        run_study(config, out=out)
    assert not out.exists()


def test_what_training_needs_is_missed_before_any_work(tmp_path, monkeypatch):
    out = tmp_path / "run"
    refused(study(compute={"device": "cuda:99"}), out, "'cuda:99': cannot be used here")
    pytest.importorskip("mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    refused(study(compute={"curves": ["mlflow"]}), out, "MLFLOW_TRACKING_URI is not set")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nothing://there")
    refused(study(compute={"curves": ["mlflow"]}), out, "nothing://there .* cannot be used")


def test_a_model_is_looked_up_beside_the_study_and_before_any_work(tmp_path):
    pytest.importorskip("transformers")
    model = hub_folder(tmp_path / "model")
    file = tmp_path / "study.yaml"
    file.write_text(
        "name: tiny\nsource: {path: a}\ntarget: {path: b}\ndetector: {name: 'hf:model'}\n",
        encoding="utf-8",
    )
    config = load_study(file)
    assert config.detector.name == f"hf:{model.resolve()}"
    refused(config, tmp_path / "run", "'detr' is not supported; rt_detr_v2 and d_fine are")


@pytest.mark.parametrize("name", ["hf", "hf:"])
def test_a_transformers_detector_must_name_its_model(name):
    with pytest.raises(ConfigError, match=r"known are compact, hf:FOLDER_OR_NAME"):
        study(detector={"name": name})


def test_arms_are_trained_anew_on_another_device_or_in_another_precision():
    seen = [parameters(study(compute=c)) for c in ({}, {"device": "mps"}, {"precision": "float16"})]
    assert seen[0] != seen[1] != seen[2] != seen[0]
    assert parameters(study(compute={"workers": 3})) == seen[0]
