"""Fetching from a server that drops connections, lies about sizes and serves a corrupt archive."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from isthmus.data import archives, catalog, download
from isthmus.data.archives import extract, is_archive
from isthmus.data.catalog import Part, fetch_dataset
from isthmus.data.download import Expected
from isthmus.errors import ConfigError, InputError


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


FILES = {"bdd100k/labels/a.json": b"[]" * 3000, "bdd100k/b.txt": b"text"}
CONTENT = zipped(FILES)
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
RIGHT = Expected(len(CONTENT), len(CONTENT), MD5)


@dataclass
class Server:
    """What the server does.

    Attributes:
        content: what it serves.
        drop: bytes after which each of its first answers ends.
        ranges: whether it knows ranges.
        claim: size that it claims; the true one by default.
        redirect: where it sends everyone.
        asked: the Range header of every request.
    """

    content: bytes = CONTENT
    drop: list[int] = field(default_factory=list)
    ranges: bool = True
    claim: int | None = None
    redirect: str | None = None
    asked: list[str | None] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            state.asked.append(wanted)
            if state.redirect:
                self.send_response(302)
                self.send_header("Location", state.redirect)
                self.end_headers()
                return
            size = len(state.content) if state.claim is None else state.claim
            start = int(re.findall(r"\d+", wanted)[0]) if wanted and state.ranges else 0
            if start >= len(state.content):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
            self.send_header("Content-Length", str(size - start))
            self.end_headers()
            sent = state.content[start:]
            self.wfile.write(sent[: state.drop.pop(0)] if state.drop else sent)

        def log_message(self, *arguments: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state.url = f"http://127.0.0.1:{running.server_port}/set.zip"
    yield state
    running.shutdown()
    running.server_close()
    thread.join()


def fetch(server: Server, folder: Path, expected: Expected = RIGHT, **options) -> Path:
    pauses: list[float] = []
    return download.download(
        server.url, folder / "set.zip", expected, pause=pauses.append, **options
    )


def test_dropped_connections_are_taken_up(server, tmp_path):
    server.drop = [1000, 500, 0, 700]
    path = fetch(server, tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.asked == [None, "bytes=1000-", "bytes=1500-", "bytes=1500-", "bytes=2200-"]
    assert fetch(server, tmp_path) == path  # it is there: nothing is asked
    assert len(server.asked) == 5
    assert [p.name for p in tmp_path.iterdir()] == ["set.zip"]


def test_a_later_run_goes_on(server, tmp_path):
    server.drop = [1000, 0]
    with pytest.raises(
        InputError, match=r"failed 2 times .*1000 bytes are kept in .*set\.zip\.part"
    ):
        fetch(server, tmp_path, attempts=2)
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.asked[-1] == "bytes=1000-"


def test_a_server_without_ranges_starts_again(server, tmp_path):
    server.ranges, server.drop = False, [1000]
    assert fetch(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("claim", [10, len(CONTENT) + 1, 10**12])
def test_a_wrong_size_is_refused_before_the_download(server, tmp_path, claim):
    server.claim = claim
    with pytest.raises(InputError, match=f"the server says {claim} bytes"):
        fetch(server, tmp_path)
    assert not (tmp_path / "set.zip").exists()


def test_a_server_that_sends_without_end_is_stopped(server, tmp_path):
    server.content = CONTENT * 400
    server.claim = None
    with pytest.raises(InputError, match="expected"):
        fetch(server, tmp_path, Expected(0, len(CONTENT), MD5))
    assert not (tmp_path / "set.zip").exists()


def test_a_corrupt_file_is_refused_and_removed(server, tmp_path):
    server.content = CONTENT[:-1] + b"?"
    with pytest.raises(InputError, match=f"published is {MD5}"):
        fetch(server, tmp_path)
    assert not list(tmp_path.iterdir())


def test_redirects_to_files_are_not_followed(server, tmp_path):
    server.redirect = "file:///etc/passwd"
    with pytest.raises(InputError, match=r"not followed|the server says"):
        fetch(server, tmp_path)
    with pytest.raises(InputError, match="not an address"):
        download.download("file:///etc/passwd", tmp_path / "x", RIGHT)


@pytest.fixture
def offered(server, monkeypatch) -> Server:
    """The catalog with one small part."""
    parts = {"labels": Part("set.zip", RIGHT)}
    published = catalog.CATALOG["bdd100k"]
    small = catalog.Published(published.title, published.licence, server.url[:-7], parts)
    monkeypatch.setitem(catalog.CATALOG, "bdd100k", small)
    return server


def test_the_licence_comes_first(offered, tmp_path):
    with pytest.raises(ConfigError, match="Regents of the University of California"):
        fetch_dataset("bdd100k", "labels", tmp_path)
    assert not offered.asked


def test_fetched_checked_and_unpacked(offered, tmp_path):
    offered.drop = [300]
    out = fetch_dataset("bdd100k", "labels", tmp_path, accept_licence=True)
    assert {n: (out / n).read_bytes() for n in FILES} == FILES
    before = len(offered.asked)
    (out / "bdd100k" / "b.txt").write_text("cut")
    fetch_dataset("bdd100k", "labels", tmp_path, accept_licence=True)
    assert (out / "bdd100k" / "b.txt").read_bytes() == b"text"
    assert len(offered.asked) == before


def test_a_local_archive_or_folder_works_the_same(offered, tmp_path):
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "set.zip").write_bytes(CONTENT)
    for base in (mirror, mirror / "set.zip"):
        out = tmp_path / f"out-{base.name}"
        fetch_dataset("bdd100k", "labels", out, accept_licence=True, base=str(base))
        assert (out / "bdd100k" / "b.txt").read_bytes() == b"text"
    unpacked = tmp_path / "out-mirror"
    again = fetch_dataset("bdd100k", "labels", tmp_path / "x", accept_licence=True,
                          base=str(unpacked))  # fmt: skip
    assert again == unpacked
    (mirror / "set.zip").write_bytes(CONTENT[:-1])
    with pytest.raises(InputError, match="expected"):
        fetch_dataset("bdd100k", "labels", tmp_path / "y", accept_licence=True, base=str(mirror))
    assert not offered.asked


@pytest.mark.parametrize("names", [("kitti", "labels"), ("bdd100k", "videos")])
def test_what_is_not_in_the_catalog(names, tmp_path):
    with pytest.raises(ConfigError, match="known: bdd100k --part images-100k"):
        fetch_dataset(*names, tmp_path, accept_licence=True)


def test_published_sizes_allow_for_their_rounding():
    labels = catalog.CATALOG["bdd100k"].parts["labels"].expected
    assert labels.fewest <= 107_000_000 <= labels.most
    assert labels.fewest <= 107 * 1024**2 <= labels.most
    assert labels.most < 1.06 * labels.fewest


def tar_with(*infos: tuple[str, bytes, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, kind, content in infos:
            info = tarfile.TarInfo(name)
            info.type, info.size = kind, len(content)
            info.linkname = "/etc/passwd" if kind != tarfile.REGTYPE else ""
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


HOSTILE = {
    "up.zip": (zipped({"../out.txt": b"x"}), "leads out"),
    "absolute.zip": (zipped({"/tmp/out.txt": b"x"}), "leads out"),
    "windows.zip": (zipped({"..\\out.txt": b"x"}), "leads out"),
    "bomb.zip": (None, "claims to unpack to"),
    "cut.zip": (CONTENT[: len(CONTENT) // 2], "neither a zip nor a tar"),
    "up.tar.gz": (tar_with(("../out.txt", tarfile.REGTYPE, b"x")), "leads out"),
    "link.tar.gz": (tar_with(("a", tarfile.SYMTYPE, b""), ("a/x", tarfile.REGTYPE, b"x")), "link"),
    "hard.tar.gz": (tar_with(("a", tarfile.LNKTYPE, b"")), "link"),
    "device.tar.gz": (tar_with(("a", tarfile.CHRTYPE, b"")), "device"),
    "text.zip": (b"hello", "neither a zip nor a tar"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused(tmp_path, monkeypatch, name):
    content, reason = HOSTILE[name]
    if content is None:
        monkeypatch.setattr(archives, "SLACK", 1000)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("zeros", b"\0" * 10**6)
        content = buffer.getvalue()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=reason) as caught:
        extract(tmp_path / name, tmp_path / "in")
    assert name in str(caught.value)
    left = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert left == [tmp_path / name]


def test_damage_inside_a_member_is_found(tmp_path):
    content = bytearray(CONTENT)
    content[60] ^= 0xFF  # inside the first file
    (tmp_path / "bad.zip").write_bytes(content)
    assert is_archive(tmp_path / "bad.zip")
    with pytest.raises(InputError, match="damaged archive"):
        extract(tmp_path / "bad.zip", tmp_path / "in")
    assert not [p for p in (tmp_path / "in").rglob("*") if p.is_file()]


def test_tar_archives(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(tar_with(("x/y.txt", tarfile.REGTYPE, b"hi")))
    (path,) = extract(tmp_path / "a.tar.gz", tmp_path / "in")
    assert path == tmp_path / "in" / "x" / "y.txt"
    assert path.read_bytes() == b"hi"


@pytest.mark.parametrize("damage", ["cut", "header", "more"])
def test_a_tar_archive_that_stops_early_is_refused(tmp_path, damage):
    """Python's tarfile takes a header that it cannot read for the end of the archive."""
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as whole:
        for name in ("one.txt", "two.txt"):
            info = tarfile.TarInfo(name)
            info.size = 600
            whole.addfile(info, io.BytesIO(b"x" * 600))
    content = archive.read_bytes()
    second = 512 + 1024
    changed = {
        "cut": content[:second],
        "header": content[:second] + b"\xff" + content[second + 1 :],
        "more": content[:second] + b"\0" * 1024 + content[second:],
    }[damage]
    archive.write_bytes(changed)
    with pytest.raises(InputError, match=r"a\.tar: damaged archive"):
        extract(archive, tmp_path / "out")
    archive.write_bytes(content)
    assert [f.name for f in extract(archive, tmp_path / "out")] == ["one.txt", "two.txt"]
