"""What a section of the report is made of. Everything is plain data; templates and scripts draw it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kpi.report.texts import Text


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what is read.
        style: class of the page, e.g. ``number``, ``number thin``.
        note: why it is empty or to be read with care; shown on hover and to screen readers.
    """

    text: Text | str
    style: str = ""
    note: Text | str | None = None


@dataclass(frozen=True)
class Table:
    """A table: also the alternative of a chart.

    Attributes:
        caption: what a row is.
        head: names of the columns.
        rows: cells by row; the first is the header of its row.
    """

    caption: Text
    head: Sequence[Text]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Chart:
    """A chart, with the finding as its title and a table that says the same.

    Attributes:
        id: of the element, unique in the page.
        kind: which function of ``assets/charts.js`` draws it.
        finding: what the data says, from the data.
        table: its alternative.
        data: what is drawn, as JSON.
        note: how to read it.
        height: pixels on a wide screen.
        half: two of these stand side by side where there is room.
        ramp: what the lightest and the darkest colour mean.
    """

    id: str
    kind: str
    finding: Text
    table: Table
    data: dict[str, Any]
    note: Text | None = None
    height: int = 360
    half: bool = False
    ramp: tuple[Text, Text] | None = None
    block: str = field(default="chart", init=False)


@dataclass(frozen=True)
class Note:
    """A paragraph; ``tone`` is empty or ``notice``."""

    text: Text
    tone: str = ""
    block: str = field(default="note", init=False)


@dataclass(frozen=True)
class Listing:
    """A table that stands by itself."""

    table: Table
    title: Text | None = None
    folded: Text | None = None
    block: str = field(default="listing", init=False)


@dataclass(frozen=True)
class Custom:
    """A block with a template of its own, ``templates/<block>.html.j2``, which sees ``it``."""

    block: str
    it: Any


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Attributes:
        id: anchor.
        title: heading, and entry of the contents.
        blocks: in reading order.
        lead: a sentence below the heading.
    """

    id: str
    title: Text
    blocks: Sequence[Chart | Note | Listing | Custom]
    lead: Text | None = None


def number(text: Text | str, *, thin: bool = False, note: Text | str | None = None) -> Cell:
    """A cell with a figure; ``thin`` for one of few observations."""
    return Cell(text, "number thin" if thin else "number", note)


def missing(reason: Text | str | None = None) -> Cell:
    """A cell without a figure, and why."""
    return Cell("—", "number thin", reason or Text("没有数据", "no data"))
