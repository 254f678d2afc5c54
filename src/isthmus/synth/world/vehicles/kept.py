"""Prototypes kept on disk: cutting a body takes a second, reading it back a few milliseconds.

They lie in the user's cache folder under a digest of the code that makes them, so that other code
makes its own. What cannot be read is made anew; where nothing can be written, nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
import time
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from isthmus.files import cache_folder, write_bytes
from isthmus.synth.world import mesh, shapes
from isthmus.synth.world.mesh import Mesh
from isthmus.synth.world.vehicles.prototype import Axle, Prototype

UNUSED_DAYS = 30
"""After which the prototypes of other code are thrown away."""


def kept(name: str, make: Callable[[], Prototype], folder: Path | None = None) -> Prototype:
    """The prototype of a name, from disk if it is there, else made and put there.

    Args:
        name: of a file; says all that the prototype depends on but code.
        make: makes it.
        folder: by default one in the user's cache folder.
    """
    path = (folder or _folder()) / f"{name}.npz"
    try:
        return decoded(path.read_bytes())
    except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile):
        made = make()
    with contextlib.suppress(OSError):
        write_bytes(path, encoded(made))
    return made


def encoded(prototype: Prototype) -> bytes:
    """A prototype as the bytes of an `.npz` file."""
    meshes = list(prototype.parts.values())
    words = {
        "slots": list(prototype.parts),
        "axles": [[a.z, a.x, a.radius, a.width, a.twin, a.design] for a in prototype.axles],
        "level": prototype.level,
        "belt": prototype.belt,
        "roof": prototype.roof,
    }
    out = io.BytesIO()
    arrays: dict[str, Any] = {
        "words": np.frombuffer(json.dumps(words).encode(), np.uint8),
        "counts": np.array([(len(m.points), len(m.faces)) for m in meshes], np.int64),
        "headlamps": prototype.headlamps,
        "plates": np.array(prototype.plates, np.float64).reshape(-1, 3, 3),
    }
    for field in ("points", "faces", "normals", "uv"):
        arrays[field] = np.concatenate([getattr(m, field) for m in meshes])
    np.savez(out, **arrays)
    return out.getvalue()


def decoded(content: bytes) -> Prototype:
    """The prototype of `encoded` bytes.

    Raises:
        ValueError, KeyError, EOFError, zipfile.BadZipFile: it is none.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        held = {name: file[name] for name in file.files}
    words = json.loads(held["words"].tobytes())
    corners, faces = (np.cumsum(column)[:-1] for column in held["counts"].T)
    pieces = zip(
        words["slots"],
        np.split(held["points"], corners), np.split(held["faces"], faces),
        np.split(held["normals"], corners), np.split(held["uv"], corners), strict=True,
    )  # fmt: skip
    low, high = words["belt"]
    rear, front, half = words["roof"]
    return Prototype(
        parts={slot: Mesh(p, f, n, uv) for slot, p, f, n, uv in pieces},
        axles=tuple(Axle(*axle) for axle in words["axles"]),
        headlamps=held["headlamps"],
        level=words["level"],
        belt=(low, high),
        roof=(rear, front, half),
        plates=tuple((middle, right, up) for middle, right, up in held["plates"]),
    )


@lru_cache(maxsize=1)
def _folder() -> Path:
    """Where prototypes of this code lie; those of code that nobody uses any more are removed."""
    code = [*sorted(Path(__file__).parent.glob("*.py")), Path(mesh.__file__), Path(shapes.__file__)]
    digest = hashlib.sha256(np.__version__.encode())
    for path in code:
        digest.update(path.read_bytes())
    base = cache_folder()
    folder = base / f"vehicles-{digest.hexdigest()[:16]}"
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "used").touch()
        for other in base.glob("vehicles-*"):
            if time.time() - (other / "used").stat().st_mtime > UNUSED_DAYS * 86400:
                shutil.rmtree(other, ignore_errors=True)
    return folder
