"""Hand-made features in named blocks: what kind of difference separates two image sets.

Each block answers to one kind of difference and, as far as that is possible, to no other:

    colour   colour and light   lightness, exposure, opponent colours, cast, saturation
    texture  texture            spectrum, local patterns, filter energies, noise, sharpness
    shape    shape              directions and places of edges
    all      all                the three one after the other

Every component lies in [0, 1] by construction and has a name (`DESCRIPTOR_NAMES`); what a
number means stands with the function that makes it, in `colour`, `texture` and `shape`.
No network, no randomness; each image is described by itself, so that batches do not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from isthmus.data.frame import FrozenMap
from isthmus.errors import InputError
from isthmus.features.colour import Named, as_rows, colour_block
from isthmus.features.extractor import Images, Matrix, Spec, choose_layers
from isthmus.features.preprocess import check_batch, parse_size
from isthmus.features.shape import shape_block
from isthmus.features.texture import texture_block
from isthmus.files import digest_of

VERSION = 1
"""Raise it whenever a value of any block changes: features in caches are then made anew."""

SIZE = (320, 240)
SMALLEST_SIDE = 32
PIXELS_AT_ONCE = 1 << 16

BLOCKS: dict[str, Callable[[Images], Named]] = {
    "colour": colour_block,
    "texture": texture_block,
    "shape": shape_block,
}
KINDS: Mapping[str, str] = FrozenMap(
    {"colour": "colour and light", "texture": "texture", "shape": "shape", "all": "all"}
)


def _component_names() -> dict[str, tuple[str, ...]]:
    sample = np.zeros((1, SMALLEST_SIDE, SMALLEST_SIDE, 3), np.uint8)
    names = {layer: tuple(name for name, _ in block(sample)) for layer, block in BLOCKS.items()}
    names["all"] = tuple(f"{layer}.{name}" for layer in BLOCKS for name in names[layer])
    return names


DESCRIPTOR_NAMES: Mapping[str, tuple[str, ...]] = FrozenMap(_component_names())


@dataclass(frozen=True)
class Descriptors:
    """The extractor of the blocks in `layers`; see the module's text.

    Attributes:
        layers: some of "colour", "texture", "shape", "all".
        size: (width, height) of the images, at least 32 each; part of the fingerprint.
    """

    layers: tuple[str, ...] = tuple(KINDS)
    size: tuple[int, int] = SIZE
    bounds: tuple[float, float] = (0.0, 1.0)
    kinds: Mapping[str, str] = KINDS
    runs_in_workers: bool = True

    def __post_init__(self) -> None:
        unknown = [layer for layer in self.layers if layer not in KINDS]
        if unknown or not self.layers:
            raise InputError(f"descriptors: no block {unknown}; there are {', '.join(KINDS)}")
        if min(self.size) < SMALLEST_SIDE:
            raise InputError(f"descriptors: size {self.size} is below {SMALLEST_SIDE} px a side")

    @property
    def fingerprint(self) -> str:
        """SHA-256 over version, blocks and image size."""
        return digest_of(["descriptors", VERSION, list(self.layers), list(self.size)])

    def extract(self, batch: Images) -> dict[str, Matrix]:
        """uint8 (n, h, w, 3) RGB → block → float32 (n, d) in [0, 1]."""
        check_batch(batch, self.size)
        needed = BLOCKS if "all" in self.layers else {name: BLOCKS[name] for name in self.layers}
        # Small pictures go together, as many as a processor's cache holds.
        at_once = max(1, PIXELS_AT_ONCE // (self.size[0] * self.size[1]))
        parts = [batch[i : i + at_once] for i in range(0, len(batch), at_once)]
        rows = {
            layer: np.concatenate([as_rows(block(part)) for part in parts])
            if parts
            else np.zeros((0, len(DESCRIPTOR_NAMES[layer])), np.float32)
            for layer, block in needed.items()
        }
        if "all" in self.layers:
            rows["all"] = np.concatenate([rows[layer] for layer in BLOCKS], axis=1)
        return {layer: rows[layer] for layer in self.layers}


def from_spec(spec: Spec) -> Descriptors:
    """`descriptors[?size=WxH][#block,block]`; without blocks, all of them."""
    if spec.target:
        raise InputError(f"{spec.text}: descriptors take no path; write descriptors#colour")
    spec.refuse_unknown_options(("size",))
    layers = choose_layers(spec, KINDS, KINDS)
    return Descriptors(layers, parse_size(spec, spec.options.get("size"), SIZE))
