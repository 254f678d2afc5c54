"""The `isthmus` command: argument parsing only; each command calls one public function.

Exit status: 0 done; 1 the input or the study is wrong; 2 the command line is wrong; 3 done, but
some of the input had to be skipped (it is listed); 4 measured, but a gate does not hold; 130
interrupted.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Group, Parameter

import isthmus
from isthmus import files
from isthmus.cli_adapt import adapt
from isthmus.cli_augment import add_commands as add_augment_commands
from isthmus.cli_cases import add_commands
from isthmus.cli_data import data
from isthmus.cli_synth import synth
from isthmus.cli_translate import translate
from isthmus.errors import InputError, IsthmusError

EXIT_ERROR, EXIT_SKIPPED, EXIT_GATE, EXIT_INTERRUPTED = 1, 3, 4, 130

app = App(
    name="isthmus",
    version=isthmus.__version__,
    help="Measure, explain and close the gap between labelled source images and an unlabeled "
    "target camera.",
    suppress_keyboard_interrupt=False,
    help_epilogue="Exit status: 0 done · 1 wrong input · 2 wrong command line · 3 done, but some "
    "input was skipped · 4 a gate does not hold · 130 interrupted (the same command goes on from "
    "there).",
)
study = App(name="study", help="Run the whole methodology from a study file.")
app.command(study)
app.command(data)
app.command(synth)
add_commands(app)
app.command(adapt)
app.command(translate)
add_augment_commands(app)

WORK = Group("Work")
Workers = Annotated[
    int | None,
    Parameter(group=WORK, help="Processes to work with, 1 or more [default: all cores]."),
]
OutFolder = Annotated[Path | None, Parameter(help="Run directory [default: runs/NAME].")]


@study.command(name="run")
def study_run(file: Path, /, *, out: OutFolder = None, workers: Workers = None) -> int:
    """Run a study, or bring one up to date; a stopped run goes on where it stopped.

    Parameters
    ----------
    file
        The study file (YAML).
    """
    from isthmus import console

    config = isthmus.load_study(file)
    with console.watch() as watcher:
        result = isthmus.run_study(config, out=out, workers=workers, watcher=watcher)
    console.show_study(result)
    return EXIT_SKIPPED if result.skipped else 0


@study.command(name="check")
def study_check(file: Path, /) -> int:
    """Check a study file and say what would be run, without reading any image.

    Parameters
    ----------
    file
        The study file (YAML).
    """
    from isthmus import console

    console.show_config(isthmus.load_study(file))
    return 0


@study.command(name="schema")
def study_schema() -> int:
    """Print the JSON Schema of study files: every option with default, range and meaning."""
    from isthmus import console

    console.print_json(isthmus.study_schema())
    return 0


@app.command
def demo(*, out: Path = Path("runs/demo"), workers: Workers = None, quick: bool = False) -> int:
    """Render two small domains (clear day, fog) and run a whole study on them.

    Parameters
    ----------
    out
        Run directory.
    quick
        Far fewer frames and steps: shows the way, proves nothing.
    """
    from isthmus import console

    with console.watch() as watcher:
        result = isthmus.run_demo(out, workers=workers, quick=quick, watcher=watcher)
    console.show_study(result)
    return EXIT_SKIPPED if result.skipped else 0


@app.command
def measure(
    source: Path,
    target: Path,
    /,
    *,
    extractor: Annotated[list[str] | None, Parameter(negative="")] = None,
    metric: Annotated[list[str] | None, Parameter(negative="")] = None,
    layer_weights: str | None = None,
    source_images: Path | None = None,
    target_images: Path | None = None,
    independent: bool = False,
    permutations: int = 999,
    max_frames: int = 2000,
    seed: int = 0,
    json: Path | None = None,
    gate: Path | None = None,
    junit: Path | None = None,
    out: Path | None = None,
    workers: Workers = None,
) -> int:
    """Measure the gap between two sets of images.

    Parameters
    ----------
    source
        Label file (COCO, BDD100K, Pascal VOC) or folder of images.
    target
        The same for the other domain; its labels serve --out alone (windows on objects, class and
        layout mix).
    extractor
        descriptors, onnx:PATH#layer,…, torch:MODULE:FACTORY#layer,…; repeat for several
        [default: descriptors].
    metric
        mmd, sliced_wasserstein, cmd, proxy_a_distance, frechet, energy, wasserstein,
        kl_gaussian, coral, emd, sinkhorn, precision_gap, recall_gap, coverage_gap; repeat for
        several [default: the first five].
    layer_weights
        layer=2,other=1: also measure the sum of these layers' distances, weighted.
    source_images
        Folder that image names in the source's label file are relative to.
    target_images
        The same for the target.
    independent
        Treat every frame as independent, although neighbours of a video are not.
    permutations
        Relabelings for the p-value, 99 to 99999.
    max_frames
        Frames drawn from each set at most, 20 or more. A set needs 4 frames at least.
    seed
        Decides every random draw; 0 or more.
    json
        Also write the result to this file.
    gate
        File of rules that the gap has to keep (YAML); exit status 4 if it does not. Without
        --metric, the metrics that it names are measured too.
    junit
        Also write what became of the rules to this file, as JUnit XML.
    out
        Also explain the gap (what removes it, where in the frame it lies, which frames show it,
        under which conditions) and write a report into this folder.
    """
    from isthmus import console

    if junit is not None and gate is None:
        raise InputError("--junit: there are no rules to write about; give them with --gate FILE")
    _check_output(json, "--json")
    _check_output(junit, "--junit")
    if out is not None:
        files.make_folder(out)
    with console.watch() as watcher:
        result = isthmus.measure_gap(
            source,
            target,
            extractors=extractor,
            metrics=metric,
            layer_weights=layer_weights,
            source_images=source_images,
            target_images=target_images,
            independent=independent,
            permutations=permutations,
            max_frames=max_frames,
            seed=seed,
            gate=gate,
            workers=workers,
            progress=watcher.progress,
        )
    if json is not None:
        result.save(json)
    if junit is not None and result.gate is not None:
        isthmus.write_junit(result.gate, junit)
    console.show_gap(result, saved=json)
    if out is not None:
        with console.watch() as watcher:
            report = isthmus.explain(
                result,
                out,
                independent=independent,
                seed=seed,
                workers=workers,
                progress=watcher.progress,
            )
        console.show_path("report", report)
    if result.gate is not None:
        console.show_gate(result.gate, saved=junit)
        if not result.gate.passed:
            return EXIT_GATE
    return EXIT_SKIPPED if result.skipped else 0


def _check_output(file: Path | None, option: str) -> None:
    if file is not None:
        files.check_output(file, option)


@app.command
def dqm(
    pipeline: Path,
    /,
    *,
    root: Path = Path("."),
    extractor: Annotated[list[str] | None, Parameter(negative="")] = None,
    permutations: int = 999,
    max_frames: int = 2000,
    seed: int = 0,
    json: Path | None = None,
    workers: Workers = None,
) -> int:
    """Run the domain gap requests of a dqm-ml pipeline; show its numbers beside the right ones.

    Parameters
    ----------
    pipeline
        Pipeline of dqm-ml 1.x or 2.x (YAML or JSON).
    root
        Folder that the pipeline's paths are relative to; nothing outside it is read.
    extractor
        What replaces the networks that the pipeline names: descriptors, onnx:PATH#layer,…,
        torch:MODULE:FACTORY#layer,…; repeat for several [default: descriptors].
    permutations
        Relabelings for the p-value, 99 to 99999.
    max_frames
        Frames drawn from each set at most, 20 or more.
    seed
        Decides every random draw; 0 or more.
    json
        Also write the result to this file.
    """
    from isthmus import console

    _check_output(json, "--json")
    with console.watch() as watcher:
        result = isthmus.measure_dqm(
            pipeline,
            root=root,
            extractors=extractor,
            permutations=permutations,
            max_frames=max_frames,
            seed=seed,
            workers=workers,
            progress=watcher.progress,
        )
    if json is not None:
        result.save(json)
    console.show_dqm(result, saved=json)
    return EXIT_SKIPPED if result.skipped else 0


@app.command
def schema(name: Literal["dqm", "explain", "gap", "gate", "study"], /) -> int:
    """Print a JSON Schema.

    Parameters
    ----------
    name
        dqm: what `dqm --json` writes; explain: what `measure --out` writes beside the gap; gap:
        what `measure --json` writes; gate: gate files; study: study files.
    """
    from isthmus import console

    known = {
        "dqm": isthmus.dqm_schema,
        "explain": isthmus.explain_schema,
        "gap": isthmus.gap_schema,
        "gate": isthmus.gate_schema,
        "study": isthmus.study_schema,
    }
    console.print_json(known[name]())
    return 0


@app.command
def report(run: Path, /) -> int:
    """Write the report of a run again from its result documents.

    Parameters
    ----------
    run
        The run directory.
    """
    from isthmus import console

    console.show_path("report", isthmus.write_report(run))
    return 0


def main(arguments: list[str] | None = None) -> None:
    """Entry point of the console script."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        status = app(arguments, exit_on_error=True, result_action="return_value")
    except KeyboardInterrupt:
        print(
            "\nInterrupted. What is finished is kept: the same command goes on from here.",
            file=sys.stderr,
        )
        sys.exit(EXIT_INTERRUPTED)
    except IsthmusError as error:
        print(f"isthmus: {error}", file=sys.stderr)
        sys.exit(EXIT_ERROR)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone: nothing is left to say
        sys.exit(EXIT_ERROR)
    except OSError as error:  # a full disk, missing rights: nothing that a traceback would mend
        print(f"isthmus: {error}. What is finished is kept", file=sys.stderr)
        sys.exit(EXIT_ERROR)
    sys.exit(status if isinstance(status, int) else 0)


def _interrupt(signum: int, frame: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
