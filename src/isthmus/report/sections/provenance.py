"""How the study was run, so that it can be checked and repeated; its limits; the sign-off."""

from __future__ import annotations

from isthmus import files
from isthmus.report import fields, wording
from isthmus.report.blocks import Block, Heading, Listing, Section, SignOff, Source, Table, Text
from isthmus.report.fields import Document
from isthmus.report.run_folder import SCHEMAS, RunFolder
from isthmus.report.tables import flat, sentence

_ROLES = ("Prepared by", "Reviewed by (safety)", "Released by")


def section(run: RunFolder) -> Section:
    """Protocol, limits, versions and seeds, the study file, fields to sign."""
    blocks: list[Block] = [
        Heading("Protocol"),
        Listing(tuple(_protocol(run))),
        Heading("How the sealed test was opened"),
        *_receipts(run.stage("score")),
        Heading("Limits"),
        Listing(tuple(_limits(run))),
        Heading("Provenance"),
        _stages(run),
    ]
    if run.manifest:
        known = {k: v for k, v in run.manifest.items() if k not in ("stages", "schema")}
        blocks.append(Table("Run", ("What", "Value"), tuple(flat(known)), folded=True))
    if run.study:
        text = files.canonical_json(run.study, indent=2)
        blocks.append(Source("The study, as it was frozen for this run", text))
    blocks += [Heading("Sign-off"), SignOff(_ROLES)]
    title = "Protocol and provenance"
    return Section("provenance", title, "Can this be trusted and repeated?", tuple(blocks))


def _protocol(run: RunFolder) -> list[str]:
    arms = fields.records(run.stage("train"), "arms")
    seeds = sorted({str(seed) for arm in arms for seed in fields.sequence(arm, "seeds")})
    exceptions = fields.sequence(run.stage("data"), "notes")
    lines = [
        "Data are split by sequence, not by frame: neighbouring frames stay on one side."
        + (" Exceptions are stated under Data." if exceptions else ""),
        _without_labels(any(fields.text(arm, "name") == "oracle" for arm in arms)),
        "Intervals are 95 % unless stated otherwise. Frames of one drive are not independent: what "
        "is resampled are drives, or blocks of consecutive frames.",
    ]
    if arms:
        steps = sorted({fields.integer(arm, "steps") for arm in arms})
        even = f"{wording.count(steps[0])} steps each" if len(steps) == 1 else "unequal steps"
        lines.append(
            f"{wording.several(len(arms), 'arm')} with {even}, "
            f"{wording.several(len(seeds), 'seed')} ({wording.listing(seeds)}), equal first "
            "weights and image size. The last checkpoint is scored, never the best on the test."
        )
    seed = fields.number(run.manifest, "seed")
    if seed is not None:
        lines.append(
            f"All randomness derives from the seed {int(seed)}; a second run of the same study "
            "gives the same documents."
        )
    return lines


def _without_labels(oracle: bool) -> str:
    if not oracle:
        return "Target images are used without labels in every step before the final scoring."
    return (
        "Every arm but the oracle uses target images without labels. The oracle trains with the "
        "labels of target frames outside the test, to learn what labels would give; it cannot be "
        "chosen."
    )


def _receipts(score: Document) -> list[Block]:
    receipts = tuple(sentence(item) for item in fields.sequence(score, "receipts"))
    if not score:
        return [Text("It was not opened: nothing has been scored.")]
    if not receipts:
        return [Text("No opening was recorded.", "warning")]
    return [Text(f"{wording.several(len(receipts), 'opening')}, recorded:"), Listing(receipts)]


def _limits(run: RunFolder) -> list[str]:
    test = fields.record(run.stage("score"), "test")
    sequences, units = fields.integer(test, "sequences"), fields.integer(test, "units")
    lines = []
    if sequences:
        blocks = f" ({wording.several(units, 'independent block')})" if units != sequences else ""
        lines.append(
            f"The test has {wording.several(sequences, 'sequence')}{blocks}: intervals speak for "
            f"drives like {'it' if sequences == 1 else 'these'}, not for every drive of the target."
        )
    iou = fields.number(run.stage("score"), "iou")
    if iou is not None:
        lines.append(f"AP50 counts a detection as right at an overlap (IoU) of {iou:g} or more.")
    lines += [
        "A gap in features is evidence of difference, not a forecast of errors; only the scores "
        "of the arms tell what it costs, for this detector.",
        "Conditions are measured from pixels: night, rain or snow are inferred, not known.",
        "The detector of a study is small on purpose: what helps it need not help a large network "
        "as much. Confirm the chosen way on the network that will be deployed.",
    ]
    return lines


def _stages(run: RunFolder) -> Table:
    known = fields.record(run.manifest, "stages")
    rows = []
    for stage in SCHEMAS:
        entry = fields.record(known, stage)
        state = fields.text(entry, "status") or ("done" if stage in run.documents else "not run")
        seconds = fields.number(entry, "seconds")
        took = wording.MISSING if seconds is None else f"{wording.number(seconds)}{wording.THIN}s"
        key = fields.text(entry, "key", wording.MISSING)[:16]
        rows.append((wording.plain(stage), state, took, key))
    return Table(
        caption="Stages",
        columns=("Stage", "State", "Took", "Key"),
        rows=tuple(rows),
        numeric=frozenset({"Took"}),
        note="The key names inputs, parameters, seed and code of a stage.",
    )
