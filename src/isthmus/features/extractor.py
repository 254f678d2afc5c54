"""Feature extractors: the contract, the spec strings that name them, and the registry.

An extractor turns a batch of equally sized RGB images into one matrix per layer. It is named
by a spec string so that a study file, the command line and the cache speak of the same thing::

    descriptors                                      hand-made blocks, no network
    descriptors#colour,shape                         some of the blocks
    onnx:nets/vgg.onnx?size=224x224#conv3_3          any tensor of an ONNX graph
    torch:my_package.nets:build#backbone.layer2      any layer of a torch module

General form: ``scheme[:target][?option=value&option=value][#layer,layer]``. A new extractor is
one file and one line in `EXTRACTORS`; other packages add theirs through the entry point group
``isthmus.extractors`` (name = scheme, value = a function that takes a `Spec`).
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from isthmus.data.frame import EMPTY, FrozenMap, Problem
from isthmus.errors import InputError

Images = NDArray[np.uint8]
Matrix = NDArray[np.float32]
Maps = NDArray[np.float32]
"""What a layer says of each place in the pictures: float32 (n, h, w, d), row 0 at the top."""

SEMANTIC = "semantic"
STUDY_DETECTOR = "compact"


@runtime_checkable
class Extractor(Protocol):
    """Images in, one feature matrix per layer out.

    Attributes:
        layers: names of the layers, in the order of `extract`'s result.
        fingerprint: hex digest of everything that decides the values (weights, layers,
            preprocessing, version of the code); equal fingerprints mean equal features.
        size: (width, height) in pixels to which images are resized before `extract`.
    """

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hex digest of what decides the values."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels of the images that `extract` takes."""
        ...

    def extract(self, batch: Images) -> dict[str, Matrix]:
        """Features of `batch`, uint8 (n, h, w, 3) RGB: layer → float32 (n, d), finite."""
        ...


@runtime_checkable
class SpatialExtractor(Extractor, Protocol):
    """An extractor some of whose layers also say where in a picture they answer."""

    def extract_maps(self, batch: Images) -> dict[str, Maps]:
        """Maps of `batch`, uint8 (n, h, w, 3) RGB: layer → float32 (n, h', w', d).

        Layers without positions (vectors, tokens) are left out. Positions divide the picture
        evenly; the mean over them is what `extract` gives, where that takes the mean.
        """
        ...


@dataclass(frozen=True)
class FeatureSet:
    """Features of the frames that could be read.

    Attributes:
        layers: layer → float32 (n, d); row i belongs to frame `ids[i]`.
        ids: frame ids in the order of the frames asked for, without those in `problems`.
        sequences: the drive or place of each row ("" if unknown).
        problems: frames that were left out, and why. No row is ever made up for them.
        kinds: layer → what the layer is sensitive to ("colour and light", "texture", "shape",
            "all", "semantic").
        bounds: (low, high) that no component can leave, if the extractor guarantees any.
    """

    layers: Mapping[str, Matrix]
    ids: tuple[str, ...]
    sequences: tuple[str, ...]
    problems: tuple[Problem, ...] = ()
    kinds: Mapping[str, str] = EMPTY
    bounds: tuple[float, float] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def select(self, keep: Iterable[int]) -> FeatureSet:
        """The rows with the given indices, in the given order."""
        rows = list(keep)
        return FeatureSet(
            {name: matrix[rows] for name, matrix in self.layers.items()},
            tuple(self.ids[i] for i in rows),
            tuple(self.sequences[i] for i in rows),
            self.problems,
            self.kinds,
            self.bounds,
        )


@dataclass(frozen=True)
class Spec:
    """A parsed spec string.

    Attributes:
        text: the string as given, for messages.
        scheme: which kind of extractor.
        target: what it is built from (a path, ``package.module:factory``); "" if nothing.
        options: settings of the preprocessing and of the run.
        layers: names asked for; empty means the extractor's own choice.
    """

    text: str
    scheme: str
    target: str = ""
    options: Mapping[str, str] = EMPTY
    layers: tuple[str, ...] = ()

    def refuse_unknown_options(self, known: Iterable[str]) -> None:
        """Raise `InputError` for an option that is not in `known`, with the nearest one."""
        allowed = tuple(known)
        for name in self.options:
            if name not in allowed:
                raise InputError(f"{self.text}: unknown option {name!r}{nearest(name, allowed)}")

    def existing_file(self) -> Path:
        """The target as a path of a file that is there."""
        path = Path(self.target)
        if not self.target:
            raise InputError(f"{self.text}: no file given; write {self.scheme}:PATH#layer,layer")
        if not path.is_file():
            fault = "is a folder, not a file" if path.is_dir() else "no such file"
            raise InputError(f"{self.text}: {path}: {fault}")
        return path


def parse_spec(text: str) -> Spec:
    """Take a spec string apart; an `InputError` says what is wrong with it.

    Layers follow the last ``#`` (paths may contain one), options the last ``?`` of what stands
    before it; ``%23``, ``%3F`` and ``%2C`` stand for the separators themselves in options and
    layer names.
    """
    text = text.strip()
    head, mark, tail = text.rpartition("#")
    if not mark:
        head, tail = text, ""
    layers = tuple(unquote(name.strip()) for name in tail.split(",") if name.strip())
    if mark and not layers:
        raise InputError(f"{text}: no layer after '#'; name some, or leave out the '#'")
    body, mark, query = head.rpartition("?")
    if not mark:
        body, query = head, ""
    options = {}
    for part in filter(None, query.split("&")):
        name, mark, value = part.partition("=")
        if not mark or not name:
            raise InputError(f"{text}: option {part!r} has no value; write option=value")
        options[name] = unquote(value)
    scheme, _, target = body.partition(":")
    if not scheme:
        raise InputError(f"{text!r}: no extractor named; {_known()}")
    repeated = {name for name in layers if layers.count(name) > 1}
    if repeated:
        raise InputError(f"{text}: layer {min(repeated)!r} is named more than once")
    return Spec(text, scheme, target, FrozenMap(options), layers)


def choose_layers(
    spec: Spec, available: Iterable[str], default: Iterable[str], *, listed: int = 40
) -> tuple[str, ...]:
    """The layers that `spec` asks for, or `default`; an unknown one lists what there is."""
    names = tuple(available)
    known = set(names)
    for layer in spec.layers:
        if layer not in known:
            more = f" … and {len(names) - listed} more" if len(names) > listed else ""
            raise InputError(
                f"{spec.text}: no layer {layer!r}{nearest(layer, names)} "
                f"Available: {', '.join(names[:listed])}{more}"
            )
    return spec.layers or tuple(default)


def nearest(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'x'?"``, or the list of a few known names if none is near."""
    names = tuple(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return f"; did you mean {' or '.join(repr(c) for c in close)}?"
    return f"; known: {', '.join(names)}." if len(names) <= 12 else "."


def kinds_of(extractor: Extractor) -> dict[str, str]:
    """What each layer is sensitive to; a network's layers count as semantic."""
    named: Mapping[str, str] = getattr(extractor, "kinds", EMPTY)
    return {layer: named.get(layer, SEMANTIC) for layer in extractor.layers}


def _descriptors(spec: Spec) -> Extractor:
    from isthmus.features.descriptors import from_spec

    return from_spec(spec)


def _onnx(spec: Spec) -> Extractor:
    from isthmus.features.onnx import from_spec

    return from_spec(spec)


def _torch(spec: Spec) -> Extractor:
    from isthmus.features.network import from_spec

    return from_spec(spec)


Factory = Callable[[Spec], Extractor]

EXTRACTORS: dict[str, Factory] = {
    "descriptors": _descriptors,
    "onnx": _onnx,
    "torch": _torch,
}


def _known() -> str:
    return f"known: {', '.join(EXTRACTORS)} (as in 'descriptors' or 'onnx:PATH#layer')"


def load_extractor(spec: str) -> Extractor:
    """The extractor that `spec` names.

    Raises:
        InputError: unknown scheme, option or layer, a missing file, a file that is no network.
        MissingExtraError: the extractor needs an optional dependency that is not installed.
    """
    parsed = parse_spec(spec)
    return _factory(parsed)(parsed)


def _factory(spec: Spec) -> Factory:
    if spec.scheme in EXTRACTORS:
        return EXTRACTORS[spec.scheme]
    from importlib.metadata import entry_points

    added = {entry.name: entry for entry in entry_points(group="isthmus.extractors")}
    if spec.scheme in added:
        factory: Factory = added[spec.scheme].load()
        return factory
    if spec.scheme == STUDY_DETECTOR:
        raise InputError(
            f"{spec.text}: the layers of the detector that a study trains are known inside that "
            "study only; elsewhere give descriptors, onnx:PATH#layer or torch:package:factory#layer"
        )
    if spec.scheme.endswith(".onnx") and not spec.target:
        raise InputError(f"{spec.text}: no extractor named; did you mean 'onnx:{spec.text}'?")
    raise InputError(
        f"{spec.text}: unknown extractor {spec.scheme!r}"
        f"{nearest(spec.scheme, (*EXTRACTORS, *added))}"
    )
