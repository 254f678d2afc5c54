"""Archives, unpacked member by member: nothing outside the folder, no links, bounded, whole.

Zip and tar (plain, gzip, bzip2, xz). Every member is a regular file or a folder; its name stays
inside the folder; what it unpacks to is counted while it is written, whatever the archive claims.
A file is written under another name and renamed; unpacking again goes on after the last whole
file.
"""

from __future__ import annotations

import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from isthmus.errors import InputError
from isthmus.files import atomic_path, safe_join

MAX_MEMBERS = 10_000_000
MAX_RATIO = 200
"""Bytes that an archive may unpack to, for each of its own."""
SLACK = 1 << 26
"""Bytes to which any archive may unpack, however small it is."""
BLOCK = 1 << 20
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    size: int
    crc: int | None
    open: Callable[[], IO[bytes] | None]


def is_archive(path: Path) -> bool:
    """True if the file's contents are those of a zip or tar archive."""
    if not path.is_file():
        return False
    try:
        return zipfile.is_zipfile(path) or tarfile.is_tarfile(path)
    except (OSError, EOFError, zlib.error):
        return False


def extract(archive: Path, folder: Path, *, progress: Progress | None = None) -> list[Path]:
    """Unpack `archive` below `folder`; returns the files, those that were there already too.

    Raises:
        InputError: no archive, damaged, too large, or holding what has no place in one. What was
            unpacked before stays; nothing is half there.
    """
    try:
        with _opened(archive) as members:
            return _unpack(members, archive, folder, progress)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
        raise InputError(f"{archive}: damaged archive ({error}); fetch it again") from error
    except (NotImplementedError, RuntimeError) as error:
        raise InputError(f"{archive}: cannot be unpacked ({error})") from error
    except OSError as error:
        raise InputError(f"{archive}: cannot be unpacked to {folder} ({error})") from error


class _opened:  # noqa: N801  # a context manager, used as a function
    """The members of an archive, all of them looked at before the first is unpacked."""

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self._handle: Any = None

    def __enter__(self) -> list[_Member]:
        archive = self._archive
        if not archive.is_file():
            raise InputError(f"{archive}: no such file")
        try:
            if zipfile.is_zipfile(archive):
                self._handle = zipfile.ZipFile(archive)
                return list(_zip_members(archive, self._handle))
            if tarfile.is_tarfile(archive):
                self._handle = tarfile.open(archive)  # closed on exit
                return list(_tar_members(archive, self._handle))
        except BaseException:
            self.__exit__()
            raise
        raise InputError(f"{archive}: neither a zip nor a tar archive, or damaged at its end")

    def __exit__(self, *error: object) -> None:
        if self._handle is not None:
            self._handle.close()


def _zip_members(archive: Path, handle: zipfile.ZipFile) -> Iterator[_Member]:
    for info in handle.infolist():
        mode = info.external_attr >> 16
        kind = mode & 0o170000
        if info.is_dir():
            continue
        if kind not in (0, 0o100000):
            raise InputError(f"{archive}: {info.filename!r} is a link or a device: refused")
        if info.flag_bits & 1:
            raise InputError(f"{archive}: {info.filename!r} is encrypted")
        yield _Member(info.filename, info.file_size, info.CRC, lambda i=info: handle.open(i))  # type: ignore[misc]


def _tar_members(archive: Path, handle: tarfile.TarFile) -> Iterator[_Member]:
    for info in handle:
        if info.isdir():
            continue
        if not info.isreg():
            raise InputError(f"{archive}: {info.name!r} is a link or a device: refused")
        yield _Member(info.name, info.size, None, lambda i=info: handle.extractfile(i))  # type: ignore[misc]
    _require_end(archive, handle)


def _require_end(archive: Path, handle: tarfile.TarFile) -> None:
    """Refuse a tar archive that stops before its end.

    `tarfile` takes a header that it cannot read for the end; POSIX marks the end by blocks of
    zeros. What follows the last member has to be zeros alone.
    """
    rest: Any = handle.fileobj
    rest.seek(handle.offset)
    zeros = 0
    while block := rest.read(BLOCK):
        if block.strip(b"\0"):
            raise tarfile.ReadError(f"no member at byte {handle.offset}, and not its end")
        zeros += len(block)
        if zeros > SLACK:
            raise tarfile.ReadError(f"more than {SLACK} bytes of zeros at its end")
    if zeros < tarfile.BLOCKSIZE:
        raise tarfile.ReadError("cut off: it lacks the zeros that mark its end")


def _unpack(
    members: list[_Member], archive: Path, folder: Path, progress: Progress | None
) -> list[Path]:
    if len(members) > MAX_MEMBERS:
        raise InputError(f"{archive}: more than {MAX_MEMBERS} files")
    total = sum(member.size for member in members)
    limit = max(SLACK, MAX_RATIO * archive.stat().st_size)
    if total > limit:
        raise InputError(f"{archive}: claims to unpack to {total} bytes, more than {limit}")
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    targets = [_target(member, archive, folder) for member in members]
    if len(set(targets)) != len(targets):
        raise InputError(f"{archive}: two files have one name")
    lacking = [m.size for m, t in zip(members, targets, strict=True) if not _there(t, m)]
    if sum(lacking) > free:
        raise InputError(f"{folder}: {sum(lacking)} bytes are needed, {free} are free")
    for index, (member, target) in enumerate(zip(members, targets, strict=True), start=1):
        if not _there(target, member):
            with atomic_path(target) as temporary:
                _write(member, temporary, archive)
        if progress:
            progress(index, len(members), f"unpacking {archive.name}")
    return targets


def _target(member: _Member, archive: Path, folder: Path) -> Path:
    name = member.name.replace("\\", "/")
    try:
        target = safe_join(folder, name)
    except InputError as error:
        raise InputError(f"{archive}: {error}") from None
    if target == folder.resolve():
        raise InputError(f"{archive}: {member.name!r} is no name of a file")
    return target


def _there(target: Path, member: _Member) -> bool:
    """True if the file was unpacked before; a zip archive says what it has to hold."""
    try:
        if not target.is_file() or target.stat().st_size != member.size:
            return False
        if member.crc is None:
            return True
        crc = 0
        with target.open("rb") as handle:
            while block := handle.read(BLOCK):
                crc = zlib.crc32(block, crc)
        return crc == member.crc
    except OSError:
        return False


def _write(member: _Member, target: Path, archive: Path) -> None:
    source = member.open()
    if source is None:
        raise InputError(f"{archive}: {member.name!r} cannot be read")
    written = 0
    with source, target.open("wb") as handle:
        while block := source.read(BLOCK):
            written += len(block)
            if written > member.size:
                raise InputError(f"{archive}: {member.name!r} is larger than it claims")
            handle.write(block)
    if written != member.size:
        raise InputError(f"{archive}: {member.name!r} is shorter than it claims")
