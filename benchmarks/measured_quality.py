"""Sections of `docs/measured.md` about corner cases and data quality; see `measured_page.py`."""

from __future__ import annotations

from typing import Any

MISSED = " ✗"
TARGETS = (
    ("import_70k_s", "importing 70 000 frames with 1.3 million boxes, CPU seconds", 60.0, True),
    ("import_70k_gib", "– peak memory, GiB", 2.0, True),
    ("conditions_images_per_s", "measures and scores, images of 1280 × 720 a second", 60.0, False),
    ("near_duplicates_100k_s", "near duplicates of 100 000 vectors, seconds", 300.0, True),
)
"""Figure, what it is, target, whether it is the most (else the least)."""
REAL = {
    "low_light_dusk": "dusk of CamVid, `low_light`",
    "haze_effect": "fog made on its days, `haze`",
    "night_effect": "night made on its days, `night`",
    "low_light_effect": "failing light made on its days, `low_light`",
    "over_exposure_effect": "strong light made on its days, `over_exposure`",
    "motion_blur_effect": "motion blur made on its days, `motion_blur`",
    "rain_effect": "rain made on its days, `rain`",
    "snowfall_effect": "snow made on its days, `snowfall`",
    "wet_road_effect": "wet roads made on its days, `wet_road`",
    "dirt_effect": "dirt made on its days, `dirt`",
}
FAULTS = {
    "under_exposed": "under-exposed",
    "over_exposed": "over-exposed",
    "blurred": "blurred",
    "uniform": "uniform",
    "grayscale": "without colour",
    "odd_aspect": "odd aspect",
    "odd_size": "odd size",
    "copies": "copies, exact and near",
}
TOOLS = {"isthmus": ("ours", ""), "cleanvision": ("cleanvision", "cleanvision_"),
         "dqm": ("dqm-ml, read at its best", "dqm_"),
         "brain": ("FiftyOne Brain", "brain_")}  # fmt: skip


def corner_cases(result: dict[str, Any]) -> list[str]:
    """Speed, the scores, and a plan from end to end."""
    figures, tables = result["figures"], result["tables"]
    speed = [
        f"| {what} | {_judged(figures[key], limit, most)} | {'≤' if most else '≥'} {limit:g} |"
        for key, what, limit, most in TARGETS
        if key in figures
    ]
    scores = [
        f"| `{row['condition']}` | {row['with']} / {row['without']} | {row['auc']:.3f} "
        f"[{row['low']:.2f}, {row['high']:.2f}] | {100 * row['found']:.0f} % "
        f"| {100 * row['false']:.0f} % | {_alarms(tables, row['condition'])} |"
        for row in tables.get("conditions", [])
    ]
    real = [
        f"| {what} | {figures[f'auc_{key}']:.3f} |"
        for key, what in REAL.items()
        if f"auc_{key}" in figures
    ]
    lines = [
        "## Corner cases",
        "Times are CPU seconds of one process; rates and the search for duplicates for two cores.",
        "\n".join(["| what | measured | target |", "|---|---:|---:|", *speed]),
        *tables.get("notes", []),
        "Scores of conditions on rendered frames of other places than those they were calibrated "
        "on: frames with and without the condition, area under the ROC curve (95 % interval), and "
        "at the score's threshold the share found and the share of false alarms; the last column "
        "is false alarms on real frames by day (CamVid).",
        "\n".join(
            ["| score | frames | AUC | found | false | false, real |",
             "|---|---:|---:|---:|---:|---:|", *scores]
        ),
    ]  # fmt: skip
    if real:
        lines += [
            "The same scores on real frames by day against …",
            "\n".join(["| what | AUC |", "|---|---:|", *real]),
        ]
    for key, name in (("", "CamVid's dusk by its days"), ("carla_", "CamVid by CARLA")):
        before, after = (figures.get(f"{key}coverage_{when}") for when in ("before", "after"))
        if before is not None and after is not None:
            lines.append(
                f"Coverage of {name}: {100 * before:.0f} % before, {100 * after:.0f} % after the "
                "frames of the plan were made"
                f"{'' if before < 1 else ' (none: all that is asked for is there)'}."
            )
    return lines


def _alarms(tables: dict[str, Any], condition: str) -> str:
    share = tables.get("real", {}).get("false_alarms_by_day", {}).get(condition)
    return "–" if share is None else f"{100 * share:.0f} %"


def _judged(value: float, limit: float, most: bool) -> str:
    met = value <= limit if most else value >= limit
    return f"{value:.3g}{'' if met else MISSED}"


def quality_peers(result: dict[str, Any]) -> list[str]:
    """Planted faults found by each tool."""
    figures, tables = result["figures"], result["tables"]
    tools = {name: words for name, words in TOOLS.items() if name in tables}
    total = figures["planted_total"]
    rows = []
    for fault, words in FAULTS.items():
        cells = [_found(tables[name], fault) for name in tools]
        rows.append(f"| {words} | {' | '.join(cells)} |")
    found = [f"{figures[f'{key}planted_found']} of {total}" for _, key in tools.values()]
    seconds = [f"{figures[f'{key}seconds_per_1000']:.0f}" for _, key in tools.values()]
    return [
        "## Data quality beside other tools",
        "Faults planted in real frames (CamVid), 5 of each and 10 pairs of copies; in brackets "
        "frames without any planted fault that were named. Defaults of each tool, CPU seconds. "
        "dqm-ml measures and gives no verdict: a frame counts where its figure lies outside the "
        "range of the frames without a fault, which no user knows; it stretches each image to its "
        "own range first, so that a dark frame looks like any other."
        + (" FiftyOne Brain looks for copies alone, between features it is given; its seconds "
           "are without making them." if "brain" in tools else ""),
        "\n".join(
            ["| fault | " + " | ".join(words for words, _ in tools.values()) + " |",
             "|---|" + "---:|" * len(tools), *rows,
             f"| **found** | {' | '.join(found)} |",
             f"| CPU seconds for 1000 images | {' | '.join(seconds)} |"]
        ),
    ]  # fmt: skip


def _found(table: dict[str, Any], fault: str) -> str:
    if fault not in table["found"]:
        return "–"
    false = table["false"].get(fault, 0)
    return f"{table['found'][fault]}" + (f" ({false})" if false else "")
