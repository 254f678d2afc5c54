"""Measure, explain and close the gap between labelled source images and an unlabeled target.

The names below are the public interface; everything is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from isthmus.adapt.image.copy import adapt_images
    from isthmus.augment.apply import augment_dataset
    from isthmus.augment.translate.apply import translate_dataset
    from isthmus.augment.translate.audit_dataset import audit_translation
    from isthmus.augment.translate.curve import acceptance_curve
    from isthmus.augment.translate.folder import adopt_translated
    from isthmus.augment.translate.run import translate_and_audit
    from isthmus.augment.translate.train import train_translator
    from isthmus.augment.translate.translator import build_translator, load_translator
    from isthmus.compute.local import local_executor
    from isthmus.data.catalog import fetch_dataset
    from isthmus.data.convert import convert_dataset
    from isthmus.data.dataset import Dataset, SealedTest, UnlabeledView
    from isthmus.data.formats import read_dataset, write_dataset
    from isthmus.data.frame import Box, Frame
    from isthmus.data.splits import save_split
    from isthmus.errors import IsthmusError
    from isthmus.features.extractor import load_extractor
    from isthmus.features.store import extract_features
    from isthmus.gap.estimate import Estimate
    from isthmus.gap.inference import measure
    from isthmus.quality.examine import check_quality
    from isthmus.report.audit_page import write_audit_page
    from isthmus.report.cases_page import write_cases_page
    from isthmus.report.document import write_report
    from isthmus.study.api import explain, run_study
    from isthmus.study.config import load_study, study_schema
    from isthmus.study.corner_cases import plan_corner_cases
    from isthmus.study.demo import run_demo
    from isthmus.study.dqm import dqm_schema, measure_dqm
    from isthmus.study.explain import explain_schema
    from isthmus.study.gate import check_gate, gate_schema, load_gate
    from isthmus.study.generate_plan import generate_plan
    from isthmus.study.junit import write_junit
    from isthmus.study.measure import gap_schema, measure_gap
    from isthmus.synth.odd.domain import load_odd
    from isthmus.synth.output.dataset import render_dataset
    from isthmus.synth.output.replay import replay

_HOMES = {
    "Box": "data.frame",
    "Dataset": "data.dataset",
    "Estimate": "gap.estimate",
    "Frame": "data.frame",
    "IsthmusError": "errors",
    "SealedTest": "data.dataset",
    "UnlabeledView": "data.dataset",
    "acceptance_curve": "augment.translate.curve",
    "adapt_images": "adapt.image.copy",
    "adopt_translated": "augment.translate.folder",
    "audit_translation": "augment.translate.audit_dataset",
    "augment_dataset": "augment.apply",
    "build_translator": "augment.translate.translator",
    "check_gate": "study.gate",
    "check_quality": "quality.examine",
    "convert_dataset": "data.convert",
    "dqm_schema": "study.dqm",
    "explain": "study.api",
    "explain_schema": "study.explain",
    "extract_features": "features.store",
    "fetch_dataset": "data.catalog",
    "gap_schema": "study.measure",
    "gate_schema": "study.gate",
    "generate_plan": "study.generate_plan",
    "load_extractor": "features.extractor",
    "load_gate": "study.gate",
    "load_odd": "synth.odd.domain",
    "load_study": "study.config",
    "load_translator": "augment.translate.translator",
    "local_executor": "compute.local",
    "measure": "gap.inference",
    "measure_dqm": "study.dqm",
    "measure_gap": "study.measure",
    "plan_corner_cases": "study.corner_cases",
    "read_dataset": "data.formats",
    "render_dataset": "synth.output.dataset",
    "replay": "synth.output.replay",
    "run_demo": "study.demo",
    "run_study": "study.api",
    "save_split": "data.splits",
    "study_schema": "study.config",
    "train_translator": "augment.translate.train",
    "translate_and_audit": "augment.translate.run",
    "translate_dataset": "augment.translate.apply",
    "write_audit_page": "report.audit_page",
    "write_cases_page": "report.cases_page",
    "write_dataset": "data.formats",
    "write_junit": "study.junit",
    "write_report": "report.document",
}

__all__ = [
    "Box",
    "Dataset",
    "Estimate",
    "Frame",
    "IsthmusError",
    "SealedTest",
    "UnlabeledView",
    "acceptance_curve",
    "adapt_images",
    "adopt_translated",
    "audit_translation",
    "augment_dataset",
    "build_translator",
    "check_gate",
    "check_quality",
    "convert_dataset",
    "dqm_schema",
    "explain",
    "explain_schema",
    "extract_features",
    "fetch_dataset",
    "gap_schema",
    "gate_schema",
    "generate_plan",
    "load_extractor",
    "load_gate",
    "load_odd",
    "load_study",
    "load_translator",
    "local_executor",
    "measure",
    "measure_dqm",
    "measure_gap",
    "plan_corner_cases",
    "read_dataset",
    "render_dataset",
    "replay",
    "run_demo",
    "run_study",
    "save_split",
    "study_schema",
    "train_translator",
    "translate_and_audit",
    "translate_dataset",
    "write_audit_page",
    "write_cases_page",
    "write_dataset",
    "write_junit",
    "write_report",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module 'isthmus' has no attribute {name!r}")
    return getattr(importlib.import_module(f"isthmus.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
