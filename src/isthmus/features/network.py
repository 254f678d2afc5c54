"""Any layer of any torch module as features, by forward hooks.

``torch:package.module:factory?size=320x240#backbone.layer2,backbone.layer3`` calls
``factory()``, which must give a `torch.nn.Module`, and reads the layers named as in
``module.named_modules()``. From Python, `NetworkExtractor` takes the module itself: a study
reads the layers of the detector that it has just trained.
"""

from __future__ import annotations

import copy
import hashlib
import importlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from isthmus.data.frame import EMPTY
from isthmus.errors import InputError
from isthmus.features.extractor import Images, Maps, Matrix, Spec, choose_layers
from isthmus.features.pooling import (
    POOLINGS,
    batch_option,
    maps_by_layer,
    maps_of,
    pool,
    pooling_option,
)
from isthmus.features.preprocess import (
    DEFAULT_SIZE,
    IMAGENET_MEAN,
    IMAGENET_STD,
    OPTIONS,
    Preprocess,
    Triple,
    check_batch,
    from_options,
)
from isthmus.files import digest_of

GPU_BATCH = 32


class NetworkExtractor:
    """Pooled activations of named layers of a torch module.

    The module is copied when the extractor is made and put into evaluation mode: training on
    afterwards changes neither the features nor the fingerprint.

    Args:
        module: takes float (n, 3, h, w), `size` being (w, h).
        layers: names of submodules; a layer that gives several tensors, or runs several times
            in one pass, gives their vectors side by side.
        size, mean, std, scale, order: see `Preprocess`.
        pooling: "mean" over space or tokens, or "mean+std".
        batch_size: images per pass. With 1, the default on a CPU, features do not depend on
            the company an image is in, to the last bit; with more, to rounding (about 1e-6).
        device: where to run, as in `torch.device`.
        fingerprint: digest of what decides the values; computed from the weights if None.

    Raises:
        InputError: an unknown layer (the message lists the layers), device or pooling.
    """

    kinds = EMPTY
    bounds = None
    runs_in_workers = False

    def __init__(
        self,
        module: torch.nn.Module,
        layers: Iterable[str],
        *,
        size: tuple[int, int] = DEFAULT_SIZE,
        mean: Triple = IMAGENET_MEAN,
        std: Triple = IMAGENET_STD,
        scale: float = 1 / 255,
        order: str = "rgb",
        pooling: str = "mean",
        batch_size: int | None = None,
        device: str = "cpu",
        fingerprint: str | None = None,
    ) -> None:
        if pooling not in POOLINGS:
            raise InputError(f"pooling {pooling!r} is none of {', '.join(POOLINGS)}")
        self.preprocess = Preprocess(size, scale, mean, std, order)
        self.size = size
        wanted = Spec(type(module).__name__, "torch", layers=tuple(layers))
        self.layers = choose_layers(wanted, layer_names(module), ())
        if not self.layers:
            names = ", ".join(layer_names(module))
            raise InputError(f"{wanted.text}: no layer asked for. Available: {names}")
        self.pooling = pooling
        self.device = device_of(device)
        self.batch_size = batch_size or (1 if self.device.type == "cpu" else GPU_BATCH)
        self._module = copy.deepcopy(module).eval().requires_grad_(False).to(self.device)
        self.fingerprint = fingerprint or digest_of(
            [
                "torch",
                1,
                module_digest(module),
                list(self.layers),
                pooling,
                self.preprocess.as_json(),
            ]
        )

    def extract(self, batch: Images) -> dict[str, Matrix]:
        """uint8 (n, h, w, 3) RGB → layer → float32 (n, d).

        Raises:
            InputError: wrong image size, a layer that did not run, or whose output has no row
                per image.
        """
        parts = [
            {layer: pool(found, n, layer, self.pooling) for layer, found in outputs.items()}
            for n, outputs in self._passes(batch)
        ]
        empty = np.zeros((0, 0), np.float32)
        return {
            layer: np.concatenate([part[layer] for part in parts]) if parts else empty
            for layer in self.layers
        }

    def extract_maps(self, batch: Images) -> dict[str, Maps]:
        """uint8 (n, h, w, 3) RGB → layer → float32 (n, h', w', c); see `SpatialExtractor`.

        Raises:
            InputError: wrong image size, or a layer that did not run.
        """
        return maps_by_layer(
            [
                {layer: maps_of(found, n) for layer, found in outputs.items()}
                for n, outputs in self._passes(batch)
            ]
        )

    def _passes(self, batch: Images) -> Iterator[tuple[int, dict[str, list[NDArray[Any]]]]]:
        """Number of images and every layer's tensors, pass by pass."""
        check_batch(batch, self.size)
        for start in range(0, len(batch), self.batch_size):
            part = batch[start : start + self.batch_size]
            yield len(part), self._pass(part)

    def _pass(self, batch: Images) -> dict[str, list[NDArray[Any]]]:
        outputs: dict[str, list[NDArray[Any]]] = {layer: [] for layer in self.layers}
        modules = dict(self._module.named_modules())
        hooks = [
            modules[layer].register_forward_hook(_recorder(found))
            for layer, found in outputs.items()
        ]
        values = torch.from_numpy(self.preprocess.apply(batch)).to(self.device, self._dtype())
        try:
            with torch.inference_mode():
                self._module(values)
        finally:
            for hook in hooks:
                hook.remove()
        silent = [layer for layer, found in outputs.items() if not found]
        if silent:
            raise InputError(
                f"layer {silent[0]!r} gives no tensor in a forward pass; choose a layer that runs"
            )
        return outputs

    def _dtype(self) -> torch.dtype:
        floating = (p.dtype for p in self._module.parameters() if p.dtype.is_floating_point)
        return next(floating, torch.float32)


def layer_names(module: torch.nn.Module) -> tuple[str, ...]:
    """Names of all submodules, in the order in which they were registered."""
    return tuple(name for name, _ in module.named_modules() if name)


def module_digest(module: torch.nn.Module) -> str:
    """SHA-256 over the kinds of all submodules and the bytes of all weights and buffers."""
    digest = hashlib.sha256()
    for name, part in module.named_modules():
        digest.update(f"{name}:{type(part).__qualname__};".encode())
    for name, value in module.state_dict().items():
        if not isinstance(value, torch.Tensor):
            digest.update(f"{name}={value!r};".encode())
            continue
        digest.update(f"{name}:{value.dtype}:{tuple(value.shape)};".encode())
        flat = value.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _recorder(found: list[NDArray[Any]]) -> Any:
    def record(_module: torch.nn.Module, _inputs: Any, output: Any) -> None:
        found.extend(_tensors(output))

    return record


def _tensors(output: Any) -> list[NDArray[Any]]:
    if isinstance(output, torch.Tensor):
        wide = output.float() if output.dtype in (torch.bfloat16, torch.float16) else output
        return [wide.detach().cpu().numpy()]
    if isinstance(output, dict):
        output = list(output.values())
    if isinstance(output, Sequence) and not isinstance(output, str):
        return [array for part in output for array in _tensors(part)]
    return []


def device_of(name: str) -> torch.device:
    """The device of that name, as in `torch.device`: cpu, cuda, cuda:1.

    Raises:
        InputError: there is no such device, or it cannot be used here.
    """
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"device {name!r} cannot be used here: {reason}") from error
    return device


def from_spec(spec: Spec) -> NetworkExtractor:
    """`torch:package.module:factory[?options]#layer,layer`.

    Options: those of `preprocess.from_options`, ``pool=mean|mean+std``, ``batch=N``,
    ``device=cpu|cuda``.
    """
    spec.refuse_unknown_options((*OPTIONS, "pool", "batch", "device"))
    preprocess = from_options(spec)
    module = _build(spec)
    names = layer_names(module)
    layers = choose_layers(spec, names, ())
    if not layers:
        raise InputError(f"{spec.text}: name a layer after '#'. Available: {', '.join(names)}")
    return NetworkExtractor(
        module,
        layers,
        size=preprocess.size,
        mean=preprocess.mean,
        std=preprocess.std,
        scale=preprocess.scale,
        order=preprocess.order,
        pooling=pooling_option(spec),
        batch_size=batch_option(spec),
        device=spec.options.get("device", "cpu"),
    )


def _build(spec: Spec) -> torch.nn.Module:
    package, colon, factory = spec.target.partition(":")
    if not (package and colon and factory):
        raise InputError(f"{spec.text}: write torch:package.module:factory#layer,layer")
    try:
        found: Any = importlib.import_module(package)
        for part in factory.split("."):
            found = getattr(found, part)
    except ImportError as error:
        raise InputError(
            f"{spec.text}: {package} cannot be imported ({error}); install it, or name its "
            "folder in PYTHONPATH"
        ) from error
    except AttributeError as error:
        raise InputError(f"{spec.text}: {error}") from error
    try:
        module = found if isinstance(found, torch.nn.Module) else found()
    except Exception as error:  # foreign code may raise anything
        raise InputError(
            f"{spec.text}: {factory}() fails: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(module, torch.nn.Module):
        raise InputError(
            f"{spec.text}: {factory} gives a {type(module).__name__}, not a torch.nn.Module"
        )
    return module
