"""Depth by a monocular network, for frames without a map of their own.

    auto                                   no network: the road's geometry (`depth.default_depth`)
    onnx:PATH[?options][#tensor]           an ONNX graph; extra [onnx]
    hf:FOLDER_OR_NAME[?options]            a depth model of transformers; extra [hf]

Options are those of extractors (size, scale, mean, std, order) and ``kind=inverse`` (what most
networks give: inverse depth up to scale and offset) or ``kind=metres``. Inverse depth is laid upon
the road: scale and offset are those with which the lower middle of the picture becomes the plane
that the camera's geometry says (least squares, as Ranftl et al., TPAMI 2022, align theirs).
Weights are read from safetensors or ONNX alone; no code that comes with a model is run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.augment.depth import FAR, NEAREST, SKY, Geometry, default_depth, find_sky
from isthmus.augment.linear import Bytes, Floats
from isthmus.augment.smooth import enlarge
from isthmus.data.frame import Box
from isthmus.errors import InputError, MissingExtraError
from isthmus.features.extractor import Spec, parse_spec
from isthmus.features.preprocess import OPTIONS, from_options

AUTO = "auto"
KINDS = ("inverse", "metres")
TALL = 518
"""Side in pixels at which most networks of this kind were trained."""
Network = Callable[[Bytes], Floats]


def check_depth_source(text: str) -> None:
    """Refuse what names no source of depth.

    Raises:
        InputError: unknown scheme or option, or a file that is not there.
        MissingExtraError: the extra is not installed.
    """
    if text != AUTO:
        load_network(text)


def estimated_depth(text: str, image: Bytes, boxes: Sequence[Box], geometry: Geometry) -> Floats:
    """Depth (h, w) in metres of a picture (h, w, 3) by the network that `text` names."""
    network, kind = load_network(text)
    shape = (image.shape[0], image.shape[1])
    values = enlarge(network(image), shape)
    if not np.isfinite(values).all():
        raise InputError(f"{text}: the network's output is not finite everywhere")
    if kind == "metres":
        metres = values
    else:
        metres = _on_the_road(values, default_depth(image, boxes, geometry))
    metres = np.clip(metres, NEAREST, 0.95 * SKY)
    return np.where(find_sky(image, geometry), np.float32(FAR), metres).astype(np.float32)


@lru_cache(maxsize=2)
def load_network(text: str) -> tuple[Network, str]:
    """The network that `text` names, and what it gives: a word of `KINDS`."""
    spec = parse_spec(text)
    kind = spec.options.get("kind", "")
    if kind and kind not in KINDS:
        raise InputError(f"{text}: kind={kind} is none of {', '.join(KINDS)}")
    plain = replace(spec, options={k: v for k, v in spec.options.items() if k != "kind"})
    if spec.scheme == "onnx":
        return _onnx(plain), kind or "inverse"
    if spec.scheme == "hf":
        network, own_kind = _transformers(plain)
        return network, kind or own_kind
    raise InputError(f"{text}: depth comes from {AUTO}, onnx:PATH or hf:FOLDER")


def _onnx(spec: Spec) -> Network:
    from isthmus.features.onnx import from_spec

    graph = from_spec(spec)
    if len(graph.layers) != 1:
        raise InputError(f"{spec.text}: name one tensor, as in #{graph.layers[0]}")

    def network(image: Bytes) -> Floats:
        return _plane(graph.tensors(_resized(image, graph.size)[None])[graph.layers[0]], spec)

    return network


def _transformers(spec: Spec) -> tuple[Network, str]:
    try:
        import torch
        from transformers import AutoModelForDepthEstimation
    except ImportError:
        raise MissingExtraError(f"{spec.text}: depth models of transformers", "hf") from None
    spec.refuse_unknown_options(OPTIONS)
    preprocess = from_options(spec, default_size=(TALL, TALL))
    try:
        model = AutoModelForDepthEstimation.from_pretrained(
            spec.target, use_safetensors=True, trust_remote_code=False
        ).eval()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0]
        raise InputError(f"{spec.text}: no depth model that can be read: {first}") from error
    metric = getattr(model.config, "depth_estimation_type", "relative") == "metric"

    def network(image: Bytes) -> Floats:
        pixels = torch.from_numpy(preprocess.apply(_resized(image, preprocess.size)[None]))
        with torch.inference_mode():
            return _plane(model(pixels).predicted_depth.numpy(), spec)

    return network, "metres" if metric else "inverse"


def _resized(image: Bytes, size: tuple[int, int]) -> Bytes:
    from isthmus.data.images import resize_rgb

    return resize_rgb(image, *size)


def _plane(values: NDArray[Any], spec: Spec) -> Floats:
    """One plane (h', w') of a network's output, its sides of length 1 dropped."""
    plane = np.squeeze(np.asarray(values, np.float32))
    if plane.ndim != 2 or min(plane.shape) < 2:
        raise InputError(f"{spec.text}: output of shape {values.shape} is no map of depth")
    return plane


def _on_the_road(inverse: Floats, geometric: Floats) -> Floats:
    """Metres (h, w) of inverse depth up to scale and offset, by the road in `geometric`."""
    height, width = inverse.shape
    part = np.s_[int(0.6 * height) :, int(0.3 * width) : int(0.7 * width)]
    given = inverse[part].ravel().astype(np.float64)
    wanted = 1 / geometric[part].ravel().astype(np.float64)
    scale, offset = 0.0, 0.0
    inside = np.ones(len(given), bool)
    if np.ptp(given) > 1e-9:
        for _ in range(3):
            scale, offset = np.polyfit(given[inside], wanted[inside], 1)
            wrong = np.abs(scale * given + offset - wanted)
            inside = wrong <= max(float(np.quantile(wrong, 0.8)), 1e-9)
    if scale <= 0:  # no road in sight: keep the order of near and far, at the usual distance
        low = float(inverse.min())
        offset = 1 / SKY
        scale = float(np.median(wanted)) / max(float(np.median(given)) - low, 1e-6)
        offset -= scale * low
    metres = 1 / np.maximum(scale * inverse + offset, 1 / SKY)
    return np.asarray(metres, np.float32)
