"""The fast renderer: own raster, shadow maps, sky, fog and lamps; a picture in about a second.

Not a path tracer: light that has been reflected more than once is estimated. In exchange it needs
nothing but numba, and gives the same bytes for any number of threads.
"""

from __future__ import annotations

from isthmus.synth.render.fast.picture import FastRenderer

__all__ = ["FastRenderer"]
