"""Label files in XML, parsed by defusedxml: no entities, no external files, bounded size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from isthmus.errors import InputError

MAX_XML_BYTES = 1 << 24


def parse_xml(path: Path, *, limit_bytes: int = MAX_XML_BYTES, doctype: bool = False) -> Any:
    """The root element; `doctype` allows a document type that declares nothing.

    Raises:
        InputError: the file cannot be used; the message does not name it.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        if path.stat().st_size > limit_bytes:
            raise InputError(f"larger than the limit of {limit_bytes} bytes")
        return fromstring(path.read_bytes(), forbid_dtd=not doctype)
    except ParseError as error:
        raise InputError(f"not valid XML ({error})") from error
    except DefusedXmlException as error:
        raise InputError(f"refused: {type(error).__name__}, entities are not read") from error
    # An encoding that Python does not know, or bytes that are none of the one declared.
    except (OSError, LookupError, ValueError) as error:
        raise InputError(f"cannot be read ({error})") from error
    # Deep nesting, in the C parser's own way.
    except RecursionError:
        raise InputError("nested too deeply") from None


def number(word: str | None) -> float | None:
    """A number from text, or None."""
    try:
        return float(word) if word is not None else None
    except ValueError:
        return None
