"""What ends with a report: a whole study, and a measured gap with its explanation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from isthmus.compute.executor import Executor, Progress
from isthmus.compute.local import local_executor
from isthmus.report.document import update_report, write_report
from isthmus.study.config import StudyConfig
from isthmus.study.preflight import check_means
from isthmus.study.run import Context, StudyResult, run_stages
from isthmus.study.stages import STAGES
from isthmus.study.watcher import Silent, Watcher

if TYPE_CHECKING:
    from isthmus.study.measure import GapResult


def run_study(
    config: StudyConfig,
    *,
    out: Path | str | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    watcher: Watcher | None = None,
) -> StudyResult:
    """Run a study, or bring one up to date.

    A stage is run again only if its inputs, its part of the study, the seed or its code have
    changed; a run that was stopped, however it was stopped, goes on where it was. Where nothing
    has changed, no file is written.

    Args:
        config: the study, from `load_study`.
        out: run directory; default ``runs/NAME``.
        workers: local processes; default: the study's `compute.workers`, else all cores.
        executor: does the work instead of local processes.
        watcher: is told how far things are.

    Returns:
        Where the results lie, with every stage's document. `skipped` counts the input items
        that could not be used.

    Raises:
        IsthmusError: the input or the study is wrong; the message says what to do.
    """
    chosen = executor or local_executor(workers or config.compute.workers, config.compute.threads)
    folder = Path(out) if out is not None else Path("runs") / config.name
    context = Context(config, folder, chosen, watcher or Silent())
    check_means(context)
    recomputed = run_stages(context, STAGES)
    report = update_report(folder)
    domains = context.documents["data"]["domains"].values()
    skipped = sum(domain["skipped"] for domain in domains if domain)
    return StudyResult(folder, report, context.documents, recomputed, skipped)


def explain(
    result: GapResult,
    out: Path | str,
    *,
    independent: bool = False,
    permutations: int = 499,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Explain a measured gap and write a report of both; see `isthmus.study.explain`.

    Args:
        result: from `measure_gap`.
        out: run directory; `stages/gap`, `stages/explain` and `report/index.html` are written.
        independent, permutations, seed: as for the measurement.
        workers: processes to work with; no figure depends on it.
        progress: called with (done, total, what).

    Returns:
        The report.

    Raises:
        InputError: the measurement holds no frames, or `out` cannot be written to.
    """
    from isthmus.study.explain import explain_into

    folder = Path(out)
    explain_into(
        folder,
        result,
        independent=independent,
        permutations=permutations,
        seed=seed,
        executor=local_executor(workers),
        progress=progress,
    )
    return write_report(folder)
