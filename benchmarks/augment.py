"""How real the effects are, how fast, and how wrong the default depth is.

    python benchmarks/augment.py --worlds worlds --peers peers --camvid coco.json --network NET
    … --quick                # four scenes; writes no result

*Realism.* The same rendered scenes on a clear day and under a condition (`augment_worlds.py`): the
gap between the clear frames and the true ones is measured, and again after an effect, or a peer,
has been applied to the clear frames (for motion blur: to frames at dusk without any). The effect is
given the physical value that the renderer had,
frames' depth and class maps; nothing is fitted. A reduction of 1 closes the gap, 0 leaves it. The
gap is MMD² (unbiased: its floor is 0 on average; frames of one scene are not compared with each
other, `augment_gap.py`) with one bandwidth a condition, on features scaled once a condition; the
figure is the mean of two kinds of features (descriptors, layers of a network), of those that tell
the condition from the clear day. CamVid by day against CamVid by dusk, other scenes of one camera,
is measured by the usual MMD², with default depth.

*Speed.* CPU time of one thread a frame of 640 × 360 with depth given, audit of labels included,
decoding and encoding left out, at severity 3; halved: two cores work on two frames at once. Memory
is that of a process that applies every effect.

Parts that are done are kept in `--worlds`; the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import augment_peers
import augment_worlds
import numpy as np
import record
from augment_gap import paired_mmd2
from augment_perceptual import perceptual

from isthmus import seeds
from isthmus.augment.depth import default_depth, estimate_geometry
from isthmus.augment.effect import EFFECTS
from isthmus.augment.loading import load_frame
from isthmus.compute.local import local_executor
from isthmus.data.dataset import Dataset
from isthmus.data.depth import read_depth
from isthmus.data.formats import read_dataset
from isthmus.data.frame import Frame
from isthmus.data.images import read_rgb, resize_rgb
from isthmus.features.extractor import Extractor, load_extractor
from isthmus.files import read_json, write_json
from isthmus.gap.inference import measure

Images = list[np.ndarray]
SEED = 3
CAMVID = ("low_light", 3.0)
"""Effect and severity that make day dusk; its factors were set beside these very dusk frames."""
CAMVID_FRAMES = 24
LOOKED_AT = 24
"""Scenes at which effects were looked at while they were written: they are not measured."""
DISTANCES = (0, 10, 20, 40, 80)


def features(images: Sequence[np.ndarray], extractors: dict[str, Extractor]) -> dict[str, Any]:
    """Name of the extractor → (n, d), all layers side by side."""
    found = {}
    for name, extractor in extractors.items():
        rows = []
        for image in images:
            small = resize_rgb(np.ascontiguousarray(image), *extractor.size)
            layers = extractor.extract(small[None])
            rows.append(np.concatenate([layers[layer][0] for layer in extractor.layers]))
        found[name] = np.stack(rows)
    return found


def gaps(
    true: Images, sets: dict[str, Images], extractors: dict[str, Extractor], *, paired: bool
) -> dict[str, Any]:
    """Feature → set → MMD² to the true frames; "clear" decides scale and bandwidth.

    `paired`: frame k of each set shows the scene of frame k of `true`.
    """
    wanted = features(true, extractors)
    table: dict[str, Any] = {name: {} for name in extractors}
    known = {key: features(images, extractors) for key, images in sets.items()}
    for name in extractors:
        both = np.concatenate([known["clear"][name], wanted[name]])
        middle, spread = both.mean(axis=0), both.std(axis=0)
        use = spread > 1e-6 * max(float(np.abs(middle).max()), 1.0)

        def scaled(rows: np.ndarray, use=use, middle=middle, spread=spread) -> np.ndarray:
            return ((rows[:, use] - middle[use]) / spread[use]).astype(np.float32)

        x, y = scaled(known["clear"][name]), scaled(wanted[name])
        together = np.concatenate([x, y]).astype(np.float64)
        square = ((together[:, None] - together[None]) ** 2).sum(axis=2)
        bandwidth = float(np.sqrt(np.median(square[square > 0]) / 2))
        for key, found in known.items():
            known_gap = measure(
                scaled(found[name]), y, "mmd", bandwidth=bandwidth,
                permutations=0, bootstraps=0, floor_splits=100, seed=SEED,
            )  # fmt: skip
            table[name][key] = known_gap.value
            if paired:
                table[name][key] = paired_mmd2(scaled(found[name]), y, bandwidth)
            if key == "clear":
                table[name]["floor"] = known_gap.floor
    return table


def reductions(table: dict[str, Any]) -> dict[str, float]:
    """Set → share of the clear–condition gap above its floor that goes, mean over the features.

    The floor is the gap between halves of one set: what lies below it is noise. 1: nothing above
    it is left. Features by which the condition is not told from the clear day (a gap below the
    floor) do not count: there is no gap to close.
    """
    rows = [row for row in table.values() if row["clear"] > (row["floor"] or 0)]
    return {
        key: statistics.mean(_closed(row, key) for row in rows)
        for key in (rows[0] if rows else ())
        if key not in ("clear", "floor")
    }


def _closed(row: dict[str, float], key: str) -> float:
    floor = max(row["floor"] or 0.0, 0.0)
    return 1 - max(row[key] - floor, 0.0) / (row["clear"] - floor)


def psnr(true: Images, made: Images) -> float:
    """Mean peak signal to noise ratio of pairs, dB."""
    errors = [((a.astype(float) - b) ** 2).mean() for a, b in zip(true, made, strict=True)]
    return float(np.mean([10 * np.log10(255**2 / max(e, 1e-6)) for e in errors]))


def applied(effect: str, severity: float, frames: Sequence[Frame], classes: str = "") -> Images:
    """The frames' images after an effect."""
    out = []
    geometries = {f.id: estimate_geometry([f]) for f in frames}
    for frame in frames:
        arrays, depth, _ = load_frame(frame, geometries[frame.id], classes=classes)
        rng = seeds.generator(SEED, "benchmark", effect, frame.id)
        out.append(EFFECTS[effect].apply(arrays, depth, severity, rng)[0].image)
    return out


def by_peers(condition: str, images: Images, says: Callable[[str], None]) -> dict[str, Images]:
    """Peer → its images; one that cannot run here is said to be so and left out."""
    made = {}
    for name, peer in augment_peers.peers(condition).items():
        try:
            made[name] = [peer(image, k) for k, image in enumerate(images)]
        except Exception as error:  # whatever they raise, it is theirs
            says(f"{condition}: {name}: {type(error).__name__}: {str(error)[:90]}")
    return made


def compared(
    name: str,
    true: Images,
    clear: Images,
    ours: Images,
    extractors: dict[str, Extractor],
    *,
    paired: bool = True,
) -> dict[str, Any]:
    """One row of the table of realism; `paired`: true and clear frames show the same scenes."""
    notes: list[str] = []
    sets = {"clear": clear, "isthmus": ours, **by_peers(name, clear, notes.append)}
    table = gaps(true, sets, extractors, paired=paired)
    row: dict[str, Any] = {"frames": [len(clear), len(true)], "mmd2": table, "notes": notes}
    row["reduction"] = reductions(table)
    if paired:
        row["psnr"] = {key: psnr(true, images) for key, images in sets.items()}
        if "network" in extractors:
            row["perceptual"] = perceptual(true, sets, extractors["network"])
    return row


def rendered_row(name: str, options: argparse.Namespace, extractors: Any) -> dict[str, Any]:
    """A rendered condition against the clear day's frames under the effect."""
    executor = local_executor(2)
    clear, true = (
        augment_worlds.world(w, options.frames, options.worlds, first=LOOKED_AT, executor=executor)
        for w in (augment_worlds.BASES.get(name, "clear"), name)
    )
    effect, value = augment_worlds.EFFECTS[name]
    severity = EFFECTS[effect].scale.severity(value)
    images = [[read_rgb(frame.image) for frame in world] for world in (true, clear)]
    ours = applied(effect, severity, clear.frames, classes="isthmus")
    return compared(name, *images, ours, extractors)


def camvid_row(label_file: Path, n: int, extractors: dict[str, Any]) -> dict[str, Any]:
    """CamVid by day under the effect against CamVid by dusk."""
    whole = read_dataset(label_file)
    dusk = [f for f in whole if "0001TP" in f.image.name]
    day = [f for f in whole if "0001TP" not in f.image.name]
    chosen = [[f[int(k)] for k in np.linspace(0, len(f) - 1, n)] for f in (dusk, day)]
    true, clear = ([read_rgb(f.image) for f in frames] for frames in chosen)
    ours = applied(*CAMVID, chosen[1])
    return compared("low_light", true, clear, ours, extractors, paired=False)


def depth_errors(clear: Dataset) -> dict[str, float]:
    """Median relative error of the default depth, by true distance, and of all below 80 m."""
    errors, distances = [], []
    for frame in clear:
        image, true = read_rgb(frame.image), read_depth(frame.depth)
        known = (true > 0) & (true < DISTANCES[-1])
        guess = default_depth(image, frame.objects or (), estimate_geometry([frame]))
        errors.append(np.abs(guess[known] / true[known] - 1))
        distances.append(true[known])
    error, distance = np.concatenate(errors), np.concatenate(distances)
    table = {
        f"{low}_{high}m": float(np.median(error[(distance >= low) & (distance < high)]))
        for low, high in pairwise(DISTANCES)
    }
    return {"all": float(np.median(error)), **table}


def timed(frames: Sequence[Frame], repeats: int = 3) -> dict[str, float]:
    """Effect → CPU ms a frame, median."""
    loaded = [load_frame(frame, estimate_geometry([frame])) for frame in frames]
    found = {}
    for name, effect in EFFECTS.items():
        arrays, depth, _ = loaded[0]
        effect.apply(arrays, depth, 3.0, np.random.default_rng(0))  # compiles
        spent = []
        for k, (arrays, depth, _) in enumerate(loaded * repeats):
            start = time.process_time()
            effect.apply(arrays, depth, 3.0, np.random.default_rng(k))
            spent.append(1000 * (time.process_time() - start))
        found[name] = statistics.median(spent)
    return found


def worker_mib() -> float:
    """Memory of a process that applies every effect."""
    script = Path(__file__).with_name("augment_memory.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    return float(done.stdout)


def peers_timed(images: Images) -> dict[str, dict[str, float]]:
    """Condition → peer → CPU ms a frame, median."""
    table: dict[str, dict[str, float]] = {}
    for condition in augment_worlds.EFFECTS:
        for name, peer in augment_peers.peers(condition).items():
            spent = []
            try:
                for k, image in enumerate([images[0], *images]):
                    start = time.process_time()
                    peer(image, k)
                    spent.append(1000 * (time.process_time() - start))
            except Exception:
                continue
            table.setdefault(condition, {})[name] = statistics.median(spent[1:])
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=Path, required=True, help="folder of rendered pairs")
    parser.add_argument("--peers", type=Path, help="folder of the peers' packages")
    parser.add_argument("--camvid", type=Path, help="CamVid's coco.json")
    parser.add_argument("--network", help="extractor beside the descriptors")
    parser.add_argument("--frames", type=int, default=36)
    parser.add_argument("--quick", action="store_true", help="four scenes, no result written")
    parser.add_argument("--conditions", nargs="+", default=list(augment_worlds.EFFECTS))
    options = parser.parse_args()
    if options.quick:
        options.frames = 4
    if options.peers:
        sys.path.append(str(options.peers))
    extractors = {"descriptors": load_extractor("descriptors#all")}
    if options.network:
        extractors["network"] = load_extractor(options.network)
    rows = _rows(options, extractors)
    clear = augment_worlds.world("clear", options.frames, options.worlds, first=LOOKED_AT)
    speed = timed(clear.frames[:6], repeats=1 if options.quick else 3)
    depth = depth_errors(clear)
    figures: dict[str, float | None] = {
        "ms_median": statistics.median(speed.values()) / 2,
        "ms_max": max(speed.values()) / 2,
        "worker_mib": worker_mib(),
        "depth_rel_error_rendered": depth["all"],
    }
    for name, row in rows.items():
        for key, value in row["reduction"].items():
            tail = "" if key == "isthmus" else f"_{key}"
            figures[f"gap_reduction_{name}{tail}"] = value
    tables = {
        "realism": rows, "cpu_ms": speed, "depth_rel_error_rendered": depth,
        "peers_cpu_ms": peers_timed([read_rgb(f.image) for f in clear.frames[:3]]),
    }  # fmt: skip
    if options.quick:
        print(json.dumps({"figures": figures, "cpu_ms": speed}, indent=1))
    else:
        print(record.record("augment", figures, tables=tables))


def _rows(options: argparse.Namespace, extractors: dict[str, Any]) -> dict[str, Any]:
    """The table of realism; a row that is done with the same commit and frames is kept."""
    rows = {}
    for name in [*options.conditions, *(["camvid_dusk"] if options.camvid else [])]:
        path = options.worlds / f"row-{name}.json"
        key = [record.stamp()["commit"], options.frames, options.network]
        if path.exists() and read_json(path)["key"] == key:
            rows[name] = read_json(path)["row"]
            continue
        if name == "camvid_dusk":
            rows[name] = camvid_row(options.camvid, CAMVID_FRAMES, extractors)
        else:
            rows[name] = rendered_row(name, options, extractors)
        write_json(path, {"key": key, "row": rows[name]})
        found = {k: round(v, 2) for k, v in rows[name]["reduction"].items()}
        print(f"{name}: {found} {rows[name]['notes']}", file=sys.stderr)
    return rows


if __name__ == "__main__":
    main()
