"""Sections of `docs/measured.md` about rendered frames and adaptation; see `measured_page.py`."""

from __future__ import annotations

from typing import Any

MISSED = " ✗"
METRICS = {
    "mmd": "MMD²",
    "sliced_wasserstein": "Sliced Wasserstein",
    "cmd": "CMD",
    "proxy_a_distance": "Proxy A-distance",
    "frechet": "Fréchet",
}
PAIRS = {
    "fog": "rendered clear day → fog",
    "night": "rendered clear day → night",
    "camvid_dusk": "CamVid day → dusk",
    "carla_day": "CARLA → CamVid day",
    "carla_dusk": "CARLA → CamVid dusk",
}
CLOSED_TARGETS = {"fog": 0.6, "night": 0.5}
"""Share of the gap to the oracle that the arm chosen without labels was meant to close."""
ARMS = {
    "plain_source": "source only, plain",
    "fair_source": "source only, fair",
    "augmented": "generated corner cases",
    "adabn": "AdaBN",
    "coral": "deep CORAL",
    "mmd": "MMD",
    "dann": "gradient reversal",
    "fda": "FDA",
    "reinhard": "Reinhard",
    "histogram": "histogram matching",
    "ot": "colour transport",
    "pseudo_labels": "pseudo-labels",
    "mean_teacher": "mean teacher",
    "fda_mean_teacher": "FDA, then mean teacher",
    "augmented_mean_teacher": "generated corner cases, then mean teacher",
    "augmented_adabn": "generated corner cases, then AdaBN",
    "fda_adabn_mean_teacher": "FDA, AdaBN, mean teacher",
    "labels_10": "10 labelled target frames",
    "labels_40": "40 labelled target frames",
    "oracle": "oracle",
}


def _tested_on(test: dict[str, Any], objects: str) -> str:
    if test["sequences"] > 1:
        return f"{test['frames']} test frames in {test['sequences']} sequences, {objects}."
    return (
        f"{test['frames']} test frames of one drive, {objects}: too few to speak of more than that "
        "drive. Intervals are over its blocks of frames and over seeds."
    )


def synthetic_value(result: dict[str, Any]) -> list[str]:
    """What rendered frames are worth beside CARLA's."""
    figures = result["figures"]
    ours, theirs = figures["vehicle_ap50_ours"], figures["vehicle_ap50_carla"]
    rows = [
        f"| vehicle AP50 | {_percent(figures, 'vehicle_ap50_ours')}"
        f"{'' if ours >= theirs else MISSED} | {_percent(figures, 'vehicle_ap50_carla')} |",
        f"| pedestrian AP50 | {_percent(figures, 'pedestrian_ap50_ours')} | none labelled |",
        *(
            f"| gap to CamVid: {name} | {_plain(figures, f'gap_ours_{key}')} "
            f"| {_plain(figures, f'gap_carla_{key}')} |"
            for key, name in METRICS.items()
        ),
    ]
    return [
        "## What rendered frames are worth",
        f"The compact detector trained on {figures['frames']} frames of `isthmus synth` (fast "
        "renderer, `examples/street-world/clear-day.yaml`) and on as many of CARLA, "
        f"{figures['steps']} steps each, 3 seeds, tested on real CamVid frames; and the gap "
        "from either to CamVid on the descriptors. 95 % intervals in brackets. Target: vehicles "
        "no worse than CARLA's.",
        "\n".join(["| what | ours | CARLA |", "|---|---:|---:|", *rows]),
    ]


def adapt(result: dict[str, Any]) -> list[str]:
    """Arms on each pair of domains."""
    figures, tables = result["figures"], result["tables"]
    lines = [
        "## Adaptation",
        "AP50 (percent, 95 % intervals) of all arms on pairs of domains, 3 seeds each, equal "
        "steps; the gap closed is that of the mean over classes on the way from the fair source "
        "to the best arm with target labels. The arm in bold was chosen without target labels. "
        "Targets: the chosen arm closes 60 % of the gap in fog and 50 % at night.",
    ]
    for task, name in PAIRS.items():
        if task in tables:
            lines += _pair(task, name, figures, tables[task])
    if "selection_spearman" in figures:
        lines.append(
            "Rank correlation (Spearman) of the advantage, by which arms are chosen, with AP50, "
            f"over the arms of a seed, mean over pairs: {figures['selection_spearman']:.2f}."
        )
    return lines


def _pair(task: str, name: str, figures: dict[str, Any], table: dict[str, Any]) -> list[str]:
    classes = [c for c in ("vehicle", "pedestrian") if f"{task}_fair_source_ap50_{c}" in figures]
    chosen = table["selected"]["arm"].replace("+", "_")
    rows = []
    for arm, label in ARMS.items():
        if f"{task}_{arm}_ap50_mean" not in figures:
            continue
        cells = [_percent(figures, f"{task}_{arm}_ap50_{c}") for c in classes]
        closed = figures.get(f"{task}_{arm}_gap_closed")
        share = "–" if closed is None else f"{100 * closed:.0f} %"
        if arm == chosen and closed is not None:
            low, high = (100 * figures[f"{task}_gap_closed{end}"] for end in ("_low", "_high"))
            share += f" [{low:.0f}, {high:.0f}]"
        target = CLOSED_TARGETS.get(task)
        if arm == chosen and target is not None and (closed is None or closed < target):
            share += MISSED
        said = f"**{label}**" if arm == chosen else label
        rows.append(f"| {said} | {' | '.join(cells)} | {share} |")
    head = "| arm | " + " | ".join(classes) + " | gap closed |"
    test = table["test"]
    objects = ", ".join(f"{n} {c}s" for c, n in test["objects"].items())
    lines = [
        f"### {name[0].upper()}{name[1:]}",
        _tested_on(test, objects),
        "\n".join([head, "|---|" + "---:|" * (len(classes) + 1), *rows]),
    ]
    worth = figures.get(f"{task}_worth_in_labels")
    if f"{task}_worth_in_labels" in figures:
        most = max(p["frames"] for p in table["label_curve"]["points"])
        said = f"more than {most}" if worth is None else f"{worth:.0f}"
        lines.append(f"The chosen arm is worth {said} labelled target frames.")
    return lines


def _percent(figures: dict[str, Any], key: str) -> str:
    value, low, high = (figures[f"{key}{end}"] for end in ("", "_low", "_high"))
    return f"{100 * value:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def _plain(figures: dict[str, Any], key: str) -> str:
    value, low, high = (figures[f"{key}{end}"] for end in ("", "_low", "_high"))
    return f"{value:.3g} [{low:.3g}, {high:.3g}]"


LOOKS = {
    "source": "none",
    "fda": "FDA",
    "cut": "`cut`, audited",
    "effect": "physical effect (low light)",
}


def translate(result: dict[str, Any]) -> list[str]:
    """What learned translation is worth beside FDA and a physical effect."""
    figures, settings = result["figures"], result["tables"]["settings"]
    rows = [
        f"| {label} | {_percent(figures, f'{name}_ap50_vehicle')} "
        f"| {_percent(figures, f'{name}_ap50_person')} |"
        for name, label in LOOKS.items()
    ]
    return [
        "## Learned translation",
        "AP50 (percent, 95 % intervals) on CamVid's dusk of detectors that saw day frames in "
        f"another look in {100 * settings['share_in_another_look']:.0f} % of each batch, "
        f"{settings['seeds']} seeds, at {settings['size'].replace('x', ' × ')}; `cut` trained for "
        f"{settings['cut']['steps']} steps of one {settings['cut']['crop']}-pixel crop, "
        f"{figures['cut_train_minutes']:.1f} CPU minutes. Sizes are those that two busy cores can "
        "bear: small, and short for a learned method. Of the boxes, the audit keeps "
        f"{100 * figures['audit_keep_share']:.0f} % and leaves "
        f"{100 * figures['audit_ignore_share']:.0f} % open.",
        "\n".join(["| look | vehicle | person |", "|---|---:|---:|", *rows]),
        "The gap to dusk (MMD² on descriptors) falls from "
        f"{figures['gap_descriptors_day']:.3f} to {figures['gap_descriptors_cut_unaudited']:.3f} "
        f"by `cut` and to {figures['gap_descriptors_effect']:.3f} by the effect.",
    ]
