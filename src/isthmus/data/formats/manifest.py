"""A data set's own Parquet file as a format; see `isthmus.data.manifest`."""

from __future__ import annotations

from pathlib import Path

from isthmus.data.dataset import Dataset
from isthmus.data.formats.records import ImageCheck
from isthmus.data.manifest import load_manifest
from isthmus.errors import InputError


class Manifest:
    """Reader of manifests; images are not decoded again."""

    name = "manifest"

    def detect(self, path: Path) -> bool:
        """A Parquet file."""
        return path.suffix.lower() == ".parquet" and path.is_file()

    def read(self, path: Path, *, images: Path | None, check: ImageCheck) -> Dataset:
        """See `Format.read`."""
        if images is not None:
            raise InputError(f"{path}: a manifest knows its images; leave out the option images")
        return load_manifest(path)
