"""Which variant of Mitsuba runs here.

The LLVM variant is twice as fast, but a libLLVM that does not suit it aborts the whole process
(`Cannot select: fminimum` with LLVM 14 to 16 on some processors). So it is tried in a child
process first, and the verdict is kept per version of Mitsuba, library and processor.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from isthmus.errors import InputError, MissingExtraError
from isthmus.files import cache_folder, read_json, write_json

SCALAR, LLVM = "scalar_rgb", "llvm_ad_rgb"
CHILD_SECONDS = 120
CHOICE = "ISTHMUS_MITSUBA_VARIANT"
"""Environment variable that chooses the variant and skips the trial."""

TRIAL = """
import mitsuba as mi
mi.set_variant("llvm_ad_rgb")
scene = mi.load_dict({
    "type": "scene", "integrator": {"type": "path", "max_depth": 4},
    "light": {"type": "constant"},
    "ball": {"type": "sphere", "bsdf": {"type": "twosided", "b": {"type": "principled",
             "base_color": {"type": "rgb", "value": [0.5, 0.4, 0.3]}, "clearcoat": 1.0}}},
    "sensor": {"type": "perspective", "to_world": mi.ScalarTransform4f().look_at(
        origin=[0, 0, 4], target=[0, 0, 0], up=[0, 1, 0]),
        "film": {"type": "hdrfilm", "width": 16, "height": 16, "rfilter": {"type": "box"}}},
})
import numpy as np
picture = np.array(mi.render(scene, spp=4, seed=0))
print("fit" if np.isfinite(picture).all() and picture.mean() > 0 else "unfit")
"""


@dataclass(frozen=True)
class Verdict:
    """What a trial of the LLVM variant showed: whether it works, and a remark for people."""

    works: bool
    remark: str


def require() -> None:
    """Complain if Mitsuba is not installed.

    Raises:
        MissingExtraError: it is not.
    """
    if find_spec("mitsuba") is None:
        raise MissingExtraError("the physical renderer", "physical")


@lru_cache(maxsize=1)
def try_llvm() -> Verdict:
    """Try the LLVM variant in a child process; the verdict is kept in the user's cache folder."""
    library = find_library()
    if library is None:
        return Verdict(False, "no libLLVM found (Debian: apt install libllvm19)")
    kept = cache_folder() / f"llvm-{_fingerprint(library)}.json"
    try:
        known = read_json(kept, limit_bytes=1 << 16)
        return Verdict(bool(known["works"]), str(known["remark"]))
    except (InputError, KeyError, TypeError):
        pass  # not tried yet, or kept badly
    verdict = _trial(library)
    try:
        write_json(kept, {"works": verdict.works, "remark": verdict.remark})
    except OSError:
        return verdict  # nowhere to keep it: the next process tries again
    return verdict


def _trial(library: str) -> Verdict:
    environment = os.environ | {"DRJIT_LIBLLVM_PATH": library}
    try:
        done = subprocess.run(  # noqa: S603 — our own words, run by our own interpreter
            [sys.executable, "-c", TRIAL],
            env=environment,
            capture_output=True,
            text=True,
            timeout=CHILD_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Verdict(False, f"{library}: the trial did not end: {type(error).__name__}")
    if done.returncode == 0 and done.stdout.split()[-1:] == ["fit"]:
        return Verdict(True, library)
    words = (done.stderr.strip() or f"exit status {done.returncode}").splitlines()[-1]
    return Verdict(False, f"{library}: {words[:160]} (another one may do: libllvm19)")


def find_library() -> str | None:
    """The newest libLLVM: what `DRJIT_LIBLLVM_PATH` names, else what the system has."""
    named = os.environ.get("DRJIT_LIBLLVM_PATH")
    if named:
        return named
    places = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib",
              "/opt/homebrew/opt/llvm/lib")  # fmt: skip
    folders = [Path(place) for place in places]
    found = {p for folder in folders if folder.is_dir() for p in folder.glob("libLLVM*.so*")}
    numbered = sorted((n, str(p)) for p in found if (n := _number(p.name)) > 0)
    if numbered:
        return numbered[-1][1]
    return ctypes.util.find_library("LLVM")


def _number(name: str) -> int:
    """LLVM's major version in a file name, 0 if there is none."""
    digits = name.removeprefix("libLLVM").removeprefix("-").removeprefix(".so").lstrip(".-")
    first = digits.split(".")[0].split("-")[0]
    return int(first) if first.isdigit() else 0


def _fingerprint(library: str) -> str:
    try:
        mitsuba = version("mitsuba")
    except PackageNotFoundError:
        mitsuba = "?"
    path = Path(library).resolve()
    size = path.stat().st_size if path.exists() else 0
    words = "|".join([mitsuba, str(path), str(size), platform.machine(), _processor()])
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("flags")), platform.processor())


def mitsuba(variant: str | None = None) -> Any:
    """Mitsuba with a variant chosen: the given one, the environment's, LLVM if it works, scalar.

    Raises:
        MissingExtraError: Mitsuba is not installed.
    """
    require()
    import mitsuba as mi

    wanted = variant or os.environ.get(CHOICE)
    if wanted is None:
        wanted = LLVM if try_llvm().works else SCALAR
    if wanted == LLVM and (library := find_library()):
        os.environ.setdefault("DRJIT_LIBLLVM_PATH", library)
    if mi.variant() != wanted:
        mi.set_variant(wanted)
    return mi
