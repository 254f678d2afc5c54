"""What works here: renderers, libraries, speed. Says it, and never falls over it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from isthmus.synth.annotate.threads import thread_count
from isthmus.synth.odd.rows import Row
from isthmus.synth.world.factors import Factors

SIZE = (640, 360)


@dataclass(frozen=True)
class Line:
    """One finding.

    Attributes:
        part: what was examined.
        state: "works", "missing" or "fails".
        remark: its version, or what to do about it.
        images_per_hour: 640×360 with truth and camera, by one process; None where it says nothing.
    """

    part: str
    state: str
    remark: str
    images_per_hour: float | None = None


def examine() -> list[Line]:
    """Examine every part; takes about half a minute the first time."""
    lines = [Line("threads", "works", f"{thread_count()} a process")]
    lines += [_llvm(), _denoiser(), _bodies()]
    return [*lines, _renderer("fast"), _renderer("physical")]


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
    return Line(
        "LLVM", "fails", f"{verdict.remark}; the scalar variant is used, about half as fast"
    )


def _denoiser() -> Line:
    from isthmus.synth.render.physical.denoise import available

    if available():
        return Line("denoiser", "works", "Open Image Denoise")
    return Line("denoiser", "missing", "pip install 'isthmus[physical]'; pictures stay noisy")


def _bodies() -> Line:
    from importlib.util import find_spec

    if find_spec("anny") is not None:
        return Line("bodies", "works", "own, and anny's")
    return Line("bodies", "works", "own (more of them: pip install 'isthmus[people]')")


def _renderer(name: str) -> Line:
    from isthmus.errors import MissingExtraError
    from isthmus.synth.output.request import Request, make

    def picture(number: int) -> None:
        row = Row(number, 0, 0, 0.0, Factors())
        make(Request(0, row, SIZE, name))

    try:
        picture(0)  # compiles kernels, builds prototypes
        started = time.perf_counter()
        picture(1)
        picture(2)
        seconds = (time.perf_counter() - started) / 2
    except MissingExtraError as error:
        return Line(f"renderer {name}", "missing", str(error))
    except Exception as error:  # whatever it is, the others are still worth knowing
        return Line(f"renderer {name}", "fails", f"{type(error).__name__}: {error}")
    return Line(f"renderer {name}", "works", f"{seconds:.1f} s an image", 3600 / seconds)
