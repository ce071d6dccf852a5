"""Land the data set "Online Retail" of the UCI Machine Learning Repository (no. 352): a British gift shop in 2011.

usage: python examples/published/online_retail.py online_retail.csv LANDED --secret FILE [--published]

The file is the data set as CSV, with InvoiceNo, StockCode, Quantity, InvoiceDate, UnitPrice and CustomerID.

- An invoice is an order, its lines of a product are one order line. Pounds are landed as they are and called yuan.
- An invoice without a customer is an order without a buyer.
- A cancellation (an invoice whose number begins with C) names no invoice. It is taken as a refund of the newest
  earlier invoices of the same customer with that product, as far as these hold enough of it, and dated on its own
  day: the order stands once more in the export of that day. What finds no invoice is counted and left out.
- Other negative rows (stock, bad debts) are no sales and are left out.

``--published`` lands what the figures in publications speak of: invoices with a customer, cancellations left out.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from youzan import NOTHING, OrderVersion, buyer_key, land, land_orders

CENT = Decimal("0.01")
CLOCKS = ("%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M:%S")

# The complete file, as published and often recounted.
COMPLETE_ROWS = 541_909
PUBLISHED = {
    "invoices with a customer": "18,536",
    "customers": "4,339",
    "paid by them": "8,911,407.90",
    "paid per invoice": "480.7622",
    "paid per customer": "2,053.793",
    "customers with several invoices": "2,845",
    "customers with several days": "2,790",
    "positive rows": "10,644,560.42",
    "negative rows": "896,812.49",
    "negative over positive": "8.425 %",
}


class Row(NamedTuple):
    """One row of the file; the amount is quantity times price, not rounded."""

    invoice: str
    product: str
    quantity: int
    at: datetime
    price: Decimal
    amount: Decimal
    customer: str


@dataclass
class Order:
    """An invoice that is a sale."""

    number: str
    at: datetime
    customer: str
    units: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    paid: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    left: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    refunded: Decimal = NOTHING
    refund_days: dict[date, Decimal] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """What was paid, rounded once per order; the file has prices below a penny."""
        return cents(sum(self.paid.values(), NOTHING))

    def add(self, row: Row) -> None:
        """Add a line; several of one product are one."""
        self.units[row.product] += row.quantity
        self.paid[row.product] += row.amount
        self.left[row.product] += row.quantity

    def give_back(self, row: Row, quantity: int) -> int:
        """Cancel at most ``quantity`` of the row's product; returns how many were here to cancel."""
        taken = min(quantity, self.left[row.product])
        self.left[row.product] -= taken
        self.refunded = min(self.refunded + taken * row.price, self.total)
        if taken:
            self.refund_days[row.at.date()] = cents(self.refunded)
        return taken


@dataclass
class Left:
    """What was not landed."""

    cancelled_units: int = 0
    cancelled: Decimal = NOTHING
    adjustments: int = 0


def cents(amount: Decimal) -> Decimal:
    """The amount to the cent, halves up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@cache  # an invoice's rows share their text
def clock_time(text: str) -> datetime:
    """A time as the spreadsheet or the database writes it."""
    for clock in CLOCKS:
        try:
            return datetime.strptime(text, clock)
        except ValueError:
            continue
    raise ValueError(f"{text!r}: no time in any of the forms {CLOCKS}")


def read_rows(path: Path, encoding: str) -> Iterator[Row]:
    """Rows of the file."""
    price_of = cache(Decimal)
    with path.open(encoding=encoding, newline="") as file:
        for cells in csv.DictReader(file):
            quantity = int(cells["Quantity"])
            price = price_of(cells["UnitPrice"])
            yield Row(
                cells["InvoiceNo"].strip().upper(),
                cells["StockCode"].strip().upper(),
                quantity,
                clock_time(cells["InvoiceDate"]),
                price,
                quantity * price,
                cells["CustomerID"].strip().removesuffix(".0"),
            )


def make_orders(rows: list[Row], only_published: bool) -> tuple[list[Order], Left]:
    """Orders with their refunds, in the order of the clock, and what found no place."""
    orders: dict[str, Order] = {}
    bought: dict[tuple[str, str], list[Order]] = defaultdict(list)
    left = Left()
    for row in sorted(rows, key=lambda row: row.at):
        if only_published and not row.customer:
            continue
        if row.quantity > 0 and row.price >= 0:
            order = orders.setdefault(row.invoice, Order(row.invoice, row.at, row.customer))
            if row.product not in order.units and row.customer:
                bought[row.customer, row.product].append(order)
            order.add(row)
        elif not row.invoice.startswith("C"):
            left.adjustments += 1
        elif not only_published:
            cancel(row, bought[row.customer, row.product], left)
    return list(orders.values()), left


def cancel(row: Row, candidates: list[Order], left: Left) -> None:
    """Take a cancellation from the newest invoices that hold the product."""
    open_units = -row.quantity
    for order in reversed(candidates):
        open_units -= order.give_back(row, open_units)
    left.cancelled_units += open_units
    left.cancelled += open_units * row.price


def versions(orders: list[Order], secret: bytes) -> Iterator[OrderVersion]:
    """Each order in the export of its day, and again in that of each day on which something was given back."""
    by_day: dict[date, list[tuple[Order, Decimal]]] = defaultdict(list)
    for order in orders:
        by_day[order.at.date()].append((order, order.refund_days.get(order.at.date(), NOTHING)))
        for day, refunded in order.refund_days.items():
            if day != order.at.date():
                by_day[day].append((order, refunded))
    for day in sorted(by_day):
        for row, (order, refunded) in enumerate(by_day[day], start=2):
            yield OrderVersion(
                number=order.number,
                paid_at=order.at,
                amount=order.total,
                buyer=buyer_key(secret, order.customer) if order.customer else "",
                kinds=len(order.units),
                refunded=refunded,
                source_file=f"orders_{day:%Y%m%d}.csv",
                source_row=row,
                exported_at=datetime.combine(day + timedelta(days=1), time(3)),
            )


def lines(orders: list[Order]) -> Iterator[dict[str, object]]:
    """Rows of ``youzan__order_lines``, exported once, after the last order."""
    exported = datetime.combine(max(order.at for order in orders).date() + timedelta(days=1), time(3))
    row = 1
    for order in orders:
        for product, units in order.units.items():
            row += 1
            yield {
                "订单号": order.number,
                "商品编码": product,
                "商品类型": "普通商品",
                "商品数量": units,
                "商品优惠后金额": cents(order.paid[product]),
                "_source_file": "order_lines.csv",
                "_source_row": row,
                "_exported_at": exported,
            }


def figures(rows: list[Row]) -> dict[str, str]:
    """The published figures, counted from the rows of the file."""
    sold = [row for row in rows if row.quantity > 0 and row.customer and not row.invoice.startswith("C")]
    invoices: dict[str, set[str]] = defaultdict(set)
    days: dict[str, set[date]] = defaultdict(set)
    for row in sold:
        invoices[row.customer].add(row.invoice)
        days[row.customer].add(row.at.date())
    paid = sum((row.amount for row in sold), NOTHING)
    positive = sum((row.amount for row in rows if row.quantity > 0), NOTHING)
    negative = -sum((row.amount for row in rows if row.quantity < 0), NOTHING)
    orders = len({row.invoice for row in sold})
    counted = (
        f"{orders:,}",
        f"{len(invoices):,}",
        f"{cents(paid):,}",
        f"{paid / orders:.4f}",
        f"{paid / len(invoices):,.3f}",
        f"{sum(len(found) > 1 for found in invoices.values()):,}",
        f"{sum(len(found) > 1 for found in days.values()):,}",
        f"{cents(positive):,}",
        f"{cents(negative):,}",
        f"{100 * negative / positive:.3f} %",
    )
    return dict(zip(PUBLISHED, counted, strict=True))


def main(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    landed: Annotated[Path, typer.Argument(help="Landing directory, created if it is not there.")],
    secret: Annotated[Path, typer.Option(exists=True, help="File with the secret that keys are made with.")],
    published: Annotated[bool, typer.Option("--published", help="Only what published figures speak of.")] = False,
    encoding: Annotated[str, typer.Option(help="utf-8, or latin-1 as some copies are.")] = "utf-8",
) -> None:
    """Land "Online Retail" as 有赞 orders and order lines."""
    rows = list(read_rows(file, encoding))
    orders, left = make_orders(rows, published)
    written = land_orders(landed, versions(orders, secret.read_bytes()))
    land(landed, "youzan__order_lines", lines(orders))

    free = sum(order.total == 0 for order in orders)
    print(f"{len(orders)} orders landed in {written} versions; {free} of them cost nothing and are no valid orders")
    print(f"left out: {left.cancelled_units} cancelled units ({cents(left.cancelled)}) without an earlier invoice,")
    print(f"  {left.adjustments} negative rows that are no cancellation")
    complete = len(rows) == COMPLETE_ROWS
    print(f"the file's own figures{', published ones beside them' if complete else ' (it is not the complete file)'}:")
    for name, counted in figures(rows).items():
        print(f"  {name:32}{counted:>16}" + (f"{PUBLISHED[name]:>16}" if complete else ""))


if __name__ == "__main__":
    typer.run(main)
