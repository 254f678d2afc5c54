"""What a study needs of this machine, asked before any work: tools, device, pretrained model.

Each is wanted only when arms are trained, which is long after the first images were read.
"""

from __future__ import annotations

from isthmus.study.config import StudyConfig
from isthmus.study.run import Context


def check_means(context: Context) -> None:
    """Try what training will need; a run whose arms are trained needs nothing of it.

    Raises:
        ConfigError: the device, the tracking server or the pretrained model cannot be used.
        MissingExtraError: a tool for curves is not installed.
    """
    if not (context.stage_folder("train") / "key.txt").is_file():
        _check(context.config)


def _check(config: StudyConfig) -> None:
    """Loads torch and transformers only where the study asks for more than the usual."""
    from isthmus.detect.curves import check_tools

    check_tools(config.compute.curves)
    if config.compute.device != "cpu":
        from isthmus.detect.placed import check_device

        check_device(config.compute.device)
    if config.detector.name.startswith("hf:"):
        from isthmus.detect.hub import check_model

        check_model(config.detector.name.removeprefix("hf:"))
