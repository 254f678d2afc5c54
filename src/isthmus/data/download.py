"""Downloads that go on where they stopped, and are checked before anyone uses them.

What has arrived lies in ``NAME.part``; a dropped connection is taken up by an HTTP range, in
this run or in a later one. The size is bounded whatever the server says, and the digest is taken
over the whole file before it gets its name.
"""

from __future__ import annotations

import hashlib
import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from isthmus.errors import InputError
from isthmus.files import make_folder

BLOCK = 1 << 20
ATTEMPTS = 8
TIMEOUT_S = 60.0
FULL, PARTIAL, UNSATISFIABLE = 200, 206, 416
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file has to be.

    Attributes:
        fewest, most: its size in bytes lies between these (published sizes are rounded).
        md5: of its contents, hex; None if none is published.
    """

    fewest: int = 0
    most: int = 1 << 40
    md5: str | None = None


class _Stopped(Exception):  # noqa: N818  # not an error: the next attempt goes on from there
    """The connection ended before the file did."""


class _SameScheme(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from https to anything else nor to another kind of address."""

    def redirect_request(  # noqa: PLR0917  # the standard library's signature
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        old, new = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if new != "https" and not (new == old == "http"):
            raise InputError(f"{req.full_url}: leads on to {newurl}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(
    url: str,
    target: Path,
    expected: Expected,
    *,
    attempts: int = ATTEMPTS,
    pause: Callable[[float], None] = time.sleep,
    progress: Progress | None = None,
) -> Path:
    """Fetch `url` to `target`; a file that is there and right is not fetched again.

    Raises:
        InputError: the address, the size or the digest is wrong, or the connection fails over and
            over. What has arrived stays for the next time, unless it is wrong.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise InputError(f"{url}: not an address that begins with https:// or http://")
    if target.is_file():
        check(target, expected)
        return target
    make_folder(target.parent)
    part = target.with_name(f"{target.name}.part")
    for attempt in range(attempts):
        before = part.stat().st_size if part.is_file() else 0
        try:
            _fetch(url, part, expected, progress)
            break
        except (_Stopped, http.client.HTTPException, OSError) as error:
            if isinstance(error, urllib.error.HTTPError) and error.code < 500:
                raise InputError(f"{url}: the server says {error.code} {error.reason}") from error
            if attempt + 1 == attempts:
                got = part.stat().st_size if part.is_file() else 0
                raise InputError(
                    f"{url}: the connection failed {attempts} times ({error}); {got} bytes are "
                    f"kept in {part}, the same command goes on from there"
                ) from error
            # A server that goes on sending is asked again at once, one that does not is spared.
            after = part.stat().st_size if part.is_file() else 0
            pause(0.0 if after > before else min(2.0**attempt, 60.0))
    try:
        check(part, expected)
    except InputError:
        part.unlink()
        raise
    part.replace(target)
    return target


def check(path: Path, expected: Expected) -> None:
    """Raise an `InputError` unless the file has the size and the digest that it has to have."""
    size = path.stat().st_size
    if not expected.fewest <= size <= expected.most:
        raise InputError(
            f"{path}: {size} bytes, expected {expected.fewest} to {expected.most}; remove it and "
            "fetch it again"
        )
    if expected.md5:
        with path.open("rb") as handle:
            found = hashlib.file_digest(handle, lambda: hashlib.md5(usedforsecurity=False))
        if found.hexdigest() != expected.md5:
            raise InputError(
                f"{path}: md5 {found.hexdigest()}, published is {expected.md5}: not the published "
                "file, or damaged on the way; remove it and fetch it again"
            )


def _fetch(url: str, part: Path, expected: Expected, progress: Progress | None) -> None:
    start = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})  # noqa: S310  # http(s), checked above
    opener = urllib.request.build_opener(_SameScheme)
    try:
        response = opener.open(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == UNSATISFIABLE and start:
            return  # all of it is there; the check says whether it is right
        raise
    with response:
        start, total = _extent(url, response, start)
        if total is not None and not expected.fewest <= total <= expected.most:
            raise InputError(
                f"{url}: the server says {total} bytes, expected {expected.fewest} to "
                f"{expected.most}: not the published file"
            )
        with part.open("r+b" if start else "wb") as handle:
            handle.seek(start)
            handle.truncate()
            got = start
            while block := response.read1(BLOCK):
                got += len(block)
                if got > expected.most or (total is not None and got > total):
                    raise InputError(f"{url}: sends more than it says; stopped")
                handle.write(block)
                if progress:
                    progress(got, total or got, f"fetching {part.stem}")
    if total is not None and got < total:
        raise _Stopped(f"{got} of {total} bytes arrived")


def _extent(url: str, response: Any, start: int) -> tuple[int, int | None]:
    """(byte at which the answer begins, size of the whole file if the server says so)."""
    if response.status == PARTIAL:
        found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if not found or int(found[1]) != start:
            raise InputError(f"{url}: the server answers with another range than asked for")
        return start, int(found[3])
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None
