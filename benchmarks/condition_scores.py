"""Calibrate and validate the scores of conditions on rendered frames whose conditions are known.

    python benchmarks/condition_scores.py FOLDER --frames 120         # render both, validate
    python benchmarks/condition_scores.py FOLDER --real DATA          # and on real frames
    python benchmarks/condition_scores.py FOLDER --real DATA --fit    # calibrate anew first

Calibration and validation frames come from other seeds: no place is in both. `figures` gives what
corner_cases.py records. Every second frame of DATA's `carla_synthetic`, made by a renderer that has
no dirt on its lens, is calibrated with as a frame without dirt; of the others, and of all of
CamVid's, the calibration knows nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import isthmus
from isthmus import seeds
from isthmus.cornercases.scores.picture import Picture
from isthmus.cornercases.scores.registry import SCORES, score_image, thresholds
from isthmus.cornercases.scores.score import Calibration, calibrations
from isthmus.data.images import read_resized
from isthmus.files import canonical_json, write_text

ODD = Path(__file__).parent / "conditions-odd.yaml"
SIZE = (320, 180)
SEEDS = {"calibration": 1, "validation": 2}
CALIBRATION = Path(isthmus.__file__).parent / "cornercases" / "scores" / "calibration.json"
STEPS = 2000
FEWEST = 3


def truth(f: SimpleNamespace) -> dict[str, bool | None]:
    """Which conditions a rendered frame shows, by its factors; None: neither so nor not so."""
    night, day = f.sun_elevation <= -9, f.sun_elevation >= 4
    ahead = min(f.sun_azimuth, 360 - f.sun_azimuth) < 0.4 * f.camera_fov
    clear = f.clouds <= 0.5 and f.visibility > 200 and f.rain == 0
    return {
        "low_light": True if f.sun_elevation <= -4 else (False if day else None),
        "night": night,
        "over_exposure": None if not day else f.exposure_bias >= 1.4,
        "glare": _decided(day and f.sun_elevation <= 8 and ahead and clear, day and not ahead),
        "haze": f.visibility <= 200,
        "rain": None if f.snowfall > 0 else f.rain >= 5,
        "snowfall": f.snowfall >= 1.5,
        "snow_cover": f.snow_cover >= 0.5,
        "wet_road": None if f.snow_cover > 0 else f.wetness >= 0.8,
        "motion_blur": _decided(False, f.motion_blur < 0.3),
        "dirt": _decided(False, f.lens_dirt == 0),
    }


def _decided(yes: bool, no: bool) -> bool | None:
    return True if yes else (False if no else None)


def frames_of(folder: Path, part: str) -> list[tuple[np.ndarray, dict[str, bool | None]]]:
    """Pictures and truth of the rendered frames that are there."""
    import pyarrow.parquet as pq

    rows = pq.read_table(folder / part / "rows.parquet").to_pylist()
    found = []
    for number, row in enumerate(rows):
        path = folder / part / "images" / f"{number:06d}-000.jpg"
        if path.exists():
            found.append((read_resized(path, *SIZE), truth(SimpleNamespace(**row))))
    return found


def fit(frames: list[tuple[np.ndarray, dict[str, bool | None]]]) -> dict[str, Calibration]:
    """A calibrated curve for each score.

    The threshold is what 95 % of the frames without the condition stay below, each judged by a
    curve that was fitted without it.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import LeaveOneOut, cross_val_predict

    made = {}
    for name, score in SCORES.items():
        known = [
            (score.cues(Picture.of(rgb)), says[name])
            for rgb, says in frames
            if says.get(name) is not None
        ]
        cues = [c for c, _ in known]
        wanted = np.array([says for _, says in known])
        if min(wanted.sum(), (~wanted).sum()) < FEWEST:
            raise SystemExit(f"{name}: too few frames with or without it; render more")
        names = list(cues[0])
        x = np.array([[c[n] for n in names] for c in cues])
        mean, deviation = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
        z = np.clip((x - mean) / deviation, -4, 4)
        model = LogisticRegression(C=0.3, class_weight="balanced").fit(z, wanted)
        left_out = cross_val_predict(model, z, wanted, cv=LeaveOneOut(), method="predict_proba")
        threshold = min(0.99, max(0.5, float(np.quantile(left_out[~wanted, 1], 0.95))))
        columns = [
            dict(zip(names, (round(float(v), 5) for v in values), strict=True))
            for values in (mean, deviation, model.coef_[0])
        ]
        bias = round(float(model.intercept_[0]), 5)
        made[name] = Calibration(*columns, bias, round(threshold, 4))
    return made


def with_made(
    frames: list[tuple[np.ndarray, dict[str, bool | None]]],
) -> list[tuple[np.ndarray, dict[str, bool | None]]]:
    """The frames, and some of them with what renders show too seldom or too faintly.

    Glare and motion blur come from our effects, dirt from soft blots on the lens; such a frame says
    nothing of other conditions.
    """
    plain = [rgb for rgb, says in frames if not says["low_light"] and not says["over_exposure"]]
    dirty = [_blotted(rgb, seeds.generator(0, "blots", k)) for k, rgb in enumerate(plain)]
    made = {
        "glare": with_effect(plain, "high_illumination", 2.5),
        "motion_blur": with_effect(plain, "motion_blur", 4.0),
        "dirt": dirty,
    }
    return [*frames, *((rgb, {name: True}) for name, some in made.items() for rgb in some)]


def without_dirt(shared: Path) -> list[tuple[np.ndarray, dict[str, bool | None]]]:
    """Every second frame of CARLA, of which nothing is said but that its lens is clean."""
    return [(rgb, {"dirt": False}) for rgb in _carla(shared)[::2]]


def _carla(shared: Path) -> list[np.ndarray]:
    paths = sorted((shared / "carla_synthetic" / "images").rglob("*.*g"))
    return [read_resized(path, 320, 190) for path in paths]


def _blotted(rgb: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mud and drops out of focus: soft blots that take the colour of all behind them, or dark."""
    height, width = rgb.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    cover = np.zeros((height, width))
    for _ in range(int(rng.integers(8, 30))):
        radius = width * rng.uniform(0.015, 0.06)
        distance = np.hypot(x - rng.uniform(0, width), y - rng.uniform(0, height)) / radius
        blot = np.clip(1.5 - distance, 0, 1) * rng.uniform(0.4, 0.9)
        cover = 1 - (1 - cover) * (1 - blot)
    veil = rgb.mean(axis=(0, 1)) * rng.uniform(0.2, 1.1)
    return np.clip(rgb * (1 - cover[..., None]) + veil * cover[..., None], 0, 255).astype(np.uint8)


def auc(positive: np.ndarray, negative: np.ndarray) -> float:
    """Chance that a frame with the condition scores above one without; ties count half."""
    above = (positive[:, None] > negative[None]).mean()
    return float(above + 0.5 * (positive[:, None] == negative[None]).mean())


def interval(positive: np.ndarray, negative: np.ndarray) -> tuple[float, float]:
    """95 % percentile interval of the AUC over frames drawn anew."""
    rng = seeds.generator(0, "auc")
    draws = [
        auc(rng.choice(positive, len(positive)), rng.choice(negative, len(negative)))
        for _ in range(STEPS)
    ]
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)


def validate(frames: list[tuple[np.ndarray, dict[str, bool | None]]]) -> Iterator[dict[str, Any]]:
    """A row for each score: AUC with interval, and the rates at its threshold."""
    scored = [(score_image(rgb), says) for rgb, says in with_made(frames)]
    for name in SCORES:
        positive, negative = (
            np.array([s[name] for s, says in scored if says.get(name) is wanted])
            for wanted in (True, False)
        )
        if not len(positive) or not len(negative):
            continue  # nothing to tell apart
        low, high = interval(positive, negative)
        limit = thresholds()[name]
        yield {
            "condition": name,
            "with": len(positive),
            "without": len(negative),
            "auc": auc(positive, negative),
            "low": low,
            "high": high,
            "found": float((positive >= limit).mean()),
            "false": float((negative >= limit).mean()),
        }


def validate_on_real(shared: Path, step: int = 12) -> dict[str, Any]:
    """CamVid: dusk against day, effects on day frames against the same frames; false alarms.

    Those are shares of frames at or above the threshold: CamVid's by day and at dusk, and CARLA's.
    """
    images = shared / "camvid" / "images"
    day = [
        read_resized(path, 320, 240)
        for part in ("train", "test")
        for path in sorted((images / part).glob("*.jpg"))[::step]
        if "0001TP" not in path.name
    ]
    dusk = [
        read_resized(path, 320, 240)
        for part in ("train", "test")
        for path in sorted((images / part).glob("0001TP*.jpg"))[:: step // 2]
    ]
    by_day, by_dusk = [score_image(i) for i in day], [score_image(i) for i in dusk]
    column = {n: [np.array([s[n] for s in side]) for side in (by_day, by_dusk)] for n in SCORES}
    rows = {"auc_low_light_dusk": auc(column["low_light"][1], column["low_light"][0])}
    for name, effect, severity in (
        ("haze", "fog", 3.0), ("night", "night", 4.0), ("motion_blur", "motion_blur", 4.0),
        ("over_exposure", "high_illumination", 4.0), ("rain", "rain", 3.0),
        ("snowfall", "snow", 3.0), ("wet_road", "wet_road", 3.0), ("dirt", "lens_dirt", 3.0),
        ("low_light", "low_light", 3.0),
    ):  # fmt: skip
        changed = np.array([score_image(i)[name] for i in with_effect(day, effect, severity)])
        rows[f"auc_{name}_effect"] = auc(changed, column[name][0])
    carla = [score_image(rgb) for rgb in _carla(shared)[1::2]]
    alarms = {
        f"false_alarms_{place}": {
            n: float(np.mean([s[n] >= thresholds()[n] for s in some])) for n in SCORES
        }
        for place, some in (("by_day", by_day), ("at_dusk", by_dusk), ("carla", carla))
    }
    return {
        "figures": rows, **alarms, "day": len(day), "dusk": len(dusk), "carla": len(carla),
    }  # fmt: skip


def with_effect(images: list[np.ndarray], effect: str, severity: float) -> Iterator[np.ndarray]:
    """Pictures after one of our effects, depth estimated."""
    from isthmus.augment.arrays import Arrays
    from isthmus.augment.depth import default_depth, estimate_geometry
    from isthmus.augment.effect import EFFECTS

    geometry = estimate_geometry(())
    for number, rgb in enumerate(images):
        depth = default_depth(rgb, (), geometry)
        rng = seeds.generator(0, "real", effect, number)
        yield EFFECTS[effect].apply(Arrays(rgb, ()), depth, severity, rng)[0].image


def render(folder: Path, frames: int) -> None:
    """Render both sets, or go on where it stopped."""
    for part, seed in SEEDS.items():
        isthmus.render_dataset(
            isthmus.load_odd(ODD), frames, folder / part, seed=seed, size=SIZE, layers=(),
            executor=isthmus.local_executor(),
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Calibrate and validate scores of conditions.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames", type=int, default=0, help="of each set; 0: as they are")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--real", type=Path)
    given = parser.parse_args()
    if given.frames:
        render(given.folder, given.frames)
    if given.fit:
        if not given.real:
            parser.error("--fit needs --real: frames of other cameras without dirt")
        rendered = with_made(frames_of(given.folder, "calibration"))
        made = fit([*rendered, *without_dirt(given.real)])
        content = {name: vars(c) for name, c in made.items()}
        write_text(CALIBRATION, canonical_json(content, indent=1) + "\n")
        calibrations.cache_clear()
    for row in validate(frames_of(given.folder, "validation")):
        print(
            f"{row['condition']:14} {row['with']:3} / {row['without']:3}  AUC {row['auc']:.3f} "
            f"({row['low']:.2f}-{row['high']:.2f})  found {row['found']:.0%}, "
            f"false {row['false']:.0%}"
        )
    if given.real:
        print(canonical_json(validate_on_real(given.real), indent=1))


if __name__ == "__main__":
    main()
