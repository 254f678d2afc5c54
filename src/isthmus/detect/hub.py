"""Detectors of `transformers` (RT-DETRv2, D-FINE) behind the one interface; extra ``[hf]``.

``hf:FOLDER_OR_NAME`` loads a pretrained model from a local folder, or from the hub where there is a
network; its last layer is made anew for the task's classes. Weights are read from safetensors
alone, and no code that comes with a model is ever run. What is stored by `save_detector` holds the
model's configuration, so that a trained detector is read back without the pretrained one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from isthmus import seeds
from isthmus.detect.detector import Detections, QueryRaw, Raw, Targets
from isthmus.detect.samples import FILL
from isthmus.detect.set_loss import set_loss
from isthmus.errors import ConfigError

MULTIPLE = 32
FAMILIES = ("rt_detr_v2", "d_fine")


def _transformers() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise ConfigError(
            "detectors hf:… need the extra [hf]: pip install 'isthmus[hf]'"
        ) from error
    return transformers


def _checked(config: Any, where: str) -> Any:
    if config.model_type not in FAMILIES:
        raise ConfigError(
            f"{where}: model type {config.model_type!r} is not supported; "
            f"{' and '.join(FAMILIES)} are"
        )
    return config


def check_model(source: str) -> None:
    """Whether the pretrained model in folder or hub `source` is one that can be trained.

    Raises:
        ConfigError: transformers is missing, there is no such model, or it is of another family.
    """
    transformers = _transformers()
    try:
        _checked(transformers.AutoConfig.from_pretrained(source), source)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        missing = "" if Path(source).is_dir() else "; there is no folder of this name either"
        raise ConfigError(f"hf:{source}: cannot be loaded ({reason}){missing}") from error


class HubDetector(nn.Module):
    """A transformers detector.

    Args:
        classes: names, in the order of the outputs.
        seed: of new weights.
        source: folder or hub name of a pretrained model; None: all weights are new.
        config: configuration of the model as a mapping, instead of `source`.

    Raises:
        ConfigError: transformers is missing, the model cannot be read or is of another family.
    """

    name = "hf"
    levels: tuple[str, ...] = ("p3", "p4", "p5")

    def __init__(
        self,
        classes: tuple[str, ...],
        *,
        seed: int,
        source: str | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if bool(source) == (config is not None):
            raise ConfigError("detector hf: give a model as hf:FOLDER_OR_NAME")
        self.classes = tuple(classes)
        # new layers draw from the global generator as they are built; it is put back.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seeds.integer(seed, "hf", "weights"))
            self.network = self._pretrained(source) if source else self._new(config or {})
        self.options: Mapping[str, Any] = {"config": self.network.config.to_dict()}

    def _ours(self) -> dict[str, Any]:
        """What the task asks of a configuration.

        Denoising queries need labels in the forward pass, which the interface keeps apart.
        """
        names = dict(enumerate(self.classes))
        ids = {name: index for index, name in names.items()}
        return {"id2label": names, "label2id": ids, "num_denoising": 0}

    def _pretrained(self, source: str) -> Any:
        transformers = _transformers()
        check_model(source)
        try:
            return transformers.AutoModelForObjectDetection.from_pretrained(
                source,
                use_safetensors=True,
                trust_remote_code=False,
                ignore_mismatched_sizes=True,
                **self._ours(),
            )
        except (OSError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise ConfigError(f"hf:{source}: cannot be loaded ({reason})") from error

    def _new(self, config: Mapping[str, Any]) -> Any:
        transformers = _transformers()
        values = {**config, **self._ours()}
        kind = str(values.pop("model_type", ""))
        made = _checked(transformers.AutoConfig.for_model(kind, **values), f"hf:{kind}")
        return transformers.AutoModelForObjectDetection.from_config(made)

    def raw_and_features(self, images: Tensor) -> tuple[Raw, dict[str, Tensor]]:
        """Scores and boxes of every query, and the encoder's levels."""
        height, width = images.shape[-2:]
        fill = FILL / 255
        padded = functional.pad(images, (0, -width % MULTIPLE, 0, -height % MULTIPLE), value=fill)
        out = self.network(pixel_values=padded)
        scale = torch.tensor([padded.shape[-1], padded.shape[-2]] * 2, device=padded.device)

        def corners(centred: Tensor) -> Tensor:
            middle, half = centred[..., :2], centred[..., 2:] / 2
            return torch.cat([middle - half, middle + half], -1) * scale

        layers = [
            (out.intermediate_logits[:, k], corners(out.intermediate_reference_points[:, k]))
            for k in range(out.intermediate_logits.shape[1] - 1)
        ]
        layers.append((out.enc_topk_logits, corners(out.enc_topk_bboxes)))
        raw = QueryRaw.of(out.logits, corners(out.pred_boxes), (height, width), tuple(layers))
        features = dict(zip(self.levels, out.encoder_last_hidden_state, strict=True))
        return raw, features

    def raw(self, images: Tensor) -> Raw:
        """Scores and boxes of every query: a `QueryRaw`."""
        return self.raw_and_features(images)[0]

    def features(self, images: Tensor) -> dict[str, Tensor]:
        """The encoder's levels, each (b, c, h', w')."""
        return self.raw_and_features(images)[1]

    def loss(
        self, raw: Raw, targets: Targets, *, image_weights: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Losses after one-to-one matching (`set_loss`)."""
        assert isinstance(raw, QueryRaw)
        return set_loss(raw, targets, image_weights)

    @torch.no_grad()
    def decode(self, raw: Raw, *, threshold: float = 0.05, limit: int = 100) -> list[Detections]:
        """The best (query, class) pairs; sets need no suppression of doubles."""
        assert isinstance(raw, QueryRaw)
        height, width = raw.size
        scores = raw.logits.sigmoid()
        count = scores.shape[2]
        values, places = scores.flatten(1).topk(min(limit, scores[0].numel()))
        boxes = raw.boxes.gather(1, (places // count)[..., None].expand(-1, -1, 4))
        low, high = torch.zeros(4), torch.tensor([width, height, width, height])
        boxes = torch.minimum(torch.maximum(boxes, low), high.to(boxes.dtype))
        found = []
        for box, value, label in zip(boxes, values, places % count, strict=True):
            keep = value > threshold
            found.append(Detections(box[keep].numpy(), value[keep].numpy(), label[keep].numpy()))
        return found
