"""The physical renderer: path tracing by Mitsuba 3, denoised by Open Image Denoise.

Needs the extra `physical`. Light goes from sun, sky and lamps over any number of mirrors, wet
roads and foggy metres; in exchange a picture takes seconds.
"""

from __future__ import annotations

from isthmus.synth.render.physical.picture import PhysicalRenderer

__all__ = ["PhysicalRenderer"]
