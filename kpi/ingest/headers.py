"""Names of columns as people write them: `消耗（元）`, `观看人数(万)`, `点击率 %`, in two rows, the same name twice."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

from kpi.ingest.cells import Cell, cell_text, normalise

_SPACE = re.compile(r"\s+")
# A unit behind a name, in brackets or as a bare percent sign. (选项) and the like are no units.
_UNIT = re.compile(r"(?P<name>.+?)(?:\((?P<unit>元|万元|万|分|%|秒|次|人|个|件|条)\)|(?P<sign>%))")
_MONEY_OR_SCALE = {"元": "yuan", "万元": "wan", "分": "fen", "万": "wan"}


class Header(NamedTuple):
    """A column as the file names it.

    Attributes:
        name: normalised; the second of the same name is `name_2`, a nameless one is blank.
        base: the name without a unit behind it.
        unit: `yuan`, `fen`, `wan` (ten thousands) or blank.
        given: as it stands in the file.
        sub: of a header in two rows the lower name, where no other column has it.
    """

    name: str
    base: str
    unit: str
    given: str
    sub: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All names by which a layout may know it, the most telling first; some may be blank."""
        return (self.name, self.base, self.sub, base_of(self.sub)[0])


def name_of(cell: Cell) -> str:
    """A header in one writing: half-width brackets and signs, no white space, no backtick, no byte order mark."""
    return _name_of(cell_text(cell))


@lru_cache(maxsize=16_384)
def _name_of(text: str) -> str:
    return _SPACE.sub("", normalise(text)).lstrip("`\ufeff").replace("\u200b", "")


@lru_cache(maxsize=16_384)
def base_of(name: str) -> tuple[str, str]:
    """A normalised header without its unit, and the unit where it is one of money or scale."""
    found = _UNIT.fullmatch(name)
    if found is None:
        return name, ""
    return found["name"], _MONEY_OR_SCALE.get(found["unit"] or "", "")


def headers(cells: Sequence[Cell]) -> list[Header]:
    """The columns of one header row, by position."""
    return _headers([name_of(cell) for cell in cells], cells)


def flattened(groups: Sequence[Cell], subs: Sequence[Cell], is_merged: Sequence[bool] = ()) -> list[Header]:
    """The columns of a header of two rows, `group_sub` or whichever of the two is there.

    Args:
        groups: the upper row; a blank cell behind a name belongs to that name's group if something stands under it.
        subs: the lower row.
        is_merged: by position, whether the upper cell lies in a merged range to its left; without it a blank cell
            does so.
    """
    names, given, group = [], [], ""
    for position, (upper, lower) in enumerate(zip_longest(groups, subs, fillvalue="")):
        above, below = name_of(upper), name_of(lower)
        goes_on = not above and (not is_merged or (position < len(is_merged) and is_merged[position]))
        if not goes_on:
            group = above
        names.append(f"{group}_{below}" if group and below and group != below else (below or above))
        given.append(f"{cell_text(upper)} {cell_text(lower)}".strip())
    subs_seen = Counter(name_of(sub) for sub in subs)
    return [
        header._replace(sub=sub if subs_seen[sub] == 1 else "", unit=header.unit or base_of(sub)[1])
        for header, sub in zip_longest(_headers(names, given), map(name_of, subs), fillvalue="")
        if header
    ]


def _headers(names: Sequence[str], given: Sequence[Cell]) -> list[Header]:
    seen: Counter[str] = Counter()
    result = []
    for name, cell in zip(names, given, strict=True):
        if name:
            seen[name] += 1
            name = name if seen[name] == 1 else f"{name}_{seen[name]}"
        result.append(Header(name, *base_of(name), cell_text(cell).strip()))
    return result
