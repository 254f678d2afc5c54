"""`study.yaml`: what one study reads, compares, trains and reports.

The file is read by a safe loader and checked as a whole: every fault is reported at once, with
its line, what was expected, and the nearest valid name of a misspelt option. Relative paths are
relative to the study file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from isthmus.errors import ConfigError
from isthmus.option_file import describe, listed, nearest, read_options

HUB = "hf:"
Selector = dict[str, str | list[str]]
_KINDS: dict[type, str] = {list: "a list", str: "mere text"}


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DomainSection(_Section):
    """Where the images and labels of one domain lie.

    A selector such as ``{sequence: [0006R0], time: day}`` keeps the frames whose `sequence`,
    `split` or label attribute has (one of) the given values.
    """

    path: Path = Field(description="label file (COCO, BDD100K, Pascal VOC) or folder of images")
    images: Path | None = Field(None, description="folder that image names are relative to")
    format: str = Field("auto", description="name of a data format, or auto")
    name: str | None = Field(None, description="name for people")
    where: Selector = Field(default_factory=dict, description="selector of the frames to use")
    categories: dict[str, str | None] = Field(
        default_factory=dict, description="category of the set → class of the task, or null"
    )


class SourceSection(DomainSection):
    """The labelled source."""

    train: Selector | None = Field(None, description="frames to train on")
    val: Selector | None = Field(None, description="frames for validation: other sequences")
    val_share: float = Field(0.2, gt=0, lt=0.9, description="share for val if no selector is given")


class TargetSection(DomainSection):
    """The target: unlabeled for training; labels, where given, serve the final score alone."""

    train: Selector | None = Field(None, description="unlabeled frames to adapt to")
    test: Selector | None = Field(None, description="labelled frames of the sealed test")
    oracle: bool = Field(False, description="may the oracle arm train on target-train labels?")
    allow_near_copies: bool = Field(
        False, description="go on where test images are all but copies of training images"
    )


class GapSection(_Section):
    """What is measured between the domains."""

    extractors: list[str] = Field(
        ["descriptors", "compact"],
        min_length=1,
        description="feature extractors; compact = layers of the detector trained here",
    )
    metrics: list[str] = Field(
        ["mmd", "sliced_wasserstein", "cmd", "proxy_a_distance", "frechet"],
        min_length=1,
        description="names of gap metrics",
    )
    permutations: int = Field(999, ge=99, le=99_999, description="relabelings for the p-value")
    bootstraps: int = Field(300, ge=50, le=10_000, description="resamples for the interval")
    floor_splits: int = Field(100, ge=10, le=10_000, description="halvings for the noise floor")
    max_frames: int = Field(2000, ge=20, description="frames drawn per domain at most")
    independent_frames: bool = Field(
        False, description="treat frames as independent although they have sequences"
    )


class GenerateSection(_Section):
    """Which augmentations answer the corner cases."""

    effects: Literal["auto"] | list[str] = Field(
        "auto", description="auto: the remedies of the corner cases found"
    )
    share: float = Field(
        0.5, gt=0, le=0.9, description="share of generated frames in the augmented arm's batches"
    )


class DetectorSection(_Section):
    """The detector that every arm trains."""

    name: str = Field("compact", description="compact, or hf:FOLDER_OR_NAME (transformers)")
    width: int = Field(8, ge=4, le=64, description="channels of compact's first stage")
    size: tuple[Annotated[int, Field(ge=32, le=4096)], Annotated[int, Field(ge=32, le=4096)]] = (
        Field((320, 192), description="width and height in pixels that images are brought to")
    )


class TrainingSection(_Section):
    """The budget: the same for every arm."""

    seeds: int = Field(3, ge=1, le=50, description="independent repetitions of every arm")
    burn_in: int = Field(400, ge=1, description="steps on the source before the arms part")
    steps: int = Field(300, ge=2, description="further steps of every arm")
    batch: int = Field(8, ge=1, le=512, description="images per step and domain")
    learning_rate: float = Field(8e-3, gt=0, lt=1, description="peak learning rate")


class ComputeSection(_Section):
    """How the work is done; no figure depends on `workers`."""

    workers: int | None = Field(None, ge=1, le=1024, description="processes; default: all cores")
    threads: int = Field(1, ge=1, le=256, description="numerical threads of a process")
    device: str = Field("cpu", description="where networks are trained: cpu, cuda, cuda:1, mps")
    precision: Literal["float32", "bfloat16", "float16"] = Field(
        "float32", description="arithmetic of networks in training; weights stay float32"
    )
    curves: list[Literal["tensorboard", "mlflow"]] = Field(
        [], description="tools to which losses are sent while training (extras of these names)"
    )


class StudyConfig(_Section):
    """One study."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$", description="name of the run")
    title: str | None = Field(None, description="title of the report")
    seed: int = Field(0, ge=0, description="decides every random draw")
    source: SourceSection
    target: TargetSection
    gap: GapSection = GapSection()
    generate: GenerateSection = GenerateSection()
    detector: DetectorSection = DetectorSection()
    training: TrainingSection = TrainingSection()
    arms: list[str] = Field(
        [
            "plain_source",
            "fair_source",
            "augmented",
            "adabn",
            "fda",
            "mean_teacher",
            "fda_mean_teacher",
            "oracle",
        ],
        min_length=1,
        description="arms to train; oracle and labels_N (N labelled target frames) need "
        "target.oracle: true; adapters joined by + are stages, such as fda+adabn+mean_teacher",
    )
    compute: ComputeSection = ComputeSection()

    @model_validator(mode="after")
    def _fair_source_is_the_reference(self) -> StudyConfig:
        if "fair_source" not in self.arms:
            raise ValueError("arms must contain fair_source: the gap is measured from it")
        if len(set(self.arms)) != len(self.arms):
            raise ValueError("arms are named more than once")
        return self


def load_study(path: Path | str) -> StudyConfig:
    """Read and check a study file.

    Raises:
        ConfigError: the file is missing, is not YAML, or is wrong; lists every fault.
    """
    path = Path(path)
    if path.is_dir():
        raise ConfigError(f"{path}: a folder, not a study file; {_instead_of(path)}")
    file = read_options(path, "study file")
    values = file.values
    if not isinstance(values, dict):
        found = "an empty file" if values is None else _KINDS.get(type(values), "a single value")
        raise ConfigError(
            f"{path}: expected options such as `name:`, `source:` and `target:`, found {found}"
        )
    return _resolved(parse_study(values, where=str(path), lines=file.lines), path.parent)


def _instead_of(folder: Path) -> str:
    """What to give instead of `folder`: a run has a study and a report, others may hold files."""
    if (folder / "study.json").is_file():
        return (
            "it holds a run. To go on with it: isthmus study run "
            f"{folder / 'study.json'} --out {folder}. To write its report again: "
            f"isthmus report {folder} (then open {folder / 'report' / 'index.html'})"
        )
    near = sorted(p for p in folder.iterdir() if p.suffix in (".yaml", ".yml"))
    if not near:
        return "no study file (*.yaml) lies in it; give the path of one"
    return f"give the file itself, such as {near[0]}"


def gap_section(values: Mapping[str, Any]) -> GapSection:
    """Check the options of a measurement; a `ConfigError` lists every fault."""
    try:
        return GapSection.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        listed = "; ".join(
            f"{fault['loc'][0]}: {fault['msg']} (got {fault['input']!r})" for fault in faults
        )
        raise ConfigError(listed) from None


def parse_study(
    values: Mapping[str, Any],
    *,
    where: str = "study",
    lines: Mapping[tuple[Any, ...], int] | None = None,
) -> StudyConfig:
    """Check options given as a mapping; see `load_study`."""
    try:
        config = StudyConfig.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        messages = [describe(fault, StudyConfig, lines or {}, "study")[1] for fault in faults]
        raise listed(where, messages) from None
    problems = _unknown_names(config)
    if problems:
        raise ConfigError(f"{where}: " + "; ".join(problems))
    return config


def _unknown_names(config: StudyConfig) -> Iterator[str] | list[str]:
    from isthmus.adapt.arm_kinds import ARMS, is_arm
    from isthmus.augment.effect import EFFECTS
    from isthmus.data.formats import FORMATS
    from isthmus.data.ontology import ROAD
    from isthmus.gap import METRICS

    effects = [] if config.generate.effects == "auto" else config.generate.effects
    checks: list[tuple[str, list[str], list[str]]] = [
        ("gap.metrics", list(config.gap.metrics), list(METRICS)),
        ("generate.effects", list(effects), list(EFFECTS)),
        ("arms", [name for name in config.arms if not is_arm(name)], list(ARMS)),
        ("detector.name", [config.detector.name], _detectors(config.detector.name)),
        ("source.categories", _classes(config.source), list(ROAD.classes)),
        ("target.categories", _classes(config.target), list(ROAD.classes)),
        ("source.format", [config.source.format], ["auto", *FORMATS]),
        ("target.format", [config.target.format], ["auto", *FORMATS]),
    ]
    return [
        f"{option}: unknown {name!r}{nearest(name, known)}; known are {', '.join(known)}"
        for option, names, known in checks
        for name in names
        if name not in known
    ]


def _detectors(name: str) -> list[str]:
    """Names of detectors; the usual one is not looked up, which would load torch."""
    if name == DetectorSection().name or (name.startswith(HUB) and name != HUB):
        return [name]
    from isthmus.detect.detector import DETECTORS

    return [f"{HUB}FOLDER_OR_NAME" if known == "hf" else known for known in DETECTORS]


def _classes(section: DomainSection) -> list[str]:
    """Classes that categories are mapped to."""
    return sorted({name for name in section.categories.values() if name is not None})


def _resolved(config: StudyConfig, folder: Path) -> StudyConfig:
    def domain(section: Any) -> Any:
        images = section.images and (folder / section.images).resolve()
        return section.model_copy(
            update={"path": (folder / section.path).resolve(), "images": images}
        )

    detector = config.detector
    model = (folder / detector.name.removeprefix(HUB)).resolve()
    if detector.name.startswith(HUB) and model.is_dir():
        detector = detector.model_copy(update={"name": f"{HUB}{model}"})
    return config.model_copy(
        update={
            "source": domain(config.source),
            "target": domain(config.target),
            "detector": detector,
        }
    )


def study_schema() -> dict[str, Any]:
    """Give the JSON Schema of study files, for editors and other programs."""
    return StudyConfig.model_json_schema()
