"""`run_study`: bring every stage of a study up to date and write its report."""

from __future__ import annotations

from pathlib import Path

from isthmus.compute.executor import Executor
from isthmus.compute.local import local_executor
from isthmus.report.document import write_report
from isthmus.study.config import StudyConfig
from isthmus.study.run import Context, StudyResult, run_stages
from isthmus.study.stages import STAGES
from isthmus.study.watcher import Silent, Watcher


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
    changed; a run that was stopped, however it was stopped, goes on where it was.

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
    recomputed = run_stages(context, STAGES)
    report = write_report(folder)
    domains = context.documents["data"]["domains"].values()
    skipped = sum(domain["skipped"] for domain in domains if domain)
    return StudyResult(folder, report, context.documents, recomputed, skipped)
