"""Promises of the project as a whole: documents that name what exists, code without back doors."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import isthmus

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "isthmus"
SOURCES = sorted(PACKAGE.rglob("*.py"))
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
MOST_LINES = 400


def registries() -> dict[str, tuple[Any, str, str]]:
    """What can be added to: name of the registry → (entries, page, folder of tests)."""
    from isthmus.adapt.adapter import ADAPTERS
    from isthmus.adapt.arm_kinds import ARMS
    from isthmus.adapt.image.style import STYLES
    from isthmus.adapt.vectors.method import VECTOR_METHODS
    from isthmus.augment.effect import EFFECTS
    from isthmus.augment.translate.translator import TRANSLATORS
    from isthmus.cornercases.attributes import ATTRIBUTES
    from isthmus.cornercases.conditions import CONDITIONS
    from isthmus.cornercases.measures import MEASURES
    from isthmus.cornercases.scores.registry import SCORES
    from isthmus.data.formats import FORMATS, WRITERS
    from isthmus.detect.detector import DETECTORS
    from isthmus.features.extractor import EXTRACTORS
    from isthmus.gap import METRICS
    from isthmus.quality.diversity import INDICES
    from isthmus.quality.image_faults import IMAGE_FAULTS
    from isthmus.quality.label_faults import LABEL_FAULTS
    from isthmus.quality.representativeness import TESTS

    return {
        "METRICS": (METRICS, "metrics.md", "gap"),
        "FORMATS": (FORMATS, "formats.md", "data"),
        "WRITERS": (WRITERS, "formats.md", "data"),
        "EXTRACTORS": (EXTRACTORS, "features.md", "features"),
        "EFFECTS": (EFFECTS, "augmentation.md", "augment"),
        "TRANSLATORS": (TRANSLATORS, "translation.md", "augment/translate"),
        "ADAPTERS": (ADAPTERS, "adaptation.md", "adapt"),
        "ARMS": (ARMS, "adaptation.md", "adapt"),
        "STYLES": (STYLES, "adaptation.md", "adapt"),
        "VECTOR_METHODS": (VECTOR_METHODS, "adaptation.md", "adapt"),
        "DETECTORS": (DETECTORS, "adaptation.md", "detect"),
        "CONDITIONS": (CONDITIONS, "corner-cases.md", "cornercases"),
        "MEASURES": (MEASURES, "corner-cases.md", "cornercases"),
        "SCORES": (SCORES, "corner-cases.md", "cornercases"),
        "ATTRIBUTES": (ATTRIBUTES, "corner-cases.md", "cornercases"),
        "INDICES": (INDICES, "quality.md", "quality"),
        "TESTS": (TESTS, "quality.md", "quality"),
        "IMAGE_FAULTS": (IMAGE_FAULTS, "quality.md", "quality"),
        "LABEL_FAULTS": (LABEL_FAULTS, "quality.md", "quality"),
    }


@pytest.fixture(scope="module")
def entries() -> list[tuple[str, str, str, str]]:
    return [
        (registry, name, page, folder)
        for registry, (names, page, folder) in registries().items()
        for name in names
    ]


def test_every_method_has_a_row_in_the_docs(entries: list[tuple[str, str, str, str]]) -> None:
    missing = [
        f"{registry}[{name!r}]: no row `| \\`{name}\\` | …` in docs/{page}"
        for registry, name, page, _ in entries
        if not re.search(rf"^\| `{name}` +\|", (ROOT / "docs" / page).read_text("utf-8"), re.M)
    ]
    assert missing == []


def test_every_row_in_the_docs_names_a_method(entries: list[tuple[str, str, str, str]]) -> None:
    for page in {page for *_, page, _ in entries}:
        text = (ROOT / "docs" / page).read_text("utf-8")
        known = {name for _, name, at, _ in entries if at == page}
        assert set(re.findall(r"^\| `([a-z0-9_]+)` +\|", text, re.M)) <= known, page


def test_every_method_has_a_test(entries: list[tuple[str, str, str, str]]) -> None:
    missing = []
    for registry, name, _, folder in entries:
        tests = [path.read_text("utf-8") for path in (ROOT / "tests" / folder).glob("test_*.py")]
        named = re.compile(rf"\b{registry}\b|\b{name}\b|_{name}\b|\b{name}_")
        if not any(named.search(text) for text in tests):
            missing.append(f"{registry}[{name!r}]: not named in any test of tests/{folder}")
    assert missing == []


def test_the_report_has_a_name_and_words_for_every_metric() -> None:
    from isthmus.gap import METRICS
    from isthmus.report import wording

    assert set(wording.METRICS) == set(METRICS) == set(wording.METRIC_NOTES)


@pytest.mark.parametrize("folder", ["src", "tests", "benchmarks"])
def test_no_file_is_too_long(folder: str) -> None:
    lengths = {p: len(p.read_text("utf-8").splitlines()) for p in (ROOT / folder).rglob("*.py")}
    assert {str(p): n for p, n in lengths.items() if n > MOST_LINES} == {}


@cache
def nodes_in(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a file's syntax tree."""
    return tuple(ast.walk(ast.parse(path.read_text("utf-8"))))


@cache
def calls_in(path: Path) -> tuple[tuple[str, ast.Call], ...]:
    """Every call in a file with the written name of what is called."""
    calls = (node for node in nodes_in(path) if isinstance(node, ast.Call))
    return tuple((ast.unparse(node.func), node) for node in calls)


def option(call: ast.Call, name: str) -> str:
    """A keyword argument as it is written; empty if it is not given."""
    return next((ast.unparse(k.value) for k in call.keywords if k.arg == name), "")


def test_nothing_runs_code_from_data() -> None:
    faults = []
    for path in SOURCES:
        where = path.relative_to(PACKAGE)
        for name, call in calls_in(path):
            last = name.split(".")[-1]
            if name in ("eval", "exec", "compile", "__import__", "os.system", "os.popen"):
                faults.append(f"{where}: {name}()")
            if name == "torch.load" and option(call, "weights_only") != "True":
                faults.append(f"{where}: torch.load without weights_only=True")
            if name in ("yaml.load", "yaml.unsafe_load", "yaml.full_load", "yaml.load_all"):
                faults.append(f"{where}: {name}, not yaml.safe_load")
            if last in ("load", "memmap", "load_npz") and option(call, "allow_pickle") == "True":
                faults.append(f"{where}: {name} with allow_pickle")
            if last == "extractall":
                faults.append(f"{where}: extractall; archives are unpacked member by member")
            if option(call, "shell") == "True":
                faults.append(f"{where}: {name} with shell=True")
    assert faults == []


def test_nothing_is_pickled() -> None:
    errors = {"PickleError", "UnpicklingError"}  # what torch raises may be caught by name
    faults = []
    for path in SOURCES:
        for node in nodes_in(path):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if {"cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"} & set(names):
                faults.append(f"{path.name}: imports {names}")
            if isinstance(node, ast.ImportFrom) and node.module == "pickle":
                faults += [f"{path.name}: {a.name}" for a in node.names if a.name not in errors]
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "pickle":
                faults += [f"{path.name}: pickle.{node.attr}"] if node.attr not in errors else []
    assert faults == []


def test_all_chance_comes_from_the_seed() -> None:
    legal = {"Generator", "SeedSequence", "default_rng", "PCG64"}
    faults = []
    for path in SOURCES:
        text = path.read_text("utf-8")
        where = path.relative_to(PACKAGE)
        if re.search(r"^\s*(import random|from random import)\b", text, re.M):
            faults.append(f"{where}: the random module")
        for name, call in calls_in(path):
            if name.startswith("np.random.") and name.split(".")[2] not in legal:
                faults.append(f"{where}: {name}")
            if name.endswith("default_rng") and not call.args and not call.keywords:
                faults.append(f"{where}: default_rng without a seed")
    assert faults == []


def test_the_library_does_not_print() -> None:
    spoken = {PACKAGE / "cli.py", PACKAGE / "console.py"}
    assert [
        p.name for p in SOURCES if p not in spoken for n, _ in calls_in(p) if n == "print"
    ] == []


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Code blocks of a language in the documents."""
    for page in PAGES:
        for block in re.findall(
            rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.M | re.S
        ):
            yield page.name, block


def commands(program: str) -> list[tuple[str, str]]:
    return [
        (page, line.split("  #")[0].strip())
        for page, block in blocks("(?:bash|console|sh)")
        for line in block.replace("\\\n", " ").splitlines()
        if line.startswith(program)
    ]


def test_commands_in_the_documents_are_ones_that_exist() -> None:
    from isthmus.cli import app

    found = commands("isthmus ")
    assert len(found) > 10
    for page, line in found:
        try:
            app.parse_args(shlex.split(line)[1:], exit_on_error=False, print_error=False)
        except Exception as error:
            pytest.fail(f"{page}: {line}: {error}")


def test_every_command_is_in_the_documents() -> None:
    text = (ROOT / "docs" / "cli.md").read_text("utf-8")
    for command in (
        "study run", "study check", "study schema", "demo", "measure", "dqm", "schema",
        "data inspect", "data convert", "data fetch", "data split", "report",
        "data inspect", "report", "quality", "corner-cases", "generate",
        "data inspect", "data convert", "data fetch", "data split", "report", "quality",
        "corner-cases", "generate",
    ):  # fmt: skip
        assert f"isthmus {command}" in text


def test_make_targets_in_the_documents_are_ones_that_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    found = commands("make ")
    assert {"demo", "test"} <= targets
    assert found
    for page, line in found:
        assert line.split()[1] in targets, (page, line)


def test_python_in_the_documents_uses_public_names() -> None:
    found = list(blocks("python"))
    assert found
    for page, block in found:
        tree = ast.parse(block)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert node.value.id != "isthmus" or node.attr in isthmus.__all__, (page, node.attr)
            if isinstance(node, ast.ImportFrom) and node.module == "isthmus":
                assert {alias.name for alias in node.names} <= set(isthmus.__all__), page


def test_study_files_in_the_documents_are_well_formed() -> None:
    from isthmus.study.config import parse_study

    found = [text for _, text in blocks("yaml") if re.search(r"^source:", text, re.M)]
    assert found
    for text in found:
        parse_study(yaml.safe_load(text))


def test_every_option_of_a_study_is_documented() -> None:
    text = (ROOT / "docs" / "study-file.md").read_text("utf-8")
    schema = isthmus.study_schema()
    sections = [schema, *schema["$defs"].values()]
    names = {name for section in sections for name in section.get("properties", {})}
    assert len(names) > 30
    assert sorted(name for name in names if not re.search(rf"^\| `{name}` +\|", text, re.M)) == []


def test_the_site_lists_every_page_and_loads_nothing_from_elsewhere() -> None:
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))
    listed = re.findall(r"[\w/-]+\.md", str(site["nav"]))
    assert sorted(listed) == sorted(
        p.relative_to(ROOT / "docs").as_posix() for p in (ROOT / "docs").rglob("*.md")
    )
    assert site["theme"]["font"] is False
    assert not site.get("extra_javascript")
    assert not site.get("extra_css")


def test_links_between_documents_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if not target.startswith(("http://", "https://")):
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_vendored_scripts_come_with_their_licences() -> None:
    vendor = PACKAGE / "report" / "vendor"
    licences = (vendor / "LICENSES.txt").read_text("utf-8")
    for script in vendor.glob("*.js"):
        version = re.search(rf"{re.escape(script.name)}\s+\S+ (\d+\.\d+\.\d+)", licences)
        assert version, script.name
        assert version.group(1) in script.read_text("utf-8")
    assert licences.count("Redistribution and use in source and binary forms") >= 1
    assert "Apache License" in (ROOT / "LICENSE").read_text("utf-8")
