"""What decides one picture, byte for byte; and the making of it."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import isthmus
from isthmus import seeds
from isthmus.data.frame import Camera
from isthmus.errors import ConfigError, InputError
from isthmus.hydrometeors.splashes import LEVEL
from isthmus.synth.annotate import ObjectTruth, Truth, annotate
from isthmus.synth.imaging import Sensor, develop, jpeg_bytes, sample_sensor
from isthmus.synth.imaging.distortion import through_bend
from isthmus.synth.imaging.exposure import meter
from isthmus.synth.imaging.rolling import rolled
from isthmus.synth.imaging.sensor import LIMITS
from isthmus.synth.lens import Bend, Lens, bend
from isthmus.synth.odd.rows import Row
from isthmus.synth.render.renderer import RENDERERS, renderer
from isthmus.synth.weather import precipitate, transmission
from isthmus.synth.world.build import build_scene
from isthmus.synth.world.factors import Factors
from isthmus.synth.world.scene import Scene, soup

RECIPE = "isthmus.synth/7"
"""Changes whenever the same request gives another picture."""
SMALLEST_SIDE, LARGEST_SIDE = 64, 4096
LONGEST = 86_400.0
FRAME_TIME = 1 / 30
"""Seconds between two frames of the camera: the longest exposure, and the step of the flow."""


@dataclass(frozen=True)
class Request:
    """One picture.

    Attributes:
        seed: of the data set.
        row: its factors, scene and moment.
        size: (width, height) in pixels.
        renderer: a name in `isthmus.synth.render.renderer.RENDERERS`.
        imaging: number of the camera: others see the same light.
        sensor: what is fixed of the camera (a twin); the rest is drawn by scene and `imaging`.
    """

    seed: int
    row: Row
    size: tuple[int, int] = (640, 360)
    renderer: str = "fast"
    imaging: int = 0
    sensor: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Stem of its files."""
        row = self.row
        stem = f"{row.scene:06d}-{row.frame:03d}"
        stem += f"-v{row.variant}" if row.variant else ""
        return stem + (f"-i{self.imaging}" if self.imaging else "")

    def document(self) -> dict[str, Any]:
        """As plain values, for provenance."""
        row = asdict(self.row)
        return {
            "recipe": RECIPE,
            "seed": self.seed,
            "size": list(self.size),
            "renderer": self.renderer,
            "imaging": self.imaging,
            "sensor": dict(self.sensor),
            "row": row,
        }

    @classmethod
    def of(cls, document: Any, where: str) -> Request:
        """Read `document` back.

        Raises:
            InputError: it is none, or one of another recipe.
        """
        try:
            recipe = document["recipe"]
            if recipe != RECIPE:
                raise InputError(
                    f"{where}: made by recipe {recipe}, this version ({isthmus.__version__}) "
                    f"knows {RECIPE}: install the version that the file names"
                )
            _only(document, _PARTS)
            return cls(
                int(document["seed"]), _row(document["row"]), _size(document["size"]),
                _known(document["renderer"]), int(document["imaging"]),
                checked_sensor(document["sensor"], where),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
            raise InputError(f"{where}: no request of a rendered picture: {error!r}") from None
        except ConfigError as error:
            raise InputError(f"{where}: {error}") from None


_PARTS = ("recipe", "seed", "size", "renderer", "imaging", "sensor", "row")
_ROW_PARTS = ("scene", "variant", "frame", "time", "factors")


def _only(document: dict[str, Any], parts: tuple[str, ...]) -> None:
    """`ValueError` if a document says more than is understood: the picture would be another."""
    if more := sorted(map(str, document.keys() - set(parts))):
        raise ValueError(f"{', '.join(more)}: not known to this version ({isthmus.__version__})")


def _row(document: Any) -> Row:
    """The row of plain values; `TypeError` and `ValueError` if they are of other kinds."""
    _only(document, _ROW_PARTS)
    scene, variant, frame = (int(document[name]) for name in ("scene", "variant", "frame"))
    time = float(document["time"])
    if min(scene, variant, frame) < 0 or not 0 <= time < LONGEST:
        raise ValueError(f"row {scene}, {variant}, {frame} at {time} s: below 0, or too large")
    return Row(scene, variant, frame, time, Factors.of(document["factors"]))


def _size(document: Any) -> tuple[int, int]:
    width, height = (int(side) for side in document)
    if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in (width, height)):
        raise ValueError(f"size {width}x{height}: {SMALLEST_SIDE} to {LARGEST_SIDE} a side")
    return width, height


def picture_faults(size: tuple[int, int], name: str) -> list[str]:
    """What is wrong with a size (width, height) in pixels and a renderer's name, for messages."""
    faults = []
    if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE and side % 2 == 0 for side in size):
        bounds = f"even numbers of {SMALLEST_SIDE} to {LARGEST_SIDE}"
        faults.append(f"size {size[0]}x{size[1]}: {bounds} are needed")
    if name not in RENDERERS:
        faults.append(f"renderer {name!r}: not known; one of {', '.join(RENDERERS)}")
    return faults


def _known(name: Any) -> str:
    if name not in RENDERERS:
        raise ValueError(f"renderer {name!r}: not known; one of {', '.join(RENDERERS)}")
    return str(name)


def checked_sensor(given: Any, where: str) -> dict[str, Any]:
    """Parameters of a camera by name.

    Raises:
        InputError: no mapping, an unknown parameter, or a value that is no finite number or out of
            range.
    """
    if not isinstance(given, dict):
        raise InputError(f"{where}: no camera: its `sensor` is no mapping")
    for name, value in given.items():
        if name not in LIMITS:
            raise InputError(f"{where}: sensor.{name}: no such parameter of a camera")
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise InputError(f"{where}: sensor.{name}: {value!r} is no number")
        low, high = LIMITS[name]
        if not low <= value <= high:
            raise InputError(f"{where}: sensor.{name}: {value!r} is not within {low:g} to {high:g}")
    return dict(given)


@dataclass(frozen=True)
class Made:
    """A picture with its truth.

    Attributes:
        picture: (h, w, 3) sRGB bytes.
        content: the JPEG.
        truth: what is where.
        scene: what was rendered.
        cover: (h, w) share of each pixel's light that came from falling drops and flakes.
        sensor: the camera.
        light: (h, w, 3) linear RGB in cd/m² that reaches the camera.
    """

    picture: NDArray[np.uint8]
    content: bytes
    truth: Truth
    scene: Scene
    cover: NDArray[np.float32]
    sensor: Sensor
    light: NDArray[np.float32]

    @property
    def intrinsics(self) -> Camera:
        """The camera's, with its lens."""
        return replace(self.scene.view.intrinsics, distortion=self.sensor.lens.coefficients)

    @property
    def truth_digest(self) -> str:
        """Hash of instances, classes and depth."""
        digest = hashlib.sha256()
        for layer in (self.truth.instance, self.truth.semantic, self.truth.depth):
            digest.update(np.ascontiguousarray(layer).tobytes())
        return digest.hexdigest()

    def objects(self) -> list[dict[str, Any]]:
        """Every visible object's truth as plain values."""
        return [_object(item, self) for item in self.truth.objects]


@dataclass(frozen=True)
class _Sight:
    """What stands before the camera's electronics: all cameras of one lens and reading share it.

    Attributes:
        scene: as asked for. wide: with the view of the pinhole that was rendered.
        bent: what the lens does.
        truth: of the picture. light: what the pinhole sees, linear RGB.
    """

    scene: Scene
    wide: Scene
    bent: Bend | None
    truth: Truth
    light: NDArray[np.float32]


@lru_cache(maxsize=1)
def _sight(
    seed: int, row: Row, size: tuple[int, int], *, name: str, lens: Lens, rolling: float
) -> _Sight:  # fmt: skip
    """Scene, truth and light; the latest is kept for the next camera."""
    scene = build_scene(asdict(row.factors), seed, row.scene, size, row.time)
    bent = bend(scene.view, lens) if lens.bends else None
    read, triangles = rolled(scene, soup(scene), rolling, lens)
    # Flow is asked for where it blurs the picture; no file holds it.
    step = FRAME_TIME if row.factors.motion_blur > 0 else None
    truth = annotate(read, triangles, sequence_dt=step, bend=bent)
    wide = scene if bent is None else replace(scene, view=bent.wide)
    light = renderer(name).render(wide, triangles).total
    light.flags.writeable = False
    return _Sight(scene, wide, bent, truth, light)


def make(request: Request) -> Made:
    """Make one picture."""
    row, factors = request.row, request.row.factors
    sensor = camera(request)
    sight = _sight(
        request.seed, row, request.size,
        name=request.renderer, lens=sensor.lens, rolling=float(sensor.rolling),
    )  # fmt: skip
    scene, wide, bent, truth, total = (
        sight.scene, sight.wide, sight.bent, sight.truth, sight.light,
    )  # fmt: skip
    rng = seeds.generator(request.seed, "synth", row.scene, "imaging", request.imaging, row.frame)
    shutter = meter(total, sensor).shutter
    depth, level = truth.depth, truth.normal @ scene.view.rotation[:, 1] > LEVEL
    if bent is not None:
        depth, level = bent.widened(depth), bent.widened(level.astype(np.float32)) > 0
    seen, cover = precipitate(total, depth, wide, shutter, rng, upward=level)
    if bent is not None:
        both = through_bend(np.concatenate([seen, cover[..., None]], axis=2), bent)
        seen, cover = both[..., :3], both[..., 3]
    flow = None
    if factors.motion_blur > 0 and truth.flow is not None:
        flow = np.nan_to_num(truth.flow / np.float32(FRAME_TIME)).astype(np.float32)
    picture = develop(seen, sensor, rng, flow=flow)
    content = jpeg_bytes(picture, sensor.quality)
    return Made(picture, content, truth, scene, cover, sensor, seen)


def camera(request: Request) -> Sensor:
    """The camera of a request: one per scene and `imaging`, with the factors that the row sets."""
    factors = request.row.factors
    rng = seeds.generator(request.seed, "synth", request.row.scene, "sensor", request.imaging)
    drawn = sample_sensor(rng)
    gain = factors.noise_gain
    own: dict[str, Any] = {
        "bias": factors.exposure_bias,
        "defocus": factors.defocus,
        "dirt": factors.lens_dirt,
        "shutter": factors.motion_blur * FRAME_TIME,
        "rolling": factors.rolling_shutter / 1000,
        "k1": factors.lens_k1,
        "k2": factors.lens_k2,
        "p1": factors.lens_p1,
        "p2": factors.lens_p2,
        "quality": factors.jpeg_quality,
        "read_noise": drawn.read_noise * gain**0.5,
        "full_well": drawn.full_well / gain,
    }
    try:
        return Sensor(**(asdict(drawn) | own | request.sensor))
    except TypeError as error:
        raise InputError(f"sensor: {error}") from None


def _object(item: ObjectTruth, made: Made) -> dict[str, Any]:
    x1, y1, x2, y2 = item.visible if item.visible else item.amodal
    inside = made.truth.instance[y1:y2, x1:x2] == item.instance
    covered = float(made.cover[y1:y2, x1:x2][inside].mean()) if inside.any() else 0.0
    through = float(transmission(made.scene.weather, item.distance)) * (1 - covered)
    record: dict[str, Any] = {
        "instance": int(item.instance),
        "category": item.category,
        "attributes": dict(item.attributes),
        "visible": None if item.visible is None else list(item.visible),
        "amodal": list(item.amodal),
        "pixels": item.pixels,
        "occlusion": round(float(item.occlusion), 6),
        "truncation": round(float(item.truncation), 6),
        "transmission": round(through, 6),
        "distance": round(float(item.distance), 4),
        "height": int(item.height),
        "box3d": {
            "centre": _plain(item.box.centre),
            "size": _plain(item.box.size),
            "heading": round(float(item.box.heading), 6),
        },
    }
    if item.keypoints is not None:
        points = np.nan_to_num(item.keypoints.pixels, nan=0.0)
        record["keypoints"] = [
            [round(float(x), 3), round(float(y), 3), int(v)]
            for (x, y), v in zip(points, item.keypoints.visibility, strict=True)
        ]
    return record


def _plain(values: Any) -> list[float]:
    return [round(float(v), 4) for v in values]
