"""The section of `docs/measured.md` about how fast and how true street scenes are rendered."""

from __future__ import annotations

from typing import Any

MISSED = " ✗"
ROWS = (
    ("world_s", "scene built, triangles in one list", 0.5),
    ("truth_720p_s", "truth alone, 1280 × 720", 0.5),
    ("fast_360p_s", "`fast`, 640 × 360", 0.6),
    ("fast_720p_s", "`fast`, 1280 × 720", 1.2),
    ("physical_llvm_360p_s", "`physical` with LLVM, 640 × 360", 1.2),
    ("physical_llvm_720p_s", "`physical` with LLVM, 1280 × 720", 4.0),
    ("physical_scalar_360p_s", "`physical` without LLVM, 640 × 360", 2.0),
    ("physical_scalar_720p_s", "`physical` without LLVM, 1280 × 720", 7.5),
    ("imaging_variant_s", "another camera of the same light, 1280 × 720", 0.15),
)
"""Figure, what it is, most seconds."""


def synthesis(result: dict[str, Any]) -> list[str]:
    """Seconds, memory and agreement with another engine's rays."""
    figures = result["figures"]
    rows = [
        f"| {what} | {_seconds(figures.get(key), most)} | {most:g} |" for key, what, most in ROWS
    ]
    same, triangles = figures["id_agreement"], figures["triangles"]
    memory = figures["worker_gib"]
    return [
        "## Rendered scenes",
        "CPU seconds of one process over two, as two cores would share them: medians over "
        f"{result['tables']['scenes']} streets of {_thousands(triangles)} triangles at 640 × 360 "
        f"(target: 200 000 or more){_mark(triangles >= 200_000)}, with truth, camera and files, "
        "in a process that has built some scenes before; 4 samples a pixel and denoising in "
        f"`physical` ({result['machine']['processor']}).",
        "\n".join(["| what | seconds | target |", "|---|---:|---:|", *rows]),
        f"Fog takes {_times(figures['fog_factor'], 3.5)} and night "
        f"{_times(figures['night_factor'], 2.0)} the time of a clear day in `physical` (targets: "
        f"3.5 × and 2 ×); a worker needs {memory:.2f} GiB{_mark(memory <= 1.5)} (target: 1.5). "
        f"What the truth says is in the middle of a pixel is what Mitsuba's ray meets there in "
        f"{100 * same:.4f} % of pixels{_mark(same >= 0.9999)} (target: 99.99 %).",
        *_cycles(result["tables"]),
        *_drift(result["tables"].get("drift")),
        *result["tables"].get("notes", []),
    ]


def _cycles(tables: dict[str, Any]) -> list[str]:
    """Blender's path tracer on the same triangles."""
    sizes = {"640 × 360": tables.get("cycles_360p"), "1280 × 720": tables.get("cycles_720p")}
    told = [
        f"{found['build_s']:.2f} s to take a scene in and {found['render_s']:.2f} s to render it "
        f"at {size}"
        for size, found in sizes.items()
        if found
    ]
    if not told:
        return []
    return [
        "Cycles (Blender 4.5 as `bpy`), given the same triangles with plain colours, 4 samples, 3 "
        f"bounces and the same denoiser at its fastest, needs {' and '.join(told)}; no truth, "
        "camera or files."
    ]


def _drift(found: dict[str, Any] | None) -> list[str]:
    """Whether a long run slows down or grows."""
    if not found:
        return []
    return [
        f"Over {found['frames']} frames of `fast` at 320 × 180 in one process, the median frame "
        f"takes {found['first_tenth_s']:.2f} CPU-seconds in the first tenth and "
        f"{found['last_tenth_s']:.2f} in the last; the most memory taken is "
        f"{found['first_tenth_gib']:.2f} GiB after the first tenth and "
        f"{found['last_tenth_gib']:.2f} at the end."
    ]


def _mark(met: bool) -> str:
    return "" if met else MISSED


def _seconds(value: float | None, most: float) -> str:
    return "not measured" if value is None else f"{value:.2f}{_mark(value <= most)}"


def _times(value: float | None, most: float) -> str:
    return "(not measured)" if value is None else f"{value:.1f} ×{_mark(value <= most)}"


def _thousands(count: float) -> str:
    return f"{round(count, -3):,.0f}".replace(",", " ")
