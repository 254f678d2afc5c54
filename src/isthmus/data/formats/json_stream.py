"""Label files in JSON, element by element: memory for one record, not for all of them.

A label file of 70 000 images takes gigabytes as Python objects. Here the elements of its lists
come one at a time; what they become is for the reader to keep.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from isthmus.errors import InputError

BLOCK = 1 << 22
MAX_FILE_BYTES = 1 << 35
MAX_ELEMENT = 1 << 28
"""Characters of one element at most."""


class Member(NamedTuple):
    """A part of a document.

    Attributes:
        key: key of the outermost object; "" if the outermost value is none.
        at: position in the list under that key; None for the value itself, which for a list
            is an empty one that announces the elements to come.
        value: the part.
    """

    key: str
    at: int | None
    value: Any


def members(path: Path) -> Iterator[Member]:
    """The parts of a JSON file in their order, two levels deep.

    Raises:
        InputError: the file is missing, huge or malformed; the message names it. What came
            before the fault has been yielded by then.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InputError(f"{path}: larger than the limit of {MAX_FILE_BYTES} bytes")
        with path.open("rb") as handle:
            yield from _document(_Text(handle))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error
    except RecursionError:
        raise InputError(f"{path}: not usable JSON (nested too deeply)") from None
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON ({error})") from error


def _document(text: _Text) -> Iterator[Member]:
    first = text.peek()
    if first == "[":
        yield from _list(text, "")
    elif first == "{":
        yield from _object(text)
    else:
        yield Member("", None, text.value())
    if text.peek():
        raise ValueError(f"more after the end, at character {text.position}")


def _object(text: _Text) -> Iterator[Member]:
    text.take("{")
    if text.peek() == "}":
        text.take("}")
        yield Member("", None, {})
        return
    while True:
        key = text.value() if text.peek() == '"' else None
        if not isinstance(key, str):
            raise ValueError(f"expected a key at character {text.position}")
        text.take(":")
        if text.peek() == "[":
            yield from _list(text, key)
        else:
            yield Member(key, None, text.value())
        if text.peek() == "}":
            text.take("}")
            return
        text.take(",")


def _list(text: _Text, key: str) -> Iterator[Member]:
    text.take("[")
    yield Member(key, None, [])
    if text.peek() == "]":
        text.take("]")
        return
    index = 0
    while True:
        yield Member(key, index, text.value())
        index += 1
        if text.peek() == "]":
            text.take("]")
            return
        text.take(",")


class _Text:
    """A file's characters, of which only those around the current place are held."""

    def __init__(self, handle: Any) -> None:
        head = handle.read(4)
        handle.seek(0)
        self._handle = handle
        encoding = json.detect_encoding(head)
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
        self._json = json.JSONDecoder()
        self._buffer, self._at, self._before, self._ended = "", 0, 0, False

    @property
    def position(self) -> int:
        """Characters read so far."""
        return self._before + self._at

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            while self._at < len(self._buffer):
                letter = self._buffer[self._at]
                if letter not in " \t\r\n":
                    return letter
                self._at += 1
            if not self._fill(BLOCK):
                return ""

    def take(self, letter: str) -> None:
        """Step over a character that has to be there."""
        found = self.peek()
        if found != letter:
            shown = repr(found) if found else "the end of the file"
            raise ValueError(f"expected {letter!r}, got {shown} at character {self.position}")
        self._at += 1

    def value(self) -> Any:
        """The next value, whole."""
        self.peek()
        more = BLOCK
        while True:
            try:
                value, end = self._json.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if len(self._buffer) - self._at > MAX_ELEMENT:
                    reason = f"one element of more than {MAX_ELEMENT} characters"
                    raise ValueError(f"{reason} at character {self.position}") from None
                if not self._fill(more):
                    where = self._before + error.pos
                    raise ValueError(f"{error.msg} at character {where}") from None
                more *= 2
                continue
            # What ends where the buffer does may go on: a number, for one.
            if end == len(self._buffer) and self._fill(more):
                continue
            self._at = end
            return value

    def _fill(self, size: int) -> bool:
        """Read on; False at the end of the file."""
        if self._ended:
            return False
        block = self._handle.read(size)
        self._ended = not block
        text = self._decoder.decode(block, final=self._ended)
        self._before += self._at
        self._buffer, self._at = self._buffer[self._at :] + text, 0
        return True
