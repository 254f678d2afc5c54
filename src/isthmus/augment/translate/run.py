"""From a data set to its audited translation, whichever the method: what the command line calls."""

from __future__ import annotations

from pathlib import Path

from isthmus.augment.translate.apply import translate_dataset
from isthmus.augment.translate.audit_dataset import (
    TranslationAudit,
    audit_translation,
    loaded_detector,
)
from isthmus.augment.translate.translator import Translator, build_translator, load_translator
from isthmus.compute.executor import Executor, Progress, SerialExecutor
from isthmus.data.dataset import Dataset
from isthmus.errors import ConfigError
from isthmus.features.extractor import load_extractor


def translate_and_audit(
    dataset: Dataset,
    folder: Path | str,
    *,
    translator: Path | str | None = None,
    diffusion: Path | str | None = None,
    pictures: Path | str | None = None,
    condition: str | None = None,
    prompt: str | None = None,
    control: str | None = None,
    strength: float | None = None,
    device: str = "cpu",
    audit: bool = True,
    extractor: str | None = None,
    detector: Path | str | None = None,
    seed: int = 0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> tuple[Dataset, TranslationAudit | None]:
    """Translate a data set and audit its labels; see `translate_dataset`, `audit_translation`.

    Args:
        dataset: frames; without labels on any of them nothing is audited.
        folder: for images, coco.json and audit.json.
        translator, diffusion, pictures: exactly one of: a translator's file, a pipeline's folder
            or name on the hub, a folder of pictures that another program made.
        condition, prompt, control: of `diffusion`.
        strength: how far to go; 1 unless given, 0.5 for `diffusion`.
        device: where networks run.
        audit: whether to audit.
        extractor, detector: for the audit.
        seed: decides every random draw.
        executor: who does it; a pipeline, or a network on a device, works in this process.
        progress: called with (frames done, frames in all, what).

    Returns:
        The data set as written, and the audit (None without one).

    Raises:
        ConfigError: not exactly one way to translate, or options of another.
        InputError: see the functions named above.
    """
    folder = Path(folder)
    if sum(way is not None for way in (translator, diffusion, pictures)) != 1:
        raise ConfigError("give exactly one of a translator, a diffusion pipeline and pictures")
    if diffusion is None and any(option is not None for option in (condition, prompt, control)):
        raise ConfigError("condition, prompt and control are for diffusion pipelines")
    if pictures is not None and strength is not None:
        raise ConfigError("pictures of another program are taken as they are: no strength")
    # Translation may take hours: what the audit needs is tried before.
    judge = loaded_detector(detector) if audit else None
    if audit and extractor is not None:
        load_extractor(extractor)
    way: Translator | Path
    mixing = 1.0 if strength is None else strength
    if diffusion is not None:
        given = {"condition": condition, "prompt": prompt, "control": control, "strength": strength}
        options = {name: value for name, value in given.items() if value is not None}
        frames = {frame.id: frame for frame in dataset.frames}
        way = build_translator(
            "diffusion", diffusion, device=device, frames=frames, seed=seed, **options
        )
        mixing = 1.0
    else:
        way = load_translator(translator, device=device) if translator else Path(str(pictures))
    alone = diffusion is not None or device != "cpu"
    runner = SerialExecutor() if alone else executor
    made = translate_dataset(
        dataset, way, folder, strength=mixing, executor=runner, progress=progress
    )
    if not audit or not any(frame.objects for frame in made):
        return made, None
    return audit_translation(
        dataset,
        made,
        extractor=extractor,
        detector=judge,
        folder=folder,
        seed=seed,
        executor=executor,
        progress=progress,
    )
