"""Land the CDNOW purchases: a tenth of the customers who first bought at CDNOW in the first quarter of 1997.

usage: python examples/published/cdnow.py CDNOW_sample.txt LANDED --secret FILE

Each row of the file is an order: customer, day, number of CDs, dollars. Days are moved by 28 years, because staging
refuses times before 2010 as misread; a calendar repeats after 28 years, so weekdays, months and distances stay.
Dollars are landed as they are and called yuan. The number of CDs is not landed: orders alone must be enough.

The file with all customers, CDNOW_master.txt, has one id less per row and is read as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from youzan import NOTHING, OrderVersion, buyer_key, land_orders

YEARS_MOVED = 28


@dataclass(frozen=True)
class Purchase:
    """One row of the file."""

    row: int
    customer: str
    day: date
    dollars: Decimal


def read_purchases(path: Path) -> Iterator[Purchase]:
    """Rows of the file. The customer is the first column, the sample's own number in the second is left out."""
    with path.open(encoding="ascii") as file:
        for row, line in enumerate(file, start=1):
            cells = line.split()
            if cells and cells[0].isdigit():
                yield Purchase(row, cells[0], datetime.strptime(cells[-3], "%Y%m%d").date(), Decimal(cells[-1]))


def moved(day: date) -> date:
    """The same day of the same calendar, 28 years later."""
    return day.replace(year=day.year + YEARS_MOVED)


def main(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    landed: Annotated[Path, typer.Argument(help="Landing directory, created if it is not there.")],
    secret: Annotated[Path, typer.Option(exists=True, help="File with the secret that keys are made with.")],
) -> None:
    """Land the CDNOW purchases as 有赞 orders."""
    purchases = list(read_purchases(file))
    exported = datetime.combine(moved(max(p.day for p in purchases)) + timedelta(days=1), time(3))
    key_secret = secret.read_bytes()
    rows = land_orders(
        landed,
        (
            OrderVersion(
                number=f"CDNOW{p.row:06d}",
                paid_at=datetime.combine(moved(p.day), time(12)),  # the file has no time of day
                amount=p.dollars,
                buyer=buyer_key(key_secret, p.customer),
                kinds=1,
                refunded=NOTHING,
                source_file=file.name,
                source_row=p.row,
                exported_at=exported,
            )
            for p in purchases
        ),
    )
    free = sum(p.dollars == 0 for p in purchases)
    print(
        f"{rows} orders of {len({p.customer for p in purchases})} customers, {sum(p.dollars for p in purchases)} paid"
    )
    print(f"{free} of them cost nothing: they are landed, and are no valid orders")


if __name__ == "__main__":
    typer.run(main)
