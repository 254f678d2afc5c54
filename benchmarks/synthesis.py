"""How fast street scenes are rendered, how true the truth is, how much memory it takes.

Seconds are CPU-seconds of one process over two, as two cores would share them; medians over
scenes of at least 200 000 triangles, warm: some scenes have been built before, as in any set, so
that the stock of houses and vehicles is there. Each includes building the scene, the truth, the
camera and writing the files, but where the name says otherwise.

    python benchmarks/synthesis.py                  # about 15 minutes; writes the results
    python benchmarks/synthesis.py --quick          # writes nothing
    … --flat 1000                                   # and renders so many to see drift
    … --work FOLDER --pieces world scalar           # some pieces, kept in a folder
    … --work FOLDER                                 # the other pieces; writes the results
    … --cycles PYTHON                               # and Cycles, by a Python that has `bpy`
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from record import record, stamp
from synthesis_peers import cycles

LARGE = {
    "road_type": "street", "surroundings": "shops", "parking": "both", "parked_share": 0.5,
    "traffic_density": 16.0, "pedestrian_density": 18.0, "junction": "crossroads",
}  # fmt: skip
Figures = dict[str, float | None]
Found = tuple[Figures, dict[str, Any]]
QUICK = 4
"""Scenes, under which little is made warm."""
SMALL, HD = (640, 360), (1280, 720)
WARM = 16
"""Scenes that are built before anything is measured."""
TYPICAL = Path(__file__).parent.parent / "examples" / "street-world" / "odd.yaml"
FOG = {"visibility": 120.0, "clouds": 1.0}
NIGHT = {"sun_elevation": -15.0}


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU-seconds over two, and what the work returned."""
    started = time.process_time()
    made = work()
    return (time.process_time() - started) / 2, made


def scene_of(number: int, size: tuple[int, int], **factors: Any) -> tuple[Any, Any]:
    from isthmus.synth.world.build import build_scene
    from isthmus.synth.world.scene import soup

    scene = build_scene(LARGE | factors, 1, number, size)
    return scene, soup(scene)


def frame(number: int, size: tuple[int, int], renderer: str, folder: Path, **factors: Any) -> None:
    """One frame as `isthmus synth render` makes it."""
    from isthmus.synth.odd.rows import Row
    from isthmus.synth.output.frame import Job, make_frame
    from isthmus.synth.output.request import Request
    from isthmus.synth.world.factors import Factors

    row = Row(number, 0, 0, 0.0, Factors.of(LARGE | factors))
    make_frame(Job(folder, Request(1, row, size, renderer)))


def peak_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def warm_up(scenes: int) -> None:
    for number in range(10_000, 10_000 + scenes):
        scene_of(number, SMALL)


def timed(works: list[Callable[[], Any]]) -> float:
    """Median over the works but the first, which warms what they need."""
    works[0]()
    return median(cpu(work)[0] for work in works[1:])


def world(count: int) -> dict[str, float]:
    found = [cpu(lambda k=k: scene_of(k, SMALL)) for k in range(count)]
    return {
        "world_s": median(seconds for seconds, _ in found),
        "triangles": float(median(len(made[1].faces) for _, made in found)),
    }


def truth(count: int) -> float:
    from isthmus.synth.annotate import annotate

    made = [scene_of(k, HD) for k in range(count + 1)]
    return timed([lambda m=m: annotate(*m) for m in made])


def imaging(count: int) -> float:
    """What another camera costs that looks at a scene: drops, lens, sensor, JPEG; 720p."""
    from isthmus.synth.odd.rows import Row
    from isthmus.synth.output.request import Request, make
    from isthmus.synth.world.factors import Factors

    row = Row(0, 0, 0, 0.0, Factors.of(LARGE))
    return timed([lambda k=k: make(Request(1, row, HD, imaging=k)) for k in range(count + 1)])


def frames(size: tuple[int, int], renderer: str, count: int, **factors: Any) -> float:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        numbers = range(count + 1)
        return timed([lambda k=k: frame(k, size, renderer, place, **factors) for k in numbers])


def typical(renderer: str, count: int) -> dict[str, float]:
    """Rows of the documents' ODD, 640 × 360, each in a scene of its own."""
    from isthmus.synth.odd.domain import load_odd
    from isthmus.synth.odd.rows import sample_rows
    from isthmus.synth.output.frame import Job, make_frame
    from isthmus.synth.output.request import Request

    rows = sample_rows(load_odd(TYPICAL), count + 1, 1)
    with tempfile.TemporaryDirectory() as folder:
        jobs = [Job(Path(folder), Request(1, row, SMALL, renderer)) for row in rows]
        seconds = [cpu(lambda job=job: make_frame(job))[0] for job in jobs][1:]
    return {"rows": count, "median_s": median(seconds), "largest_s": max(seconds)}


def physical(variant: str, count: int) -> dict[str, float]:
    """In a process of its own: Mitsuba's variant cannot be changed for good."""
    half = max(count // 2, 1)
    warm = 1 if count < QUICK else WARM // 4
    code = (
        f"import json, synthesis as s; s.warm_up({warm}); print(json.dumps({{"
        f"'360p': s.frames(s.SMALL, 'physical', {count}),"
        f"'720p': s.frames(s.HD, 'physical', {half}),"
        f"'fog': s.frames(s.SMALL, 'physical', {half}, **s.FOG),"
        f"'night': s.frames(s.SMALL, 'physical', {half}, **s.NIGHT),"
        "'gib': s.peak_gib()}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True,
        env=os.environ | {"ISTHMUS_MITSUBA_VARIANT": variant}, check=False,
    )  # fmt: skip
    if done.returncode:
        print(f"{variant}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return {}
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def agreement(count: int) -> float:
    """Share of pixels whose middle shows the same thing to our raster and to Mitsuba's rays."""
    from isthmus.synth.annotate import annotate
    from isthmus.synth.render.physical.engine import mitsuba
    from isthmus.synth.render.physical.trace import things_at_centres

    mi = mitsuba()
    same = total = 0
    for number in range(count):
        scene, soup = scene_of(number, SMALL)
        face = annotate(scene, soup).face
        ours = np.where(face >= 0, np.append(soup.thing, -1)[face], -1)
        theirs = things_at_centres(mi, scene, soup)
        same += int((ours == theirs).sum())
        total += ours.size
    return same / total


def drift(count: int) -> dict[str, Any]:
    """Seconds and memory of the first and the last tenth of many small frames."""
    seconds, memory = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            started = time.process_time()
            frame(number, (320, 180), "fast", Path(folder))
            seconds.append(time.process_time() - started)
            memory.append(peak_gib())
    tenth = max(count // 10, 1)
    return {
        "frames": count,
        "first_tenth_s": median(seconds[1 : tenth + 1]),
        "last_tenth_s": median(seconds[-tenth:]),
        "first_tenth_gib": memory[tenth],
        "last_tenth_gib": memory[-1],
    }


def fast(count: int) -> Found:
    """World, truth, fast renderer, camera."""
    warm_up(1 if count < QUICK else WARM)
    figures: Figures = dict(world(count))
    figures["truth_720p_s"] = truth(count)
    figures["fast_360p_s"] = frames(SMALL, "fast", count)
    figures["fast_720p_s"] = frames(HD, "fast", count)
    figures["imaging_variant_s"] = imaging(count)
    table = {"fast_gib": peak_gib(), "fast_night_360p_s": frames(SMALL, "fast", count, **NIGHT)}
    table["fast_fog_360p_s"] = frames(SMALL, "fast", count, **FOG)
    return figures, {"fast": table, "typical_fast_360p": typical("fast", 2 * count)}


def by_rays(name: str, count: int) -> Found:
    """The physical renderer with one of Mitsuba's variants."""
    found = physical({"llvm": "llvm_ad_rgb", "scalar": "scalar_rgb"}[name], count)
    figures: Figures = {f"physical_{name}_{size}_s": found.get(size) for size in ("360p", "720p")}
    return figures, {name: found}


PIECES: dict[str, Callable[[int], Found]] = {
    "fast": fast,
    "llvm": lambda count: by_rays("llvm", count),
    "scalar": lambda count: by_rays("scalar", count),
    "agreement": lambda count: ({"id_agreement": agreement(count)}, {}),
}


def kept(name: str, count: int, work: Path | None) -> Found:
    """The figures of a piece, from the folder if they are there, from this commit."""
    path = work / f"{name}.json" if work else None
    if path and path.exists():
        held = json.loads(path.read_text())
        if held["commit"] == stamp()["commit"]:
            return held["figures"], held["tables"]
    figures, tables = PIECES[name](count)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = {"commit": stamp()["commit"], "figures": figures, "tables": tables}
        path.write_text(json.dumps(held))
    return figures, tables


def together(parts: list[Found]) -> Found:
    """All pieces, with the figures that need several of them."""
    figures: Figures = {}
    tables: dict[str, Any] = {}
    for some, more in parts:
        figures |= some
        tables |= more
    rays = next((tables[name] for name in ("llvm", "scalar") if tables[name]), None)
    for kind in ("fog", "night"):
        figures[f"{kind}_factor"] = rays[kind] / rays["360p"] if rays else None
    memory = [tables["fast"]["fast_gib"], *(tables[n].get("gib", 0.0) for n in ("llvm", "scalar"))]
    figures["worker_gib"] = max(memory)
    return figures, tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--flat", type=int, default=0)
    parser.add_argument("--count", type=int, default=7, help="scenes of each figure")
    parser.add_argument("--work", type=Path, help="folder where pieces are kept")
    parser.add_argument("--cycles", metavar="PYTHON", help="a Python that has bpy 4.5")
    parser.add_argument("--pieces", nargs="+", choices=PIECES, default=list(PIECES))
    options = parser.parse_args()
    count = 2 if options.quick else options.count
    parts = [kept(name, count, None if options.quick else options.work) for name in options.pieces]
    if set(options.pieces) != set(PIECES):
        print(json.dumps(parts, indent=1))
        return
    figures, tables = together(parts)
    tables["scenes"] = count
    if options.cycles:
        for name, size, some in (("360p", SMALL, max(count // 2, 1)), ("720p", HD, 1)):
            scenes = [scene_of(number, size) for number in range(some)]
            tables[f"cycles_{name}"] = cycles(options.cycles, scenes)
    if options.flat:
        tables["drift"] = drift(options.flat)
    print(json.dumps({"figures": figures, "tables": tables}, indent=1))
    if not options.quick:
        record("synthesis", figures, tables=tables, packages=("numba", "mitsuba", "pyoidn"))


if __name__ == "__main__":
    main()
