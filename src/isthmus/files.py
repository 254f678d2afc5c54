"""Files that are whole or absent: atomic writes, hashes, locks, and paths that stay inside.

A reader never meets half a file: contents go to a uniquely named temporary file in the same
folder, are flushed to disk, and take their final name in one step. Two writers of one name
do not disturb each other; the last one wins with a whole file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isthmus.errors import InputError

TEMPORARY_PREFIX = ".tmp-"
STALE_SECONDS = 24 * 3600


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block ends without an exception."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}-{path.name}"
    try:
        yield temporary
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all.

    A file that holds these very bytes stays as it is: what rests on it is still up to date.
    """
    with contextlib.suppress(OSError):
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, content: str) -> None:
    """Write UTF-8 text to `path`, whole or not at all."""
    write_bytes(path, content.encode("utf-8"))


def canonical_json(value: Any, *, indent: int | None = None) -> str:
    """Text that is equal for equal values: sorted keys, UTF-8, no NaN or infinity."""
    separators = (",", ":") if indent is None else (",", ": ")
    return json.dumps(
        value,
        sort_keys=True,
        ensure_ascii=False,
        allow_nan=False,
        indent=indent,
        separators=separators,
    )


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented canonical JSON, whole or not at all."""
    write_text(path, canonical_json(value, indent=1) + "\n")


def read_json(path: Path, *, limit_bytes: int = 4 << 30) -> Any:
    """Read JSON; a missing, huge or malformed file is an `InputError` that names it."""
    try:
        size = path.stat().st_size
        if size > limit_bytes:
            raise InputError(f"{path}: {size} bytes, more than the limit of {limit_bytes}")
        with path.open("rb") as handle:
            return json.load(handle)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    except RecursionError:
        raise InputError(f"{path}: not usable JSON (nested too deeply)") from None
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON ({error})") from error


def digest_of(value: Any) -> str:
    """SHA-256 (hex) of a JSON-like value."""
    return hashlib.sha256(canonical_json(value).encode("utf-8")).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes, read in blocks."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def safe_join(root: Path, name: str) -> Path:
    """`root / name`, refused when it leaves `root` (absolute, `..`, a link that leads out)."""
    base = root.resolve()
    try:
        joined = (base / name).resolve()
        joined.exists()  # a name that is too long is told here, and not by whoever looks for it
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{name!r}: not a usable file name ({error})") from error
    if not joined.is_relative_to(base):
        raise InputError(f"{name!r}: leads out of {root}; only files inside it are read")
    return joined


def sweep_temporaries(folder: Path) -> None:
    """Remove temporary files that a killed process left over a day ago."""
    now = time.time()
    for leftover in folder.rglob(f"{TEMPORARY_PREFIX}*"):
        with contextlib.suppress(OSError):
            if leftover.is_file() and now - leftover.stat().st_mtime > STALE_SECONDS:
                leftover.unlink()


def cache_folder() -> Path:
    """The user's folder for what can be made again; it may not exist yet."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "isthmus"


def make_folder(path: Path) -> None:
    """Make `path` and try to write there: what would fail after hours of work is said at once.

    Raises:
        InputError: no file can be written there.
    """
    probe = path / f"{TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = "a file, not a folder" if path.is_file() else error.strerror
        raise InputError(f"{path}: cannot be written to ({reason}); choose another place") from None


def check_output(file: Path, what: str = "this output") -> None:
    """Refuse a place that a file cannot be written to before the work, not after it.

    Raises:
        InputError: it is a folder, or no file can be written beside it.
    """
    if file.is_dir():
        raise InputError(f"{file}: a folder; {what} takes the name of a file")
    make_folder(file.parent)


@contextlib.contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Hold an advisory lock on `path`; a second holder gets an `InputError` at once.

    The operating system drops the lock when the process dies, however it dies.
    """
    import fcntl

    make_folder(path.parent)
    with path.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(
                f"{path.parent}: another isthmus process is working here; "
                "wait for it to end, or give this run another folder"
            ) from None
        yield
