"""Atomic files, safe paths, canonical JSON, locks."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus import files
from isthmus.errors import InputError


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path):
    path = tmp_path / "a.txt"
    files.write_text(path, "old")

    class Broken(Exception):
        pass

    def write_half() -> None:
        with files.atomic_path(path) as temporary:
            temporary.write_text("half")
            raise Broken

    with pytest.raises(Broken):
        write_half()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "link/x", "\0"])
def test_paths_that_leave_the_root_are_refused(tmp_path, name):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(InputError, match=r"leads out|not a usable"):
        files.safe_join(root, name)


def test_paths_inside_are_joined(tmp_path):
    assert files.safe_join(tmp_path, "a/../b/c.jpg") == tmp_path.resolve() / "b/c.jpg"


@given(st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False, allow_infinity=False)))
def test_canonical_json_ignores_insertion_order_and_reads_back(value):
    turned = dict(reversed(list(value.items())))
    assert files.canonical_json(value) == files.canonical_json(turned)
    assert json.loads(files.canonical_json(value)) == value


def test_json_refuses_nan(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "x.json", {"a": float("nan")})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_bad_json_is_an_input_error_with_the_path(tmp_path, content):
    path = tmp_path / "labels.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"labels\.json"):
        files.read_json(path)


def test_missing_and_huge_json_are_input_errors(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        files.read_json(tmp_path / "none.json")
    (tmp_path / "big.json").write_text("[1, 2, 3]")
    with pytest.raises(InputError, match="limit"):
        files.read_json(tmp_path / "big.json", limit_bytes=4)


def test_stale_temporaries_are_swept_and_fresh_ones_kept(tmp_path):
    old, new = tmp_path / ".tmp-1-a", tmp_path / ".tmp-2-b"
    old.write_text("")
    new.write_text("")
    os.utime(old, (0, 0))
    files.sweep_temporaries(tmp_path)
    assert not old.exists()
    assert new.exists()


def test_a_folder_to_write_to_is_made_and_left_clean(tmp_path):
    folder = tmp_path / "a" / "b"
    files.make_folder(folder)
    assert folder.is_dir()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_folder_that_cannot_be_made_is_said_with_its_name(tmp_path, name):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(InputError, match=rf"{name}: cannot be written to .*another place"):
        files.make_folder(tmp_path / name)
    assert (tmp_path / "file").read_text() == "kept"


def test_a_lock_is_exclusive_and_dies_with_its_holder(tmp_path):
    lock = tmp_path / "lock"
    code = (
        "import sys, pathlib, isthmus.files as f\n"
        "try:\n"
        "    with f.exclusive_lock(pathlib.Path(sys.argv[1])): print('held')\n"
        "except f.InputError as e: print(e)\n"
    )

    def other() -> str:
        return subprocess.run(
            [sys.executable, "-c", code, str(lock)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout

    with files.exclusive_lock(lock):
        assert "another isthmus process" in other()
    assert other() == "held\n"


def test_a_name_that_no_file_can_have_is_refused(tmp_path):
    with pytest.raises(InputError, match="not a usable file name"):
        files.safe_join(tmp_path, "9" * 3000)
