"""Rendered data sets on disk: pictures, truth, labels, and what each picture can be remade from."""

from isthmus.synth.output.dataset import Rendered, render_dataset
from isthmus.synth.output.labels import LabelStyle
from isthmus.synth.output.replay import Replay, replay

__all__ = ["LabelStyle", "Rendered", "Replay", "render_dataset", "replay"]
