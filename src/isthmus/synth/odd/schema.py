"""The JSON Schema of ODD files, with every factor's range, unit and default."""

from __future__ import annotations

from typing import Any

from isthmus.synth.odd.distributions import KINDS
from isthmus.synth.odd.domain import SUN, DomainFile
from isthmus.synth.world.factors import FACTORS


def odd_schema() -> dict[str, Any]:
    """The schema, draft 2020-12."""
    made = DomainFile.model_json_schema()
    written: dict[str, Any] = {
        "description": "a value, a list of values, or one distribution",
        "anyOf": [
            {"type": ["number", "string"]},
            {"type": "array", "minItems": 1},
            {"type": "object", "maxProperties": 1, "minProperties": 1,
             "properties": {name: {} for name in KINDS}, "additionalProperties": False},
        ],
    }  # fmt: skip
    factors = {name: {**_factor(name), "allOf": [written]} for name in FACTORS}
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "ODD file"
    made["properties"]["factors"] |= {"properties": factors, "additionalProperties": False}
    made["properties"]["sun"] |= {
        "properties": dict.fromkeys(SUN, written),
        "additionalProperties": False,
    }
    made["properties"]["sweep"] |= {
        "properties": {name: {"type": "array", "minItems": 1} for name in FACTORS},
        "additionalProperties": False,
    }
    return made


def _factor(name: str) -> dict[str, Any]:
    factor = FACTORS[name]
    about: dict[str, Any] = {"default": factor.default}
    unit = factor.metadata["unit"]
    if "choices" in factor.metadata:
        about["description"] = "one of " + ", ".join(factor.metadata["choices"])
    else:
        low, high = factor.metadata["range"]
        about["description"] = f"{low:g} to {high:g} {unit}".strip()
    return about
