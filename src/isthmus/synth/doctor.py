"""What works here: renderers, libraries, speed. Says it, and never falls over it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from isthmus.synth.annotate.threads import thread_count
from isthmus.synth.odd.rows import Row
from isthmus.synth.world.factors import Factors

SIZE = (640, 360)
LONGEST = 900
"""Seconds after which a part is given up."""
DENOISING = """
import numpy as np
from isthmus.synth.render.physical.denoise import denoised
plain = np.full((96, 128, 3), 0.5, np.float32)
noisy = plain * np.random.default_rng(0).uniform(0, 2, (96, 128, 1)).astype(np.float32)
# Its quick networks err by some tenths at the very edge.
inner = denoised(noisy, plain, np.zeros_like(plain))[16:-16, 16:-16]
print("fit" if abs(inner.mean() - 0.5) < 0.05 and inner.std() < 0.1 * noisy.std() else "unfit")
"""

BODIES = """
from isthmus.synth.world.people.makehuman import base
print("fit" if len(base().points) else "unfit")
"""


@dataclass(frozen=True)
class Line:
    """One finding.

    Attributes:
        part: what was examined.
        state: "works", "missing" or "fails".
        remark: its version, or what to do about it.
        images_per_hour: 640×360 with truth and camera, by all cores of this machine, as far as
            processor time tells; None where it says nothing.
    """

    part: str
    state: str
    remark: str
    images_per_hour: float | None = None


def examine() -> Iterator[Line]:
    """Examine every part, one after the other; takes about a minute the first time."""
    yield Line("threads", "works", f"{thread_count()} a process")
    yield from (part() for part in (_llvm, _denoiser, _bodies))
    yield from (_renderer(name) for name in ("fast", "physical"))


def _llvm() -> Line:
    from isthmus.errors import MissingExtraError
    from isthmus.synth.render.physical.engine import require, try_llvm

    try:
        require()
    except MissingExtraError as error:
        return Line("LLVM", "missing", str(error))
    verdict = try_llvm()
    if verdict.works:
        return Line("LLVM", "works", verdict.remark)
    return Line("LLVM", "fails", f"{verdict.remark}; the scalar variant is used, slower by half")


def _denoiser() -> Line:
    from isthmus.synth.render.physical.denoise import available

    if not available():
        return Line("denoiser", "missing", "pip install 'isthmus[physical]'; pictures stay noisy")
    words, fault = _child(DENOISING)
    if words == "fit":
        return Line("denoiser", "works", "Open Image Denoise")
    fault = fault or "noise stays, or the light changes"
    return Line("denoiser", "fails", f"Open Image Denoise: {fault}")


def _bodies() -> Line:
    from importlib.util import find_spec

    if find_spec("anny") is None:
        return Line("bodies", "works", "own (bodies: anny needs pip install 'isthmus[people]')")
    words, fault = _child(BODIES)
    if words == "fit":
        return Line("bodies", "works", "own, and anny's")
    return Line("bodies", "fails", f"anny's: {fault or 'no mesh in it'}; our own work without")


def _renderer(name: str) -> Line:
    from isthmus.errors import MissingExtraError
    from isthmus.synth.render.physical.engine import require

    part = f"renderer {name}"
    try:
        if name == "physical":
            require()
    except MissingExtraError as error:
        return Line(part, "missing", str(error))
    words, fault = _child(f"from isthmus.synth.doctor import speed; print(speed({name!r}))")
    try:
        seconds = float(words)
    except ValueError:
        return Line(part, "fails", fault or f"said {words[:80]!r}")
    rate = 3600 * (os.cpu_count() or 1) / max(seconds, 1e-3)
    return Line(part, "works", f"{seconds:.1f} s of processor time an image", rate)


def speed(name: str) -> float:
    """Processor time (s) of a picture with truth and camera, once a renderer is warm.

    By the clock a busy machine would decide.
    """
    from isthmus.synth.output.request import Request, make

    def picture(number: int) -> None:
        make(Request(0, Row(number, 0, 0, 0.0, Factors()), SIZE, name))

    picture(0)  # compiles kernels, builds prototypes
    started = time.process_time()
    picture(1)
    picture(2)
    return (time.process_time() - started) / 2


def _child(code: str) -> tuple[str, str]:
    """Last word that a child process says, and what went wrong, "" if nothing.

    A library that does not suit the machine may abort its process: it is not to be this one.
    """
    try:
        done = subprocess.run(  # noqa: S603 — our own words, run by our own interpreter
            [sys.executable, "-c", code],
            capture_output=True, text=True, timeout=LONGEST, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "", f"no answer within {LONGEST} s"
    except OSError as error:
        return "", f"no child process: {error}"
    said = done.stdout.split()[-1:] or [""]
    if done.returncode == 0:
        return said[0], ""
    lines = done.stderr.strip().splitlines()
    words = lines[-1] if lines else f"exit status {done.returncode}"
    return "", f"aborted: {words[:200]}" if done.returncode < 0 else words[:200]
