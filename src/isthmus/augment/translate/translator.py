"""What a translator is: labelled frames in, the same frames in another look out.

A translator changes no geometry on purpose; what it did to objects all the same is for the audit
to say (`isthmus.augment.translate.audit`). A new method is a file of its own and a line in
`TRANSLATORS`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from isthmus.augment.linear import Bytes
from isthmus.augment.made import kept_record, made_name, write_made
from isthmus.data.frame import Frame
from isthmus.errors import ConfigError


class Translator(Protocol):
    """A method with all that it needs, for one frame at a time.

    `isthmus.adapt.image.style.ImageStyle` is one too: methods without weights have the same form.
    """

    @property
    def method(self) -> str:
        """Word for file names and attributes."""
        ...

    @property
    def fingerprint(self) -> str:
        """Digest of everything that decides the pictures."""
        ...

    def transform(self, image: Bytes, name: str) -> Bytes:
        """An image (h, w, 3) uint8 translated to one of the same size.

        Args:
            image: the frame's picture.
            name: the frame's id; decides what is drawn at random.
        """
        ...


TRANSLATORS: dict[str, str] = {
    "cut": "generated:load",
    "adain": "adain:load",
    "diffusion": "diffusion:load",
}
"""Name → module below this folder and function (path, options) → translator.

Pictures that another program made come by `isthmus.augment.translate.folder`.
"""


def build_translator(method: str, path: Path | str, **options: Any) -> Translator:
    """A translator ready for use.

    Args:
        method: a name in `TRANSLATORS`.
        path: what it works with: a translator's file (cut, adain), a pipeline's folder or name
            on the hub (diffusion).
        options: of the method.

    Raises:
        ConfigError: unknown method or option.
        InputError: a file or folder that is missing, damaged or of another kind.
        MissingExtraError: an optional part is not installed.
    """
    if method not in TRANSLATORS:
        raise ConfigError(f"translator {method!r}: unknown; there is {', '.join(TRANSLATORS)}")
    module, function = TRANSLATORS[method].split(":")
    load = getattr(importlib.import_module(f"isthmus.augment.translate.{module}"), function)
    try:
        translator: Translator = load(path, **options)
    except TypeError as error:
        raise ConfigError(f"translator {method!r}: wrong options {options} ({error})") from error
    return translator


def load_translator(path: Path | str, *, device: str = "cpu") -> Translator:
    """The translator in a file that training wrote, whichever its method.

    Raises:
        InputError: missing, damaged, or no translator of isthmus.
    """
    from isthmus.augment.translate.weights import translator_note

    return build_translator(translator_note(Path(path))["method"], path, device=device)


RECIPE = "isthmus.translate/1"
"""Changes whenever the same request gives other pictures."""


@dataclass(frozen=True)
class TranslationJob:
    """One frame to be translated; what is in `folder` from the same request is kept."""

    frame: Frame
    translator: Translator
    strength: float
    folder: Path

    @property
    def name(self) -> str:
        """File name of the picture that is made."""
        return made_name(self.frame.id, self.translator.method)

    @property
    def request(self) -> Mapping[str, Any]:
        """What decides the picture's bytes."""
        return {
            "recipe": RECIPE,
            "method": self.translator.method,
            "translator": self.translator.fingerprint,
            "strength": self.strength,
            "id": self.frame.id,
            "image": self.frame.digest,
        }


def translate_frame(job: TranslationJob) -> str:
    """Make one frame's picture unless it is there; returns the SHA-256 of its file."""
    from isthmus.augment.translate.pixels import mixed
    from isthmus.data.images import read_rgb

    request = dict(job.request)
    record = kept_record(job.folder, job.name, request)
    if record is None:
        before = read_rgb(job.frame.image)
        after = mixed(before, job.translator.transform(before, job.frame.id), job.strength)
        record = write_made(job.folder, job.name, after, request)
    return str(record["digest"])
