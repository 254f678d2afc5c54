"""The interventions on pixels by name: adding one is one file and one line here."""

from __future__ import annotations

from isthmus.gap.interventions import colour, sharpness, spectrum
from isthmus.gap.interventions.intervention import Intervention

INTERVENTIONS: dict[str, Intervention] = {
    "light": colour.LIGHT,
    "colour": colour.COLOUR,
    "spectrum": spectrum.SPECTRUM,
    "sharpness": sharpness.SHARPNESS,
}
