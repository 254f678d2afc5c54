"""Frames translated by a generator that `cut` trained, at their full size."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from isthmus.augment.linear import Bytes
from isthmus.augment.translate.cut import CutSettings
from isthmus.augment.translate.networks import Generator
from isthmus.augment.translate.training import generated
from isthmus.augment.translate.weights import load_into, read_translator
from isthmus.errors import ConfigError, InputError
from isthmus.features.network import device_of
from isthmus.files import file_digest

SMALLEST_SIDE = 16


class CutTranslator:
    """A trained generator; goes to another process as the name of its file.

    Raises:
        InputError: the file is missing, damaged or of another method.
    """

    method = "cut"

    def __init__(self, path: Path, device: str = "cpu") -> None:
        self.path, self.device = path, device
        tensors, note = read_translator(path)
        try:
            if note["method"] != self.method:
                raise InputError(f"{path}: a translator of method {note['method']}, not cut")
            settings = CutSettings(**note["settings"])
            generator = Generator(settings.width, settings.blocks)
            load_into(generator, tensors, "generator")
        except (KeyError, TypeError, RuntimeError, ConfigError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{path}: not a usable translator ({reason})") from error
        self.generator = generator.eval().requires_grad_(False).to(device_of(device))
        self.fingerprint = file_digest(path)

    def __reduce__(self) -> tuple[Any, ...]:
        return _kept, (self.path, self.device, self.fingerprint)

    def transform(self, image: Bytes, name: str) -> Bytes:
        """An image (h, w, 3) uint8, sides of 16 pixels or more, translated; draws nothing."""
        if min(image.shape[:2]) < SMALLEST_SIDE:
            raise InputError(f"{name}: {image.shape[1]}×{image.shape[0]}: 16 pixels a side needed")
        return generated(self.generator, image)


def load(path: Path | str, device: str = "cpu") -> CutTranslator:
    """The translator in the file `path`."""
    return CutTranslator(Path(path), device)


@lru_cache(maxsize=2)
def _kept(path: Path, device: str, fingerprint: str) -> CutTranslator:
    """The same, read once a process for as long as the file stays what it was."""
    translator = load(path, device)
    if translator.fingerprint != fingerprint:
        raise InputError(f"{path}: has changed while frames were being translated; start again")
    return translator
