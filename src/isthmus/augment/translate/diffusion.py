"""`diffusion`: frames translated by a pretrained pipeline of diffusers, weights safetensors alone.

Image to image (Meng et al., "SDEdit", ICLR 2022), held to the scene by control maps (Zhang et al.,
"ControlNet", ICCV 2023), or by instruction (Brooks et al., "InstructPix2Pix", CVPR 2023); which of
them, the pipeline's own ``model_index.json`` says. What such a model repaints it may also move or
erase: audit what it makes. Extra `diffusion`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from isthmus import seeds
from isthmus.augment.linear import Bytes
from isthmus.augment.translate.control import CONTROLS, control_map
from isthmus.augment.translate.prompts import NEGATIVE, prompt_for
from isthmus.data.frame import Frame
from isthmus.errors import ConfigError, InputError, MissingExtraError
from isthmus.features.network import device_of
from isthmus.files import digest_of, file_digest, read_json

INDEX = "model_index.json"
UNSAFE = (".bin", ".ckpt", ".pt", ".pth", ".msgpack", ".h5", ".pkl")
WANTED = ("*.json", "*.txt", "*.model", "*.safetensors")
KINDS: Mapping[str, tuple[str, str]] = {
    "StableDiffusionPipeline": ("image", "StableDiffusionImg2ImgPipeline"),
    "StableDiffusionImg2ImgPipeline": ("image", "StableDiffusionImg2ImgPipeline"),
    "StableDiffusionXLPipeline": ("image", "StableDiffusionXLImg2ImgPipeline"),
    "StableDiffusionXLImg2ImgPipeline": ("image", "StableDiffusionXLImg2ImgPipeline"),
    "StableDiffusionControlNetPipeline": ("control", "StableDiffusionControlNetImg2ImgPipeline"),
    "StableDiffusionControlNetImg2ImgPipeline": (
        "control",
        "StableDiffusionControlNetImg2ImgPipeline",
    ),
    "StableDiffusionInstructPix2PixPipeline": ("edit", "StableDiffusionInstructPix2PixPipeline"),
}
"""Class in ``model_index.json`` → how it is used, and the class of diffusers that does it."""


@dataclass(frozen=True)
class DiffusionSettings:
    """What is asked of a pipeline.

    Attributes:
        condition: chooses the prompt, see `isthmus.augment.translate.prompts`.
        prompt: instead of the condition's own.
        strength: share of the noise that the picture is given, above 0 to 1; of an editing model
            it sets how little it keeps: its image guidance is ``1 + (1 − strength)``.
        steps: of denoising.
        guidance: weight of the prompt.
        control: depth, edges or classes, for pipelines with a control net.
        longest: longer side that frames are brought to for the model, pixels.
        seed: decides, with a frame's id, all noise.
    """

    condition: str | None = None
    prompt: str | None = None
    strength: float = 0.5
    steps: int = 30
    guidance: float = 7.0
    control: str = "depth"
    longest: int = 768
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.strength <= 1:
            raise ConfigError(f"diffusion: strength {self.strength}: above 0, at most 1 is needed")
        if self.steps < 1 or self.longest < 32 or self.control not in CONTROLS:
            raise ConfigError(
                f"diffusion: steps {self.steps} (1 or more), longest {self.longest} (32 or more), "
                f"control {self.control!r} ({', '.join(CONTROLS)})"
            )


@dataclass
class DiffusionTranslator:
    """A pipeline with what is asked of it; loads when the first frame comes.

    Attributes:
        folder: of the pipeline.
        settings: what is asked.
        device: as in `torch.device`.
        frames: id → frame, for control maps made of its labels; may be empty.
    """

    folder: Path
    settings: DiffusionSettings
    device: str = "cpu"
    frames: Mapping[str, Frame] = field(default_factory=dict)
    method = "diffusion"

    def __post_init__(self) -> None:
        self.kind, self.pipeline_class = check_folder(self.folder)
        self.text = prompt_for(
            self.settings.condition, self.settings.prompt, instruct=self.kind == "edit"
        )
        self._pipeline: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pipeline": None}

    @cached_property
    def fingerprint(self) -> str:
        """Digest of weights (gigabytes: read once), settings and prompt."""
        weights = sorted(self.folder.rglob("*.safetensors"))
        return digest_of(
            [asdict(self.settings), self.text, [[p.name, file_digest(p)] for p in weights]]
        )

    def transform(self, image: Bytes, name: str) -> Bytes:
        """An image (h, w, 3) uint8 translated; noise comes from the seed and `name`."""
        import numpy as np
        import torch
        from PIL import Image

        from isthmus.data.images import resize_rgb

        if self._pipeline is None:
            self._pipeline = load_pipeline(self.folder, self.pipeline_class, self.device)
        height, width = image.shape[:2]
        factor = min(1.0, self.settings.longest / max(height, width))
        multiple = int(getattr(self._pipeline, "vae_scale_factor", 8))
        size = tuple(max(1, round(side * factor / multiple)) * multiple for side in (width, height))
        picture = Image.fromarray(resize_rgb(image, *size))
        seed = seeds.integer(self.settings.seed, "translate", "diffusion", name)
        options: dict[str, Any] = {
            "prompt": self.text,
            "negative_prompt": NEGATIVE,
            "image": picture,
            "num_inference_steps": self._steps(),
            "guidance_scale": self.settings.guidance,
            "generator": torch.Generator("cpu").manual_seed(seed),
            "output_type": "np",
        }
        if self.kind == "edit":
            options["image_guidance_scale"] = 2.0 - self.settings.strength
        else:
            options["strength"] = self.settings.strength
        if self.kind == "control":
            shown = control_map(self.settings.control, image, self.frames.get(name))
            options["control_image"] = Image.fromarray(resize_rgb(shown, *size))
        with torch.inference_mode():
            made = self._pipeline(**options).images[0]
        pixels = np.clip(np.rint(np.nan_to_num(made) * 255), 0, 255).astype(np.uint8)
        return resize_rgb(pixels, width, height)

    def _steps(self) -> int:
        """Steps asked for, or so many that `strength` leaves one of them to be done."""
        return max(self.settings.steps, math.ceil(1 / self.settings.strength))


def load(
    path: Path | str, device: str = "cpu", frames: Mapping[str, Frame] | None = None, **options: Any
) -> DiffusionTranslator:
    """A translator of the pipeline in a folder, or of that name on the hub.

    Args:
        path: the folder; where there is none of that name, ``owner/name`` is fetched.
        device: as in `torch.device`.
        frames: id → frame, for control maps.
        options: fields of `DiffusionSettings`.

    Raises:
        ConfigError: an unknown kind of pipeline, condition or setting.
        InputError: not a pipeline, weights other than safetensors, a device that cannot be used.
        MissingExtraError: diffusers is not installed.
    """
    folder = Path(path)
    if not folder.is_dir():
        folder = fetch_pipeline(str(path))
    device_of(device)
    return DiffusionTranslator(folder, DiffusionSettings(**options), device, dict(frames or {}))


def check_folder(folder: Path) -> tuple[str, str]:
    """How the pipeline in `folder` is used, and by which class of diffusers.

    Raises:
        ConfigError: a kind that is not known here.
        InputError: not a pipeline, or a part whose weights are no safetensors.
    """
    index = read_json(folder / INDEX, limit_bytes=1 << 20)
    name = index.get("_class_name") if isinstance(index, dict) else None
    if not isinstance(name, str) or name not in KINDS:
        raise ConfigError(
            f"{folder / INDEX}: pipeline {name!r} cannot be used; one of {', '.join(KINDS)}"
        )
    for part in sorted(path for path in folder.iterdir() if path.is_dir()):
        unsafe = sorted(p.name for p in part.iterdir() if p.suffix in UNSAFE)
        if unsafe and not any(part.glob("*.safetensors")):
            raise InputError(
                f"{part / unsafe[0]}: weights are read from safetensors alone, others can run "
                "code; convert the pipeline with save_pretrained(safe_serialization=True)"
            )
    return KINDS[name]


def load_pipeline(folder: Path, name: str, device: str) -> Any:
    """The pipeline of class `name` in a folder; nothing is fetched, no code of it is run.

    Raises:
        InputError: it cannot be read.
        MissingExtraError: diffusers is not installed.
    """
    try:
        import diffusers
    except ImportError:
        raise MissingExtraError("translation by diffusion", "diffusion") from None
    diffusers.utils.logging.disable_progress_bar()
    try:
        pipeline = getattr(diffusers, name).from_pretrained(
            str(folder), use_safetensors=True, local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0]
        raise InputError(f"{folder}: not a pipeline that can be read ({first})") from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def fetch_pipeline(name: str) -> Path:
    """The folder of a pipeline of the hub, fetched if need be: descriptions and safetensors alone.

    Raises:
        InputError: it cannot be fetched.
        MissingExtraError: diffusers is not installed.
    """
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise MissingExtraError("pipelines of the hub", "diffusion") from None
    try:
        return Path(snapshot_download(name, allow_patterns=list(WANTED)))
    except (OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        raise InputError(f"{name}: neither a folder nor fetched from the hub ({first})") from error
