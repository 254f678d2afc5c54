"""Public data sets that can be fetched: parts, published sizes and digests, licence.

Sizes are published rounded; a file has to be within the rounding, in either unit (10⁹ or 2³⁰
bytes). The address may be replaced by a mirror or a local folder: sizes and digests stay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from isthmus.data.archives import extract, is_archive
from isthmus.data.download import Expected, check, download
from isthmus.errors import ConfigError, InputError

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Part:
    """One archive of a data set."""

    file: str
    expected: Expected


@dataclass(frozen=True, slots=True)
class Published:
    """A data set as it is published."""

    title: str
    licence: str
    address: str
    parts: dict[str, Part]


def _expected(amount: float, step: float, unit: int, md5: str) -> Expected:
    """`amount` in steps of `step`, of 1000 ** unit or 1024 ** unit bytes."""
    return Expected(int((amount - step) * 1000**unit), int((amount + step) * 1024**unit), md5)


CATALOG = {
    "bdd100k": Published(
        "BDD100K (Yu et al., CVPR 2020)",
        "Copyright ©2018 The Regents of the University of California. Use, copying, modification "
        "and distribution for educational, research and not-for-profit purposes, without fee and "
        "without a signed licensing agreement; commercial use needs a licence from the "
        "university's Office of Technology Licensing. The full text: https://doc.bdd100k.com/license.html",
        "https://dl.cv.ethz.ch/bdd100k/data/",
        {
            "images-100k": Part(
                "bdd100k_images_100k.zip",
                _expected(5.3, 0.05, 3, "5a0359c86a0b8713adab1eee9a3041cb"),
            ),
            "images-10k": Part(
                "bdd100k_images_10k.zip",
                _expected(1.1, 0.05, 3, "08f26aecceda982568063d3d5873378e"),
            ),
            "labels": Part(
                "bdd100k_labels.zip", _expected(107, 0.5, 2, "e21be3e7d6a07ee439faf61e769667e4")
            ),
            "info": Part(
                "bdd100k_info.zip", _expected(3.9, 0.05, 2, "043811ff34b2fca6d50f37d263a65c93")
            ),
        },
    ),
}
"""Name → data set; sizes and digests as its documentation gives them."""


def fetch_dataset(
    name: str,
    part: str,
    out: Path | str,
    *,
    accept_licence: bool = False,
    base: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Fetch, check and unpack one part of a public data set; goes on where it stopped.

    Args:
        name: a name in `CATALOG`.
        part: one of its parts.
        out: folder to unpack to; the archive is kept beside, in ``archives``.
        accept_licence: the licence has been read and is accepted.
        base: address or folder of a mirror, or the archive itself.
        progress: called with (done, in all, what).

    Returns the folder. A folder without the archive is taken as unpacked already and returned.

    Raises:
        ConfigError: no such data set or part, or the licence is not accepted.
        InputError: it cannot be fetched, is not the published file, or cannot be unpacked.
    """
    published = CATALOG.get(name)
    if published is None or part not in published.parts:
        known = ", ".join(f"{n} --part {p}" for n, s in CATALOG.items() for p in s.parts)
        raise ConfigError(f"{name} --part {part}: not in the catalog; known: {known}")
    if not accept_licence:
        raise ConfigError(
            f"{published.title} comes under this licence:\n{published.licence}\n"
            "If you accept it, run the command again with --accept-licence"
        )
    wanted = published.parts[part]
    out = Path(out)
    source = base or published.address
    if urlsplit(source).scheme in ("http", "https"):
        address = source if source.endswith(".zip") else f"{source.rstrip('/')}/{wanted.file}"
        kept = out / "archives" / wanted.file
        archive = download(address, kept, wanted.expected, progress=progress)
    else:
        place = Path(source)
        archive = place / wanted.file if place.is_dir() else place
        if place.is_dir() and not archive.exists() and any(place.iterdir()):
            return place
        if not archive.is_file():
            raise InputError(f"{archive}: no such file; expected {wanted.file} there")
        check(archive, wanted.expected)
    if not is_archive(archive):
        raise InputError(f"{archive}: not an archive, though its size and digest are right")
    extract(archive, out, progress=progress)
    return out
