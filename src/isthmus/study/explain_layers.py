"""Where in the frame the layers of networks see the gap: a heat map for each layer with positions.

Networks run in this process, as for the measurement: their numerical threads are the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isthmus.compute.executor import Progress
from isthmus.errors import IsthmusError
from isthmus.features.descriptors import Descriptors
from isthmus.features.extractor import Matrix, SpatialExtractor, load_extractor
from isthmus.gap.cells import layer_features
from isthmus.gap.pictures import FramePictures
from isthmus.gap.regions import region_gaps
from isthmus.study.explain_parts import GRID, overlays
from isthmus.study.explain_sides import Sides

PART = "layer_regions"
Document = dict[str, Any]


def layer_regions(
    sides: Sides, extractors: Sequence[str], folder: Path, progress: Progress | None = None
) -> tuple[list[Document], list[Document]]:
    """Heat maps of all layers with positions, in order, and what has none, with the reason.

    Descriptors are passed over: they see patches (`regions`). Each document is that of a
    `RegionMap` with `extractor` and `shown`, pictures written into `folder`.
    """
    documents: list[Document] = []
    left_out: list[Document] = []
    for number, spec in enumerate(extractors):
        if progress:
            progress(number, len(extractors), "maps of layers")
        try:
            extractor = load_extractor(spec)
            if isinstance(extractor, Descriptors):
                continue
            layers, cells = extractor.layers, _cells(sides, extractor)
            for layer in (name for name in layers if name in cells):
                x, y = cells[layer]
                found = region_gaps(x, y, layer=layer, **sides.options)
                shown = overlays(sides, found, folder, f"layer_{len(documents)}")
                documents.append({"extractor": spec, **found.to_document(), "shown": shown})
        except IsthmusError as error:
            left_out.append({"part": PART, "reason": f"{spec}: {error}"})
            continue
        without = [name for name in layers if name not in cells]
        if without:
            reason = f"{spec}: no positions in {', '.join(without)}: choose layers (n, c, h, w)"
            left_out.append({"part": PART, "reason": reason})
    return documents, left_out


def _cells(sides: Sides, extractor: Any) -> dict[str, tuple[Matrix, Matrix]]:
    """Layer → cells of source and target, of layers with more than one position."""
    if not isinstance(extractor, SpatialExtractor):
        return {}
    x, y = (
        layer_features(FramePictures(frames, extractor.size), extractor, GRID)
        for frames in (sides.source, sides.target)
    )
    return {layer: (x[layer], y[layer]) for layer in x if x[layer].shape[1] * x[layer].shape[2] > 1}
