"""Weights as safetensors: named arrays and one JSON note, never code.

https://github.com/huggingface/safetensors: a header in JSON, then plain numbers. Files of any
other kind are refused: pickled checkpoints can run a program when they are read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from isthmus.errors import InputError, TrainingError
from isthmus.files import canonical_json, write_bytes

NOTE = "isthmus"
"""Key of the header's metadata under which the note stands."""
SUFFIX = ".safetensors"
TRANSLATOR_SCHEMA = "isthmus.translator/1"


def write_weights(path: Path, tensors: Mapping[str, Tensor], note: Mapping[str, Any]) -> None:
    """Write `tensors` and the JSON-like `note`, whole or not at all; equal content, equal bytes.

    Raises:
        TrainingError: the file cannot be written; the one before it is kept.
    """
    from safetensors.torch import save

    plain = {name: value.detach().cpu().contiguous() for name, value in sorted(tensors.items())}
    content = save(plain, {NOTE: canonical_json(dict(note))})
    try:
        write_bytes(path, content)
    except OSError as error:
        raise TrainingError(
            f"{path}: cannot be written ({error}); the file before it is kept. Free some space "
            "and start again: training goes on from there"
        ) from error


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and note of a file that `write_weights` made.

    Raises:
        InputError: missing, damaged, not safetensors, or without a note of ours.
    """
    tensors, metadata = read_safetensors(path)
    try:
        note = json.loads(metadata[NOTE])
    except (KeyError, ValueError):
        raise InputError(f"{path}: safetensors, but not written by isthmus translate") from None
    if not isinstance(note, dict):
        raise InputError(f"{path}: its note is no JSON object; not written by isthmus translate")
    return tensors, note


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of any safetensors file.

    Raises:
        InputError: missing, damaged, or of another kind.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise InputError(f"{path}: no such file of weights")
    if path.suffix != SUFFIX:
        raise InputError(
            f"{path}: weights are read from {SUFFIX} files alone; others can run code. Convert it "
            "with the tools of safetensors"
        )
    try:
        with safe_open(path, "pt") as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
            return tensors, dict(opened.metadata() or {})
    except (SafetensorError, OSError, RuntimeError) as error:
        raise InputError(f"{path}: not a readable file of weights ({error})") from error


def load_into(module: torch.nn.Module, tensors: Mapping[str, Tensor], prefix: str) -> None:
    """Give `module` the tensors named ``prefix.…``; shapes and names must fit."""
    own = {
        name.removeprefix(f"{prefix}."): value
        for name, value in tensors.items()
        if name.startswith(f"{prefix}.")
    }
    module.load_state_dict(own)


def named(module: torch.nn.Module, prefix: str) -> dict[str, Tensor]:
    """The tensors of `module`, named ``prefix.…``."""
    return {f"{prefix}.{name}": value for name, value in module.state_dict().items()}


def translator_note(path: Path) -> dict[str, Any]:
    """The note of a translator's file: method, settings, and what it was trained on.

    Raises:
        InputError: missing, damaged, or no translator.
    """
    return read_translator(path)[1]


def read_translator(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and note of a translator's file.

    Raises:
        InputError: missing, damaged, or no translator.
    """
    tensors, note = read_weights(path)
    if note.get("schema") != TRANSLATOR_SCHEMA or not isinstance(note.get("method"), str):
        raise InputError(f"{path}: not a translator ({TRANSLATOR_SCHEMA}) of isthmus")
    return tensors, note
