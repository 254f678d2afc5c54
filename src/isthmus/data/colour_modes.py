"""From each of Pillow's pixel modes to 8-bit RGB, by an explicit table.

`Image.convert("RGB")` alone is not safe: it clips 16-bit images to white (Pillow issues 2574
and 4044) and drops transparency onto whatever colour lies beneath. A mode without a rule is an
error, never a guess.

| mode | rule |
|---|---|
| 1, L | repeated in three channels |
| RGB | as it is (Pillow keeps the high byte of 16-bit RGB) |
| P | through its palette |
| LA, PA, RGBA, and any transparent colour | laid over black, in stored (gamma-encoded) values |
| I;16 and its byte orders | divided by 257, rounded: 0 → 0, 65535 → 255 |
| CMYK | Adobe's inverted polarity undone (Pillow), then 255 − min(255, c + k); no profile |
| YCbCr | ITU-R BT.601, full range |
| I, F | refused: 32-bit values have no known range |

Colour profiles (ICC) are not applied: a perception network sees the stored values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from isthmus.errors import ImageError

if TYPE_CHECKING:
    from PIL.Image import Image

Rule = Callable[["Image"], tuple["Image", str | None]]
"""An image in, an RGB image and a remark (or None) out."""


def to_rgb(image: Image) -> tuple[Image, str | None]:
    """The image as RGB, and what one should know of the conversion.

    Raises:
        ImageError: the mode has no rule; the message does not name the file.
    """
    rule = RULES.get(image.mode)
    if rule is None:
        readable = ", ".join(mode for mode in RULES if mode not in ("I", "F"))
        raise ImageError(f"pixel mode {image.mode} has no rule to become RGB (rules: {readable})")
    return rule(image)


def _plain(image: Image) -> tuple[Image, str | None]:
    if "transparency" in image.info:
        return _over_black(image)
    return (image if image.mode == "RGB" else image.convert("RGB")), None


def _over_black(image: Image) -> tuple[Image, str | None]:
    from PIL import Image as Pillow

    layered = image.convert("RGBA")
    lowest, _ = layered.getchannel("A").getextrema()
    if lowest == 255:
        return layered.convert("RGB"), None
    black = Pillow.new("RGBA", layered.size, (0, 0, 0, 255))
    black.alpha_composite(layered)
    return black.convert("RGB"), "transparent pixels are laid over black"


def _sixteen_bits(image: Image) -> tuple[Image, str | None]:
    from PIL import Image as Pillow

    values = np.asarray(image).astype(np.uint32)
    grey = ((values + 128) // 257).astype(np.uint8)
    return Pillow.fromarray(grey).convert("RGB"), "16 bits a pixel, divided by 257"


def _inks(image: Image) -> tuple[Image, str | None]:
    return image.convert("RGB"), "CMYK, converted without a colour profile"


def _unknown_range(image: Image) -> tuple[Image, str | None]:
    raise ImageError(
        f"pixel mode {image.mode} holds 32-bit values of unknown range; "
        "save the image with 8 or 16 bits a channel"
    )


RULES: dict[str, Rule] = {
    "1": _plain,
    "L": _plain,
    "LA": _over_black,
    "P": _plain,
    "PA": _over_black,
    "RGB": _plain,
    "RGBA": _over_black,
    "CMYK": _inks,
    "YCbCr": _plain,
    "I;16": _sixteen_bits,
    "I;16L": _sixteen_bits,
    "I;16B": _sixteen_bits,
    "I;16N": _sixteen_bits,
    "I": _unknown_range,
    "F": _unknown_range,
}
