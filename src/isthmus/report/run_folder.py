"""Reading what a study wrote: the result document of each stage, the manifest, the study file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from isthmus import files
from isthmus.errors import InputError
from isthmus.report.fields import Document, text
from isthmus.report.pictures import Pictures

SCHEMAS = {
    "data": "isthmus.data/1",
    "conditions": "isthmus.conditions/1",
    "gap": "isthmus.gap/1",
    "generate": "isthmus.generate/1",
    "train": "isthmus.train/1",
    "score": "isthmus.score/1",
    "takeaway": "isthmus.takeaway/1",
}
EXPLANATION = "explain"
"""Not a stage of a study: what a measurement adds to its gap."""
_LIMIT_BYTES = 256 << 20


@dataclass(frozen=True)
class RunFolder:
    """One run of a study: its folder, and the documents of the stages that have finished."""

    path: Path
    documents: dict[str, Document]
    manifest: Document
    study: Document

    @property
    def name(self) -> str:
        """The study's name: from the manifest, else the folder's name."""
        return text(self.manifest, "name") or self.path.resolve().name

    @property
    def title(self) -> str:
        """The title for people: from the study, else the study's name."""
        return text(self.study, "title") or self.name

    @property
    def is_measurement(self) -> bool:
        """Whether a gap alone was measured and explained, without a study."""
        return text(self.manifest, "kind") == "measurement"

    def stage(self, name: str) -> Document:
        """The result document of stage `name`; empty when the stage has not run."""
        return self.documents.get(name, {})

    def pictures(self, name: str) -> Pictures:
        """The pictures of stage `name`."""
        return Pictures(self.path / "stages" / name)


def read_run(path: Path) -> RunFolder:
    """Read the run in folder `path`.

    Raises `InputError` when there is no run, or when a document is not one this version reads.
    """
    if not (path / "stages").is_dir():
        raise InputError(
            f"{path}: no run here (a run has a folder `stages`); "
            "give the folder that `isthmus study run` wrote"
        )
    documents = {}
    for stage, schema in {**SCHEMAS, EXPLANATION: "isthmus.explain/1"}.items():
        place = path / "stages" / stage / "result.json"
        if place.is_file():
            documents[stage] = _read_document(place, schema)
    manifest = path / "manifest.json"
    study = path / "study.json"
    return RunFolder(
        path=path,
        documents=documents,
        manifest=_mapping(manifest) if manifest.is_file() else {},
        study=_mapping(study) if study.is_file() else {},
    )


def _read_document(place: Path, schema: str) -> Document:
    document = _mapping(place)
    found = document.get("schema")
    if found != schema:
        raise InputError(
            f"{place}: schema is {found!r}, this version reads {schema!r}; "
            "run the study again with this version, or report with the version that ran it"
        )
    return document


def _mapping(place: Path) -> Document:
    document = files.read_json(place, limit_bytes=_LIMIT_BYTES)
    if not isinstance(document, dict):
        raise InputError(f"{place}: expected a JSON object, found {type(document).__name__}")
    return document
