"""What both adapters share: orders as one of the project's exports, 有赞订单 (youzan__orders), as landed files.

An adapter reads a file of its own kind, makes orders of it and hands them to ``land_orders``. A shop that is not
有赞 can be landed in this form too: it has the fewest columns that have to be filled.
"""

from __future__ import annotations

import csv
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from kpi.generate.exports import COLUMNS, META

NOTHING = Decimal(0)


def buyer_key(secret: bytes, raw_id: str) -> str:
    """Pseudonymous key of a buyer: the warehouse never sees the id itself. Made as the README says, in space ``ph``."""
    return f"ph_{hmac.digest(secret, f'ph:{raw_id}'.encode(), 'sha256')[:16].hex()}"


@dataclass(frozen=True)
class OrderVersion:
    """An order as one export shows it.

    Attributes:
        number: order number.
        paid_at: when it was placed and paid.
        amount: what was paid, in the currency of the shop; the project calls every amount yuan.
        buyer: key of the buyer, blank where nobody is named.
        kinds: number of different goods.
        refunded: given back so far.
        source_file: file in which this version stands.
        source_row: row in it, the header being 1.
        exported_at: when that file was made. The day before is the last one it speaks of.
    """

    number: str
    paid_at: datetime
    amount: Decimal
    buyer: str
    kinds: int
    refunded: Decimal
    source_file: str
    source_row: int
    exported_at: datetime

    def cells(self) -> dict[str, object]:
        """The cells of the row; what is not named stays blank."""
        state = "全额退款" if self.refunded >= self.amount else "部分退款"
        return {
            "订单号": self.number,
            "订单状态": "交易完成",
            "订单类型": "普通订单",
            "订单创建时间": self.paid_at,
            "买家付款时间": self.paid_at,
            "商品金额合计": self.amount,
            "应收订单金额": self.amount,
            "订单实付金额": self.amount,
            "商品种类数": self.kinds,
            "买家手机号": self.buyer,
            "订单退款状态": state if self.refunded else "",
            "订单已退款金额": self.refunded or "",
            "_source_file": self.source_file,
            "_source_row": self.source_row,
            "_exported_at": self.exported_at,
        }


def land(directory: Path, export: str, rows: Iterable[dict[str, object]]) -> int:
    """Write one export into the landing directory, with the columns it has to have; returns the number of rows."""
    directory.mkdir(parents=True, exist_ok=True)
    columns: Sequence[str] = (*COLUMNS[export], *META)
    written = 0
    with (directory / f"{export}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        for written, row in enumerate(rows, start=1):  # noqa: B007 the last number is what is returned
            writer.writerow(row)
    return written


def land_orders(directory: Path, versions: Iterable[OrderVersion]) -> int:
    """Write ``youzan__orders``; returns the number of rows."""
    return land(directory, "youzan__orders", (version.cells() for version in versions))
