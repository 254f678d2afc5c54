"""What a renderer is, and which there are.

A new renderer is a folder or file beside this one with a class that has `render`, and one line of
`RENDERERS`. Truth is none of a renderer's business: `isthmus.synth.annotate` tells it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Protocol

import numpy as np

from isthmus.errors import ConfigError
from isthmus.synth.world.mesh import Floats
from isthmus.synth.world.scene import Scene, Soup

LAYERS = ("sun", "sky", "lamps")
"""Sources of light that are kept apart, so that they can be mixed anew."""


@dataclass(frozen=True)
class Radiance:
    """Light that reaches the camera, before its electronics.

    Attributes:
        layers: name in `LAYERS` → (h, w, 3) float32 linear RGB (sRGB's primaries) in cd/m².
    """

    layers: Mapping[str, Floats]

    @property
    def total(self) -> Floats:
        """The picture: the sum of the layers, (h, w, 3)."""
        first, *rest = self.layers.values()
        total = first.copy()
        for layer in rest:
            total += layer
        return np.asarray(total, np.float32)


class Renderer(Protocol):
    """Makes the light of a scene."""

    def render(self, scene: Scene, soup: Soup, layers: Sequence[str] = LAYERS) -> Radiance:
        """The light of a scene, by source.

        Args:
            scene: what stands where, the camera, light and weather.
            soup: its triangles.
            layers: those wanted; what is not asked for is not worked out.
        """
        ...


RENDERERS: Mapping[str, str] = MappingProxyType(
    {
        "fast": "isthmus.synth.render.fast:FastRenderer",
        "physical": "isthmus.synth.render.physical:PhysicalRenderer",
    }
)
"""Name → module:class, imported when it is first used."""


def renderer(name: str) -> Renderer:
    """The renderer of a name, with its defaults.

    Raises:
        ConfigError: the name is not one of `RENDERERS`.
        MissingExtraError: the renderer needs a part that is not installed.
    """
    if name not in RENDERERS:
        raise ConfigError(f"renderer {name!r}: not known; one of {', '.join(RENDERERS)}")
    module, kind = RENDERERS[name].split(":")
    made: Renderer = getattr(import_module(module), kind)()
    return made
