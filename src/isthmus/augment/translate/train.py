"""One way in to training a translator, whichever its method."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isthmus.compute.executor import Progress
from isthmus.data.dataset import Dataset, UnlabeledView
from isthmus.errors import ConfigError, InputError

TRAINED = ("cut", "adain")


def train_translator(
    source: Dataset,
    target: UnlabeledView | Dataset,
    folder: Path | str,
    *,
    method: str = "cut",
    seed: int = 0,
    device: str = "cpu",
    network: Path | str | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Path:
    """Make a translator from source to target; goes on where it stopped.

    Args:
        source: frames; boxes, where there are any, help `cut` to keep objects where they are.
        target: one image or more; labels are not looked at.
        folder: for the translator (``translator.safetensors``), its checkpoint and samples.
        method: cut (trained), or adain (statistics alone: seconds).
        seed: decides every random draw.
        device: where `cut` is trained, as in `torch.device`.
        network: encoder and decoder for `adain`, see `isthmus.augment.translate.adain_network`.
        progress: called with (done, in all, what).
        options: fields of `CutSettings`.

    Returns:
        The translator's file, for `load_translator`.

    Raises:
        ConfigError: unknown method or option.
        InputError: no images, or a folder that holds another training.
        TrainingError: a loss stopped being finite; the last good checkpoint is kept.
    """
    from isthmus.augment.translate.adain import fit_adain
    from isthmus.augment.translate.cut import CutSettings
    from isthmus.augment.translate.training import TRANSLATOR, train_cut

    if method not in TRAINED:
        raise ConfigError(f"method {method!r}: not one that is trained: {', '.join(TRAINED)}")
    if method == "adain":
        if options:
            raise ConfigError(f"adain takes no {', '.join(sorted(options))}; those are for cut")
        file = Path(folder) / TRANSLATOR
        _check_free(file, method)
        return fit_adain(target, file, network=network, seed=seed, progress=progress)
    if network is not None:
        raise ConfigError("cut takes no network; that is for adain")
    try:
        settings = CutSettings(**options)
    except TypeError as error:
        raise ConfigError(f"cut: wrong options {options} ({error})") from error
    _check_free(Path(folder) / TRANSLATOR, method)
    trained = train_cut(
        source, target, folder, settings=settings, seed=seed, device=device, progress=progress
    )
    return trained.path


def _check_free(file: Path, method: str) -> None:
    """Refuse to write over the translator of another method."""
    from isthmus.augment.translate.training import CHECKPOINT
    from isthmus.augment.translate.weights import translator_note

    if file.exists():
        found = translator_note(file)["method"]
    else:
        found = "cut" if file.with_name(CHECKPOINT).exists() else method
    if found != method:
        raise InputError(
            f"{file}: holds a training of {found}, not {method}; choose another folder"
        )
