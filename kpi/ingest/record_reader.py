"""Reads JSON lines, JSON documents and callback XML: finds the layouts of each record, gives its rows.

A file may hold records of several exports, and a record may be a row of several. Recognition is by record; which
layouts come into question is remembered by the keys that a record has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from kpi.ingest.archive import prepared
from kpi.ingest.layouts import RecordLayout, record_layouts
from kpi.ingest.nearest import nearest
from kpi.ingest.paths import parsed
from kpi.ingest.record_streams import Blank, Broken, Found, Record, kind_of, records
from kpi.ingest.rows import Item, Rejected, Row, Skipped, Unrecognised
from kpi.ingest.sources import Source
from kpi.ingest.stamps import local_time

if TYPE_CHECKING:
    from kpi.contracts import Contract
    from kpi.ingest.decode import Context

SAMPLE = 1000
"""Records looked at before a file counts as unrecognised."""
_SHAPES = 4096
_UNKNOWN = 500
"""Unknown keys that are named; the others are counted together."""
_compiled: dict[int, tuple[Mapping[str, Contract], list[RecordLayout]]] = {}


def open_reader(source: Source, head: bytes, context: Context) -> RecordReader | None:
    """A reader of JSON or XML; None when the bytes are neither."""
    kind = kind_of(head)
    return RecordReader(source, head, kind, context) if kind else None


def _layouts(contracts: Mapping[str, Contract]) -> list[RecordLayout]:
    """Layouts are compiled once per set of contracts, not once per file."""
    known = _compiled.get(id(contracts))
    if known is None or known[0] is not contracts:
        _compiled.clear()
        known = _compiled[id(contracts)] = (contracts, record_layouts(contracts))
    return known[1]


class RecordReader:
    """Iterates over what the records of one file become; see ``kpi.ingest.rows.Reader``."""

    def __init__(self, source: Source, head: bytes, kind: str, context: Context) -> None:
        self.layouts: list[str] = []
        self.unknown_columns: Counter[tuple[str, str]] = Counter()
        self.control_differences: list[str] = []
        self.unrecognised: Unrecognised | None = None
        self._records = records(source, head, kind, context.limits)
        self._context = context
        self._all = _layouts(context.contracts)
        self._export = ""
        self._used: set[str] = set()
        self._candidates: dict[Any, list[RecordLayout]] = {}
        self._unknown: dict[Any, tuple[str, ...]] = {}
        self._numbers: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Item]:
        waiting: list[Found] = []
        for found in self._records:
            waiting.append(found)
            if isinstance(found, Record) and self._is_known(found):
                break
            if len(waiting) >= SAMPLE:
                break
        if not any(isinstance(found, Record) and self._is_known(found) for found in waiting[-1:]):
            self.unrecognised = self._say_unrecognised(waiting)
            return
        for found in chain(waiting, self._records):
            yield self._item(found)

    def _is_known(self, record: Record) -> bool:
        call = _call(record.value)
        fitting = self._fitting(call, record.is_event)
        if fitting:
            chosen = [*self._chosen(fitting, call), *fitting]
            self._export = next((layout.export for layout in chosen if not layout.ignore), chosen[0].export)
        return bool(fitting) or _is_error(call["response"])

    def _say_unrecognised(self, sample: list[Found]) -> Unrecognised:
        values = [_call(found.value) for found in sample if isinstance(found, Record)]
        broken = [found for found in sample if isinstance(found, Broken)]
        if not values and not broken:
            return Unrecognised("no records: the file is empty")
        if not values:
            return Unrecognised(f"no record can be read: {broken[0].reason} (record {broken[0].number})")
        kinds = {found.is_event for found in sample if isinstance(found, Record)}
        layouts = [layout for layout in self._all if (layout.kind == "xml") in kinds]
        return Unrecognised("no layout of any export fits its records", nearest(values[:20], layouts))

    def _item(self, found: Found) -> Item:
        if isinstance(found, Blank):
            return Skipped("blank")
        if isinstance(found, Broken):
            return Rejected(found.number, self._export, "", found.text, found.reason)
        call = _call(found.value)
        stamp = local_time(call["fetched_at"]) if call.get("fetched_at") else None
        if _is_error(call["response"]):
            return Skipped("ignored", reason="error reply")
        fitting = self._fitting(call, found.is_event)
        if not fitting:
            return Rejected(found.number, self._export, "", "", "no layout fits this record", stamp)
        rows = self._rows(found.number, call, stamp, self._chosen(fitting, call))
        if rows is not None:
            return rows
        why = (layout.otherwise for layout in fitting if layout.otherwise and layout.passes_over(call))
        return Skipped("ignored", reason=next(why, "a reply without rows"))

    def _rows(self, number: int, call: dict[str, Any], stamp: str | None, chosen: list[RecordLayout]) -> Item | None:
        rows: list[Row] = []
        for layout in chosen:
            if layout.ignore:
                return Skipped("ignored", reason=layout.ignore)
            if layout.reject:
                return Rejected(number, layout.export, layout.reject[0], "", layout.reject[1], stamp)
            if layout.spans_days(call):
                return Rejected(
                    number, layout.export, "", "", "the request spans several days. Ask for one at a time", stamp
                )
            if layout.prepare and "prepared" not in call:
                call["prepared"] = prepared(call["response"], self._context.keys, self._context.texts)
            for stack in layout.stacks(call):
                self._numbers[layout.export] += 1
                place = self._numbers[layout.export] if layout.fans_out else number
                rows.append(Row(layout.export, place, layout.row(stack), stamp))
                self._note(layout, stack[-1] if layout.fans_out else call["response"])
        return rows or None

    def _note(self, layout: RecordLayout, element: Any) -> None:
        """Keep the layout's name, and the keys of an element that it does not know."""
        if layout.label not in self._used:
            self._used.add(layout.label)
            self.layouts.append(layout.label)
        if layout.known is None or not isinstance(element, dict):
            return
        shape = (layout.label, tuple(element))
        unknown = self._unknown.get(shape)
        if unknown is None:
            unknown = layout.unknown(element)
            if len(self._unknown) < _SHAPES:
                self._unknown[shape] = unknown
        for key in unknown:
            column = (layout.export, key)
            full = len(self.unknown_columns) >= _UNKNOWN and column not in self.unknown_columns
            self.unknown_columns[(layout.export, "…") if full else column] += 1

    def _fitting(self, call: dict[str, Any], is_event: bool) -> list[RecordLayout]:
        """Layouts whose required paths the record has. Looked up by its keys first: most layouts fall out there."""
        response, request = call["response"], call.get("request")
        shape = (is_event, tuple(response), tuple(request) if isinstance(request, dict) else ())
        candidates = self._candidates.get(shape)
        if candidates is None:
            top = {"response": set(response), "request": set(shape[2])}
            candidates = [
                layout
                for layout in self._all
                if (layout.kind == "xml") == is_event
                and all(len(path) < 2 or path[1] in top.get(path[0], ()) for path in layout.requires)
            ]
            if len(self._candidates) < _SHAPES:
                self._candidates[shape] = candidates
        return [layout for layout in candidates if not layout.deep or layout.recognises(call)]

    def _chosen(self, fitting: list[RecordLayout], call: dict[str, Any]) -> list[RecordLayout]:
        """Of those that want the record one per export, that with the fewest unknown keys, and those beside it."""
        wanted = [layout for layout in fitting if layout.wants(call)]
        if len(wanted) < 2:
            return wanted
        rejecting = [layout for layout in wanted if layout.reject]
        useful = rejecting[:1] or [layout for layout in wanted if not layout.ignore] or wanted[:1]
        best: dict[str, RecordLayout] = {}
        for layout in useful:
            if not layout.also and (
                layout.export not in best or _strangeness(layout, call) < _strangeness(best[layout.export], call)
            ):
                best[layout.export] = layout
        return [layout for layout in useful if layout.also or best[layout.export] is layout]


def _strangeness(layout: RecordLayout, call: dict[str, Any]) -> int:
    element = next((stack[-1] for stack in layout.stacks(call)), None) if layout.fans_out else call["response"]
    return 10**6 if element is None else len(layout.unknown(element))


def _call(value: dict[str, Any]) -> dict[str, Any]:
    """A record as a recorded call: a bare reply, or a plain object, is the response of one."""
    if "response" in value and ("request" in value or "api" in value or isinstance(value["response"], dict)):
        response = parsed(value["response"])
        return {**value, "response": _unwrapped(response) if isinstance(response, dict) else {}}
    return {"response": _unwrapped(value)}


def _unwrapped(response: dict[str, Any]) -> dict[str, Any]:
    """Without the envelope ``<name of the call>_response`` that some platforms put around every reply."""
    if len(response) == 1:
        name, inner = next(iter(response.items()))
        if name.endswith("_response") and name != "error_response" and isinstance(inner, dict):
            return inner
    return response


def _is_error(response: dict[str, Any]) -> bool:
    """A reply that says why there is no data."""
    if response.get("errcode") not in (None, 0, "0", ""):
        return True
    if "error_response" in response:
        return True
    return (
        response.get("code") not in (None, 0, "0", 200, "200", "")
        and not response.get("data")
        and ("message" in response or "msg" in response)
    )
