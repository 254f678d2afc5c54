"""The classic tasks and the speeds of adaptation on `docs/measured.md`; see `measured_page.py`."""

from __future__ import annotations

from typing import Any

OURS = {"source_only": "source only", "coral": "CORAL", "mmd": "MMD (JDA)",
        "dann": "adversarial (DANN)", "self_training": "self-training (SPL)"}  # fmt: skip
SKADA = {"coral": "CORAL", "tca": "TCA", "subspace": "subspace alignment",
         "ot": "optimal transport", "ot_classes": "optimal transport by classes"}  # fmt: skip
PUBLISHED = {"nn": "nearest neighbour", "pca": "PCA", "tca": "TCA", "jda": "JDA"}
MOST = 0.1
MISSED = " ✗"


def classic(result: dict[str, Any]) -> list[str]:
    """Means over the classic tasks, ours, skada's in the same run, and published ones."""
    figures, tasks = result["figures"], result["tables"]["classic"]["tasks"]
    rows = []
    for side, words, names in (
        ("ours", "isthmus", OURS),
        ("skada", "skada", SKADA),
        ("reference", "published", PUBLISHED),
    ):
        best = figures[f"classic_mean_{side}"]
        for name, label in names.items():
            value = figures.get(f"classic_{side}_{name}_mean")
            shown = "failed on a task" if value is None else f"{value:.1f}"
            rows.append(f"| {words} | {label} | {f'**{shown}**' if value == best else shown} |")
    others = max(figures["classic_mean_skada"], figures["classic_mean_reference"])
    kept = "" if figures["classic_mean_ours"] >= others else MISSED
    return [
        "### Features without pixels",
        f"Accuracy (percent), mean over {len(tasks)} tasks: Office-Caltech SURF, and MNIST "
        "against USPS. Ours with the settings of their papers for every task, skada's with its "
        "defaults in the same run, rows that others published. Target: our best no worse than the "
        f"best of the others{kept}.",
        "\n".join(["| by | method | accuracy |", "|---|---|---:|", *rows]),
    ]


def speed(result: dict[str, Any]) -> list[str]:
    """Images a second of training, and what choosing without labels costs."""
    figures = result["figures"]
    share = figures["selection_cost_fraction"]
    return [
        "### Speed of training",
        "Images of 320 × 192 a second on one core, steps of 8: `compact` (width 8) "
        f"{figures['compact_images_per_s']:.1f}; a small RT-DETRv2 "
        f"{figures['hf_images_per_s']:.1f} with our matching and losses, "
        f"{figures['hf_plain_loop_images_per_s']:.1f} in a plain loop with the loss that comes "
        "with it. Choosing without labels (128 target images, and as many simulated ones) costs "
        f"{100 * share:.1f} % of a training of 800 steps{'' if share <= MOST else MISSED} (target: "
        f"{100 * MOST:.0f} %).",
    ]
