"""JSON lines, JSON documents and callback XML as numbered records, one at a time."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, cast

import ijson
import orjson
from defusedxml import DefusedXmlException, ElementTree

from kpi.ingest.encodings import REPLACEMENT, Utf8Stream, detect
from kpi.ingest.exact import loads
from kpi.ingest.limits import Limits, Refused
from kpi.ingest.sources import Source
from kpi.ingest.units import as_text

PIECE = 1 << 16
_MARK = REPLACEMENT.encode()
_DECLARATION = re.compile(r"<\?xml[^>]*\?>|<!--.*?-->", re.DOTALL)
UNDECODABLE = "undecodable bytes"


class Record(NamedTuple):
    """One source record: its number in the file and its value, parsed."""

    number: int
    value: Any
    is_event: bool = False


class Broken(NamedTuple):
    """A source record that cannot be read: number, raw text (its beginning) and reason."""

    number: int
    text: str
    reason: str


class Blank(NamedTuple):
    """A line without anything."""

    number: int


Found = Record | Broken | Blank


def kind_of(head: bytes) -> str | None:
    """``lines``, ``document`` or ``xml`` by the first bytes; None when it is neither JSON nor XML."""
    text = _text_of(head).lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return "xml" if re.match(r"<(\?xml|!|xml[\s>])", text) else None
    if not text.startswith(("{", "[", '"')):
        return None
    lines = [line for line in text.split("\n") if line.strip()]
    whole = lines if len(lines) == 1 and len(head) < PIECE else lines[:-1]
    return "lines" if _are_lines(whole[:6], is_all=whole is lines) else "document" if text[0] in "{[" else None


def _are_lines(lines: list[str], is_all: bool) -> bool:
    """One value per line: the first line is an object, or most of the others are and the first just looks damaged."""
    values = [_value(line) for line in lines]
    if not values:
        return False
    if isinstance(values[0], (dict, str)):
        return True
    if isinstance(values[0], list):
        return not is_all and all(isinstance(value, list) for value in values[1:3])
    return lines[0].lstrip()[:1] == "{" and sum(isinstance(value, dict) for value in values[1:]) * 2 > len(values) - 1


def _value(line: str) -> Any:
    try:
        return orjson.loads(line.encode("utf-8", "replace"))
    except orjson.JSONDecodeError:
        return None


def _text_of(head: bytes) -> str:
    with io.BufferedReader(Utf8Stream(io.BytesIO(head), detect(head))) as stream:
        return stream.read().decode("utf-8", "replace")


def records(source: Source, head: bytes, kind: str, limits: Limits) -> Iterator[Found]:
    """The records of a file.

    Raises:
        Refused: A record is larger than allowed, one of its values is, or XML declares entities.
    """
    raw = source.open()
    try:
        stream = Utf8Stream(raw, detect(head))
        read = {"lines": _lines, "document": _document, "xml": _events}[kind]
        yield from read(source.name, stream, limits)
    finally:
        raw.close()


def _lines(name: str, stream: Utf8Stream, limits: Limits) -> Iterator[Found]:
    buffered = io.BufferedReader(stream, PIECE)
    number = 0
    while line := buffered.readline(limits.max_record + 1):
        number += 1
        if len(line) > limits.max_record:
            raise _too_large(name, number, limits.max_record)
        line = line.strip()
        if not line:
            yield Blank(number)
        elif stream.damaged and _MARK in line:
            yield Broken(number, line[:PIECE].decode(), UNDECODABLE)
        else:
            yield from _line(name, number, line, limits)


def _line(name: str, number: int, line: bytes, limits: Limits) -> Iterator[Found]:
    try:
        value = loads(line)
    except ValueError:
        yield Broken(number, line[:PIECE].decode("utf-8", "replace"), "no JSON")
        return
    if len(line) > limits.max_cell:
        _refuse_long_values(name, number, value, limits.max_cell)
    if (b"<" in line or b"\\u003" in line) and (event := _xml_inside(value)) is not None:
        yield _event(name, number, event)
        return
    for item in value if isinstance(value, list) else (value,):
        yield _object(number, item)


def _xml_inside(value: Any) -> str | None:
    """The XML text that a line holds: as the line itself, or as a value of its object."""
    for text in value.values() if isinstance(value, dict) else (value,):
        if isinstance(text, str) and text.lstrip().startswith(("<xml", "<?xml", "<!DOCTYPE")):
            return text
    return None


def _object(number: int, value: Any) -> Found:
    return Record(number, value) if isinstance(value, dict) else Broken(number, as_text(value), "no JSON object")


class _Fed(io.RawIOBase):
    """Counts what the parser takes for one record, so that none grows without bound."""

    def __init__(self, name: str, stream: Utf8Stream, limit: int) -> None:
        self._name, self._stream, self._limit = name, stream, limit
        self.taken = 0
        self.number = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        count = self._stream.readinto(buffer)
        self.taken += count
        if self.taken > self._limit + 2 * PIECE:
            raise _too_large(self._name, self.number + 1, self._limit)
        return count


def _document(name: str, stream: Utf8Stream, limits: Limits) -> Iterator[Found]:
    """Objects one after the other, elements of an array each for itself."""
    fed = _Fed(name, stream, limits.max_record)
    number = 0
    try:
        for value in _values(fed):
            number += 1
            # pieces were read ahead of the record before: what was taken for this one is known to two of them
            large, fed.taken, fed.number = fed.taken > limits.max_cell - 2 * PIECE, 0, number
            if large:
                _refuse_long_values(name, number, value, limits.max_cell)
            if stream.damaged and REPLACEMENT in as_text(value):
                yield Broken(number, as_text(value)[:PIECE], UNDECODABLE)
            else:
                yield _object(number, value)
    except ijson.IncompleteJSONError:
        yield Broken(number + 1, "", "the file ends in the middle of a record, or is no JSON from here on")
    except (ijson.JSONError, ValueError, RecursionError, ArithmeticError):
        yield Broken(number + 1, "", "no JSON from here on")


def _values(fed: _Fed) -> Iterator[Any]:
    """Root objects, and elements of root arrays, in the order of the file."""
    builder: Any = None
    depth = 0
    root_is_list = False
    reader = cast(BinaryIO, fed)
    for event, value in ijson.basic_parse(reader, buf_size=PIECE, multiple_values=True):
        if depth == 0 and event == "start_array":
            root_is_list, depth = True, 1
            continue
        if depth == 1 and root_is_list and event == "end_array":
            root_is_list, depth = False, 0
            continue
        if builder is None:
            builder, base = ijson.ObjectBuilder(), depth
        builder.event(event, value)
        depth += event.startswith("start_")
        depth -= event.startswith("end_")
        if depth == base:
            yield builder.value
            builder = None


def _events(name: str, stream: Utf8Stream, limits: Limits) -> Iterator[Found]:
    """``<xml>`` documents one after the other; what stands between two of them is a record that cannot be read."""
    reader = io.TextIOWrapper(io.BufferedReader(stream, PIECE), "utf-8", errors="replace", newline="")
    text, number = "", 0
    while piece := reader.read(PIECE):
        text += piece
        done = 0
        for begin, end in _event_spans(text):
            if between := _between(name, text[done:begin]):
                number += 1
                yield Broken(number, between[:PIECE], "text that is no whole event")
            number += 1
            yield _checked_event(name, number, text[begin:end], stream, limits)
            done = end
        text = text[done:]
        if len(text) > limits.max_cell:
            raise _too_large(name, number + 1, limits.max_cell)
    if rest := _between(name, text):
        yield Broken(number + 1, rest[:PIECE], "the file ends in the middle of an event, or is no <xml> event")


def _event_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where events stand: each from the last ``<xml`` before an end, so that a cut one does not take the next along."""
    done = 0
    while (close := text.find("</xml", done)) >= 0 and (end := text.find(">", close) + 1) > 0:
        begin = max(text.rfind("<xml>", done, close), text.rfind("<xml ", done, close))
        yield begin if begin >= 0 else done, end
        done = end


def _between(name: str, text: str) -> str:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise _entities(name)
    return _DECLARATION.sub("", text).strip("\ufeff \t\r\n\0")


def _checked_event(name: str, number: int, text: str, stream: Utf8Stream, limits: Limits) -> Found:
    if stream.damaged and REPLACEMENT in text:
        return Broken(number, text[:PIECE], UNDECODABLE)
    if len(text) > limits.max_cell:
        raise _too_large(name, number, limits.max_cell)
    return _event(name, number, text)


def _event(name: str, number: int, text: str) -> Found:
    try:
        value = _tree(ElementTree.fromstring(_DECLARATION.sub("", text).strip(), forbid_dtd=True))
    except DefusedXmlException as error:
        raise _entities(name) from error
    except (ElementTree.ParseError, ValueError):
        return Broken(number, text[:PIECE], "no XML")
    except RecursionError:
        return Broken(number, text[:PIECE], "nested too deeply")
    return Record(number, value, True) if isinstance(value, dict) else Broken(number, text[:PIECE], "an empty event")


def _tree(node: Any) -> Any:
    """An element as a dictionary of its children, or its text; a tag that stands several times is a list."""
    if len(node) == 0:
        return node.text or ""
    found: dict[str, Any] = {}
    for child in node:
        value = _tree(child)
        if child.tag not in found:
            found[child.tag] = value
        elif isinstance(found[child.tag], list):
            found[child.tag].append(value)
        else:
            found[child.tag] = [found[child.tag], value]
    return found


def _refuse_long_values(name: str, number: int, value: Any, limit: int) -> None:
    """Walks a large record; without recursion, because it is deep where it wants to be."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
            waiting.extend(item)
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str) and len(item) > limit:
            raise Refused(name, "cell", f"record {number} holds a value of more than {limit} characters")


def _too_large(name: str, number: int, limit: int) -> Refused:
    return Refused(
        name,
        "cell",
        f"record {number} is larger than {limit} bytes; write one JSON object per line, with fewer elements each",
    )


def _entities(name: str) -> Refused:
    return Refused(name, "entities", "XML with a DTD or entities, which callbacks never have; it is not read")
