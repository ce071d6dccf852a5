"""Control totals: what a file says at its end that its rows add up to."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from kpi.ingest.cells import Cell, read_number
from kpi.ingest.table_layouts import Match, TableLayout

ROWS = "rows"


class Control:
    """Sums of the columns that a trailer may tell, over the rows that stand before it.

    Args:
        match: of the rows.
        trailers: layouts that may stand behind them.
    """

    def __init__(self, match: Match, trailers: Sequence[TableLayout]) -> None:
        names = {name for trailer in trailers for name in trailer.control.values()}
        self._positions = {name: match.positions[name] for name in names if name in match.positions}
        self._sums = dict.fromkeys(self._positions, Decimal(0))
        self.rows = 0

    def add(self, cells: Sequence[Cell]) -> None:
        """Adds one row; a cell that is no number adds nothing, and so comes to light as a difference."""
        self.rows += 1
        for name, position in self._positions.items():
            if position < len(cells):
                self._sums[name] += _amount(cells[position]) or 0

    def differences(self, match: Match, cells: Sequence[Cell]) -> list[str]:
        """Compares the totals of a trailer row with the sums; a sentence per difference."""
        found = []
        for column, name in match.layout.control.items():
            position = match.position(column)
            actual = Decimal(self.rows) if name == ROWS else self._sums.get(name)
            if position is None or actual is None or position >= len(cells):
                continue
            told = _amount(cells[position])
            if told != actual:
                says = "nothing that is a number" if told is None else f"{told:f}"
                found.append(f"{column}: the file says {says}, its rows add up to {actual:f}")
        return found


def _amount(cell: Cell) -> Decimal | None:
    if isinstance(cell, str):
        try:
            amount = Decimal(cell.strip().removeprefix("`"))
            return amount if amount.is_finite() else None
        except InvalidOperation:
            pass
    return read_number(cell)
