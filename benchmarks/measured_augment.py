"""The section of `docs/measured.md` about how real the effects are."""

from __future__ import annotations

from typing import Any

MISSED = " ✗"
AIM = 0.4
"""Least share of the gap between clear day and condition that an effect is to take away."""
CONDITIONS = {
    "rain": "rain",
    "snow": "snow",
    "night": "night",
    "fog": "fog",
    "wet_road": "wet road",
    "low_light": "dusk",
    "storm": "storm (rain at dusk)",
    "wet_night": "wet night",
    "high_illumination": "over-exposed under a low sun",
    "motion_blur": "motion blur",
    "lens_dirt": "dirt on the lens",
    "defocus": "defocus",
    "sensor_noise": "sensor noise",
    "camvid_dusk": "CamVid, day to dusk",
}
MAKERS = {
    "isthmus": "isthmus",
    "albumentations": "albumentations",
    "imagecorruptions": "imagecorruptions",
    "kornia": "kornia",
}


def augment(result: dict[str, Any]) -> list[str]:
    """Shares of gaps that go; distances of pairs, where they were measured."""
    rows = result["tables"]["realism"]
    known = {name: rows[name] for name in CONDITIONS if name in rows}
    parts = [
        "## Effects beside true conditions",
        "Rendered scenes on a clear day and under the condition; an effect, or another package at "
        "its defaults, changes the clear frames. Share of the gap above its floor (MMD², unbiased, "
        "frames of one scene not compared with each other; the floor is that between halves of one "
        "set; of features that tell the condition from the clear day) that goes, below 0 where it "
        "grows; aim of "
        f"isthmus: {100 * AIM:.0f} %. – means that there is nothing for the condition, or no gap.",
        _table(known, _reduction),
    ]
    pairs = {name: row for name, row in known.items() if "psnr" in row}
    if pairs:
        parts += [
            "Pairs of the same scene: peak signal to noise ratio in dB, higher is nearer. The "
            "first column is of the clear frames as they are.",
            _table(pairs, lambda row, name: _number(row["psnr"].get(name), 1), unchanged=True),
        ]
    seen = {name: row for name, row in known.items() if row.get("perceptual")}
    if seen:
        parts += [
            "The same pairs to a network: squared difference of channel-normalised activations, "
            "mean over positions and layers (LPIPS, Zhang et al. 2018, with uniform weights), "
            "lower is nearer.",
            _table(seen, lambda row, name: _number(row["perceptual"].get(name), 3), unchanged=True),
        ]
    return parts + (_cost(result) if "cpu_ms" in result["tables"] else [])


def _cost(result: dict[str, Any]) -> list[str]:
    """Time and memory, and how wrong the default depth is."""
    figures, tables = result["figures"], result["tables"]
    slowest = max(tables["cpu_ms"], key=tables["cpu_ms"].get)
    depth = tables["depth_rel_error_rendered"]
    ranges = [f"{100 * share:.0f} % at {name.replace('_', '–').replace('m', ' m')}"
             for name, share in depth.items() if name != "all"]  # fmt: skip
    memory = figures.get("worker_mib")
    held = f"; a worker takes {memory:.0f} MiB (aim: ≤ 300)" if memory else ""
    return [
        "A frame of 640 × 360 with its depth and labels on two cores (CPU time of one, halved): "
        f"{_kept(figures['ms_median'], 40)} ms (median over {len(tables['cpu_ms'])} effects, aim: "
        f"≤ 40), {_kept(figures['ms_max'], 120)} ms at most ({slowest.replace('_', ' ')}, aim: ≤ "
        f"120){held}. The default depth is off by {100 * depth['all']:.0f} % (median below 80 m; "
        f"{', '.join(ranges)}).",
    ]


def _kept(value: float, limit: float) -> str:
    return f"{value:.0f}{'' if value <= limit else MISSED}"


def _table(rows: dict[str, Any], cell: Any, *, unchanged: bool = False) -> str:
    makers = {"clear": "clear", **MAKERS} if unchanged else MAKERS
    lines = [
        f"| condition | {' | '.join(makers.values())} |",
        "|---|" + "---:|" * len(makers),
    ]
    for name, row in rows.items():
        cells = " | ".join(cell(row, maker) for maker in makers)
        lines.append(f"| {CONDITIONS[name]} | {cells} |")
    return "\n".join(lines)


def _reduction(row: dict[str, Any], name: str) -> str:
    share = row["reduction"].get(name)
    if share is None:
        return "–"
    missed = MISSED if name == "isthmus" and share < AIM else ""
    return f"{100 * share:.1f} %{missed}".replace("-", "−")


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
