"""Any tensor of an ONNX graph as features.

``onnx:nets/squeezenet.onnx?size=227x227&mean=123,117,104&scale=1#pool1,fire9`` reads two
tensors. A tensor that is no output of the graph is made one in memory (by the package `onnx`:
onnxruntime alone cannot; the extra brings both). Options (see `preprocess.from_options`
for what is assumed without them):

    size=WxH     size of the input; default: the graph's own if it is fixed, else 224x224
    scale= mean= std=   value = (pixel * scale - mean) / std, in the channel order of the network
    order=rgb|bgr       channel order of the network's input
    pool=mean|mean+std  what is taken over space or tokens
    batch=N      images a pass; default 1, so that features never depend on an image's company

A tensor with four dimensions is taken as (n, channels, h, w), as ONNX convolutions give it,
also in a graph whose input is (n, h, w, 3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.data.frame import EMPTY
from isthmus.errors import InputError, MissingExtraError
from isthmus.features.extractor import Images, Maps, Matrix, Spec, choose_layers
from isthmus.features.pooling import batch_option, maps_by_layer, maps_of, pool, pooling_option
from isthmus.features.preprocess import (
    DEFAULT_SIZE,
    OPTIONS,
    Preprocess,
    check_batch,
    from_options,
)
from isthmus.files import digest_of, file_digest, safe_join

INPUT_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}


@dataclass(frozen=True)
class _Input:
    """The graph's image input: name, type, layout and what the graph fixes of its shape."""

    name: str
    dtype: type[Any]
    channels_last: bool
    batch: int | None
    size: tuple[int, int] | None


class OnnxExtractor:
    """Pooled tensors of an ONNX graph; made by `from_spec`."""

    kinds = EMPTY
    bounds = None
    runs_in_workers = False

    def __init__(
        self,
        session: Any,
        image: _Input,
        layers: tuple[str, ...],
        preprocess: Preprocess,
        *,
        pooling: str,
        batch_size: int,
        graph_digest: str,
    ) -> None:
        self._session = session
        self._image = image
        self.layers = layers
        self.size = preprocess.size
        self.preprocess = preprocess
        self.pooling = pooling
        self.batch_size = image.batch or batch_size
        self.fingerprint = digest_of(
            ["onnx", 1, graph_digest, list(layers), pooling, preprocess.as_json()]
        )

    def extract(self, batch: Images) -> dict[str, Matrix]:
        """uint8 (n, h, w, 3) RGB → tensor name → float32 (n, d)."""
        parts = [
            {layer: pool([x], rows, layer, self.pooling)[:n] for layer, x in outputs.items()}
            for n, rows, outputs in self._passes(batch)
        ]
        empty = np.zeros((0, 0), np.float32)
        return {
            layer: np.concatenate([part[layer] for part in parts]) if parts else empty
            for layer in self.layers
        }

    def extract_maps(self, batch: Images) -> dict[str, Maps]:
        """uint8 (n, h, w, 3) RGB → tensor → float32 (n, h', w', c); see `SpatialExtractor`."""
        parts: list[dict[str, Maps | None]] = []
        for n, rows, outputs in self._passes(batch):
            found = {layer: maps_of([values], rows) for layer, values in outputs.items()}
            parts.append({k: None if maps is None else maps[:n] for k, maps in found.items()})
        return maps_by_layer(parts)

    def _passes(self, batch: Images) -> Iterator[tuple[int, int, dict[str, NDArray[Any]]]]:
        """Images, rows and every tensor of each pass.

        A graph that takes exactly so many is filled up: rows beyond the images are none.
        """
        check_batch(batch, self.size)
        for start in range(0, len(batch), self.batch_size):
            part = batch[start : start + self.batch_size]
            missing = max(0, (self._image.batch or 0) - len(part))
            whole = np.concatenate([part, np.repeat(part[-1:], missing, axis=0)])
            yield len(part), len(whole), self.tensors(whole)

    def tensors(self, batch: Images) -> dict[str, NDArray[Any]]:
        """uint8 (n, h, w, 3) RGB of the network's size → tensor name → its values as they are."""
        if self._image.dtype is np.uint8:
            pixels = batch if self.preprocess.order == "rgb" else batch[..., ::-1]
            values = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
        else:
            values = self.preprocess.apply(batch).astype(self._image.dtype)
        if self._image.channels_last:
            values = np.ascontiguousarray(values.transpose(0, 2, 3, 1))
        try:
            outputs = self._session.run(list(self.layers), {self._image.name: values})
        except Exception as error:  # onnxruntime raises types of its own, unrelated ones
            raise InputError(
                f"the ONNX network fails on images of {self.size[0]}x{self.size[1]}: "
                f"{_first_line(error)}; give the size it was made for (size=WxH)"
            ) from error
        return dict(zip(self.layers, outputs, strict=True))


def from_spec(spec: Spec) -> OnnxExtractor:
    """`onnx:PATH[?options]#tensor,tensor`; without tensors, the outputs of the graph.

    Raises:
        InputError: no such file, no ONNX file, an unknown tensor or option, or a graph that
            does not take one batch of RGB images.
        MissingExtraError: onnxruntime or onnx is not installed.
    """
    spec.refuse_unknown_options((*OPTIONS, "pool", "batch"))
    path = spec.existing_file()
    graph = _read_graph(spec, path, weights=False).graph
    outputs = [output.name for output in graph.output]
    inner = [name for node in graph.node for name in node.output if name]
    layers = choose_layers(spec, dict.fromkeys([*outputs, *inner]), outputs)
    session = _open(spec, path, [layer for layer in layers if layer not in outputs])
    image = _image_input(spec, session)
    preprocess = from_options(spec, default_size=image.size or DEFAULT_SIZE)
    if image.size and preprocess.size != image.size:
        width, height = image.size
        raise InputError(f"{spec.text}: the graph takes images of {width}x{height} only")
    if image.dtype is np.uint8 and {"scale", "mean", "std"} & set(spec.options):
        raise InputError(f"{spec.text}: the graph takes raw pixels; leave out scale, mean, std")
    return OnnxExtractor(
        session,
        image,
        layers,
        preprocess,
        pooling=pooling_option(spec),
        batch_size=batch_option(spec) or 1,
        graph_digest=_digest(spec, path, graph),
    )


def _read_graph(spec: Spec, path: Path, *, weights: bool) -> Any:
    """The file as a protobuf message, weights in files of their own included or not."""
    try:
        import onnx
    except ImportError:
        raise MissingExtraError(
            f"{spec.text}: naming tensors of an ONNX graph (the package onnx)", "onnx"
        ) from None
    try:
        model = onnx.load(path, load_external_data=weights)
    except Exception as error:  # protobuf and onnx each raise their own
        raise InputError(f"{spec.text}: not a usable ONNX file: {_first_line(error)}") from error
    if not model.graph.node:
        raise InputError(f"{spec.text}: not a usable ONNX file: it holds no graph")
    return model


def _digest(spec: Spec, path: Path, graph: Any) -> str:
    """SHA-256 of the file, and of the files in which it keeps weights."""
    outside = {
        entry.value
        for tensor in graph.initializer
        for entry in tensor.external_data
        if entry.key == "location"
    }
    parts = [file_digest(path)]
    for name in sorted(outside):
        weights = safe_join(path.parent, name)
        if not weights.is_file():
            raise InputError(f"{spec.text}: {weights}: file of weights is missing")
        parts.append(file_digest(weights))
    return parts[0] if len(parts) == 1 else digest_of(parts)


def _open(spec: Spec, path: Path, added_outputs: list[str]) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise MissingExtraError(
            f"{spec.text}: running ONNX networks (the package onnxruntime)", "onnx"
        ) from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.use_deterministic_compute = True
    content = _with_outputs(spec, path, added_outputs) if added_outputs else str(path)
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises types of its own, unrelated ones
        raise InputError(f"{spec.text}: not a usable ONNX file: {_first_line(error)}") from error


def _with_outputs(spec: Spec, path: Path, names: list[str]) -> bytes:
    """The model with the inner tensors `names` as further outputs (their types are inferred)."""
    import onnx

    model = _read_graph(spec, path, weights=True)
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    try:
        content: bytes = model.SerializeToString()
    except Exception as error:  # protobuf refuses more than 2 GB
        raise InputError(
            f"{spec.text}: too large for reading inner tensors ({_first_line(error)}); save "
            "the network with these tensors as outputs"
        ) from error
    return content


def _image_input(spec: Spec, session: Any) -> _Input:
    inputs = session.get_inputs()
    shown = ", ".join(f"{i.name} {i.type} {list(i.shape)}" for i in inputs)
    if len(inputs) != 1 or len(inputs[0].shape) != 4 or inputs[0].type not in INPUT_TYPES:
        raise InputError(
            f"{spec.text}: the graph takes {shown}; a network of one batch of RGB images, "
            "(n, 3, h, w) or (n, h, w, 3), is needed"
        )
    only = inputs[0]
    shape = [side if isinstance(side, int) and side > 0 else None for side in only.shape]
    channels_last = shape[1] != 3 and shape[3] == 3
    channels = shape[3] if channels_last else shape[1]
    if channels not in (3, None):
        raise InputError(f"{spec.text}: the graph takes {shown}: not images of 3 channels")
    height, width = (shape[1], shape[2]) if channels_last else (shape[2], shape[3])
    size = (width, height) if width and height else None
    return _Input(only.name, INPUT_TYPES[only.type], channels_last, shape[0], size)


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
