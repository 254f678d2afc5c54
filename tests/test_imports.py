"""Who may import whom, what `import isthmus` may load, and what is public."""

from __future__ import annotations

import ast
import configparser
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import isthmus

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "isthmus"
BASE = {"errors", "files", "seeds", "option_file"}
MAY_IMPORT: dict[str, set[str]] = {
    "compute": set(),
    "data": set(),
    "features": {"data"},
    "hydrometeors": set(),
    "synth": {"data", "hydrometeors"},
    "detect": {"data"},
    "augment": {"data", "features", "hydrometeors", "detect"},
    "gap": {"data", "features"},
    "quality": {"data", "features"},
    "cornercases": {"data", "features", "quality"},
    "adapt": {"data", "augment", "detect", "gap"},
    "study": {
        "data", "features", "synth", "detect", "augment", "gap", "quality", "cornercases", "adapt",
    },
    "report": set(),
    "cli": {
        "console", "cli_adapt", "cli_augment", "cli_cases", "cli_data", "cli_synth",
        "cli_translate",
    },
    "cli_adapt": {"console"},
    "cli_augment": {"console", "console_augment", "augment"},
    "cli_data": {"console"},
    "cli_translate": {"console", "console_translate"},
    "cli_synth": {"console", "console_synth", "synth"},
    "cli_cases": {"console", "console_cases"},
    "console": set(),
    "console_augment": {"console"},
    "console_cases": {"console"},
    "console_synth": {"console"},
    "console_translate": {"console"},
}  # fmt: skip
EXCEPTIONS = {("study.api", "report")}  # the last step of a study writes its report
HEAVY = ("torch", "sklearn", "scipy", "pyarrow", "altair", "PIL", "jinja2", "pydantic", "rich")


def imports_of(path: Path) -> Iterator[str]:
    """Names of the parts of isthmus that a file imports, those for type checkers left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("isthmus."))


def rooms() -> set[str]:
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    files = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    return (folders | files) - BASE


def test_every_room_has_its_rule() -> None:
    assert rooms() == set(MAY_IMPORT)


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    folder = PACKAGE / room
    paths = sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{room}.py"]
    allowed = MAY_IMPORT[room] | BASE | {room, "compute"}
    for path in paths:
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for used in set(imports_of(path)) & rooms():
            assert used in allowed or (module, used) in EXCEPTIONS, f"{module} imports {used}"


def test_the_base_imports_no_room() -> None:
    for name in BASE:
        assert set(imports_of(PACKAGE / f"{name}.py")) <= BASE


def test_import_linter_is_told_the_same() -> None:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    told = {}
    for section in contracts.sections()[1:]:
        (source, *others) = contracts[section]["source_modules"].split()
        if not others:
            forbidden = contracts[section]["forbidden_modules"].split()
            told[source.removeprefix("isthmus.")] = {f.removeprefix("isthmus.") for f in forbidden}
    assert set(told) == set(MAY_IMPORT)
    for room, forbidden in told.items():
        never = rooms() - MAY_IMPORT[room] - {room}
        assert forbidden - {"compute"} == never - {"compute"}, room
    spared = contracts["importlinter:contract:study"]["ignore_imports"].split()
    assert spared == ["isthmus.study.api", "->", "isthmus.report.document"]


@pytest.mark.parametrize("statement", ["import isthmus", "import isthmus.errors, isthmus.files"])
def test_importing_isthmus_loads_nothing_heavy(statement: str) -> None:
    check = f"{statement}; import sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_line_loads_no_network_library() -> None:
    heavy = tuple(name for name in HEAVY if name not in ("rich", "pydantic"))
    check = f"import isthmus.cli, sys; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_are_sorted_and_exist() -> None:
    assert isthmus.__all__ == sorted(isthmus.__all__)
    assert len(set(isthmus.__all__)) == len(isthmus.__all__)
    for name in isthmus.__all__:
        assert getattr(isthmus, name).__doc__, name
    assert set(isthmus.__all__) <= set(dir(isthmus))


def test_no_public_name_has_vanished() -> None:
    """Taking a name away breaks other people's programs: do it on purpose, and say so."""
    published = {
        "Box", "Dataset", "Estimate", "Frame", "IsthmusError", "SealedTest", "UnlabeledView",
        "augment_dataset", "extract_features", "load_extractor", "load_study", "local_executor",
        "measure", "measure_gap", "read_dataset", "run_demo", "run_study",
        "study_schema", "write_dataset", "write_report",
    }  # fmt: skip
    assert published <= set(isthmus.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'measure_everything'"):
        isthmus.measure_everything  # noqa: B018
