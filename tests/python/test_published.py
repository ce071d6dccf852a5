"""Public data through the whole path: an adapter lands it, staging to metrics read it, the answers are known.

CDNOW: rows, customers and customer-days are as the documentation of BTYD 2.4.3 (cdnowElog: 6,919 rows of 2,357
customers) and of CLVTools 0.10.0 (cdnow: 6,696 rows) state them. Purchases and amounts of each customer in the 39
weeks of calibration stand in the summaries that lifetimes 0.11.3 ships beside the rows, the data of Fader, Hardie and
Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2). The rest is counted again from the rows.

Online Retail cannot be had offline: a made-up file in its format stands in, small enough to check by hand.
"""

from __future__ import annotations

import calendar
import csv
import hashlib
import hmac
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ADAPTERS = ROOT / "examples" / "published"
SAMPLE = ROOT / "tests" / "published" / "online_retail_sample.csv"
DATASETS = Path(distribution("lifetimes").locate_file("lifetimes/datasets"))
CDNOW = DATASETS / "CDNOW_sample.txt"
CDNOW_SHA256 = "6fae10155c0b0ba363c2c386e30f77990d22328220efd862a5edd1443420d94a"
SECRET = b"public data hides nobody"

YEARS_MOVED = 28
LAST_DAY = date(1998, 6, 30)
CALIBRATION_END = date(1997, 9, 30)
AGES = range(30, 361, 30)

# what the questions need, and nothing else
MARTS = (
    "fct_sales",
    "fct_refunds",
    "fct_purchase_days",
    "fct_buyers",
    "fct_buyer_windows",
    "fct_buyer_ages",
    "dim_dates",
)
BUILD = ("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test", "--select")
FROM_NOTHING = [f"+{mart}" for mart in MARTS]
# after other orders were landed: between their exports and the marts
AGAIN = [f"+{mart},{base}+" for mart in MARTS for base in ("base_youzan__orders", "base_youzan__order_lines")]

MONTH = "metric_time__month"
TOTALS = (
    *("orders", "buyers", "gross_sales", "net_sales", "refunded_sales", "purchase_days", "purchase_frequency"),
    *("average_order_value", "revenue_per_buyer", "units_sold"),
)
BY_MONTH = ("orders", "buyers", "gross_sales", "purchase_days")
COHORT = ("first_time_buyers", "matured_first_buyers_d30", "second_buyers_d30")
WINDOW = ("buyers_90d", "repeat_buyers_90d", "repurchase_rate_90d")
IN_CALIBRATION = "{{ TimeDimension('metric_time', 'day') }} <= '2025-09-30'"
CDNOW_QUERIES = {
    "totals": {"metrics": TOTALS},
    "months": {"metrics": BY_MONTH, "group_by": [MONTH]},
    "cohort": {"metrics": COHORT, "group_by": [MONTH]},
    "second": {"metrics": ["second_purchase_rate_d30"]},
    "window": {"metrics": WINDOW, "group_by": [MONTH]},
    "ltv": {"metrics": ["historic_ltv"], "group_by": [MONTH, "buyer_age__age_days"]},
    "purchases": {"metrics": ["purchase_days"], "group_by": ["member"]},
    "calibration": {"metrics": ["purchase_days"], "group_by": ["member"], "where": [IN_CALIBRATION]},
    "spending": {
        "metrics": ["gross_sales"],
        "group_by": ["member", "metric_time__day"],
        "where": [IN_CALIBRATION],
    },
}
RETAIL_QUERIES = {
    "totals": {"metrics": [*TOTALS, "refund_rate", "second_purchase_rate_d30"]},
    "refunds": {"metrics": ["refund_amount"], "group_by": [MONTH]},
    "first": {"metrics": ["first_time_buyers"], "group_by": [MONTH]},
}


def run_adapter(name: str, file: Path, folder: Path, *options: str) -> str:
    """Land a file as a user would; returns what the adapter prints."""
    secret = folder / "secret"
    secret.write_bytes(SECRET)
    command = (sys.executable, ADAPTERS / f"{name}.py", file, folder / "landed", "--secret", secret, *options)
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def answers(project, queries: dict[str, dict]) -> dict[str, list[dict]]:
    return dict(zip(queries, project.query(list(queries.values())), strict=True))


@pytest.fixture(scope="module")
def published(tmp_path_factory, project_copy):
    """Answers over both, one after the other in one landing directory, so that the project is parsed once."""
    folder = tmp_path_factory.mktemp("published")
    landed = folder / "landed"
    (folder / "project").mkdir()
    project = project_copy(folder / "project", exports=landed)
    found = {}
    for adapter, file, queries, models in (
        ("cdnow", CDNOW, CDNOW_QUERIES, FROM_NOTHING),
        ("online_retail", SAMPLE, RETAIL_QUERIES, AGAIN),
    ):
        shutil.rmtree(landed, ignore_errors=True)
        run_adapter(adapter, file, folder)
        built = project.dbt(*BUILD, *models)
        assert built.returncode == 0, built.stdout
        found[adapter] = answers(project, queries)
    return found


@pytest.fixture(scope="module")
def cdnow(published):
    return published["cdnow"]


@pytest.fixture(scope="module")
def retail(published):
    return published["online_retail"]


class Raw:
    """The purchases that are no gift, read without the adapter, on their own days."""

    def __init__(self) -> None:
        self.rows = [
            (cells[0], cells[1], datetime.strptime(cells[2], "%Y%m%d").date(), Decimal(cells[4]))
            for cells in (line.split() for line in CDNOW.read_text(encoding="ascii").splitlines())
        ]
        self.paid = [(customer, day, dollars) for customer, _, day, dollars in self.rows if dollars]
        self.days: dict[str, list[date]] = defaultdict(list)
        for customer, day in sorted({(customer, day) for customer, day, _ in self.paid}):
            self.days[customer].append(day)
        # the sample's own numbers, by which the published summaries name customers
        self.number = {customer: int(number) for customer, number, _, _ in self.rows}


@pytest.fixture(scope="module")
def raw():
    return Raw()


def key(customer: str) -> str:
    return f"ph_{hmac.new(SECRET, f'ph:{customer}'.encode(), hashlib.sha256).hexdigest()[:32]}"


def month_of(day: date) -> str:
    """The first of the month as the metrics name it."""
    return f"{day.year + YEARS_MOVED}-{day.month:02}-01"


def by_month(rows: list[dict], *metrics: str) -> dict[str, list]:
    """Values of some metrics by month; months in which the first is unknown left out."""
    return {row[MONTH][:10]: [row[m] for m in metrics] for row in rows if row[metrics[0]] is not None}


def near(expected):
    """Equal but for what a float loses on the way: amounts have two decimals and at most twelve digits here."""
    return pytest.approx(expected, rel=1e-12, abs=1e-9)


def month_ends() -> list[date]:
    months = [(1997, m) for m in range(1, 13)] + [(1998, m) for m in range(1, 7)]
    return [date(y, m, calendar.monthrange(y, m)[1]) for y, m in months]


def test_file_is_the_published_one(raw):
    assert hashlib.sha256(CDNOW.read_bytes()).hexdigest() == CDNOW_SHA256
    assert len(raw.rows) == 6_919
    assert len(raw.number) == 2_357
    assert len({(customer, day) for customer, _, day, _ in raw.rows}) == 6_696
    assert min(day for _, _, day, _ in raw.rows) == date(1997, 1, 1)
    assert max(day for _, _, day, _ in raw.rows) == LAST_DAY


def test_orders_buyers_and_sales_are_the_published_ones_less_what_cost_nothing(cdnow, raw):
    # eight customers have one row each, of 0 dollars: landed, but no valid order, so they never bought
    free = [row for row in raw.rows if not row[3]]
    assert len(free) == len({row[0] for row in free}) == 8
    assert not {row[0] for row in free} & set(raw.days)
    assert sum(row[3] for row in raw.rows) == Decimal("244091.94")
    [answer] = cdnow["totals"]
    assert {name: answer[name] for name in TOTALS if name != "units_sold"} == near(
        {
            "orders": 6_919 - 8,
            "buyers": 2_357 - 8,
            "purchase_days": 6_696 - 8,
            "gross_sales": 244_091.94,
            "net_sales": 244_091.94,
            "refunded_sales": 0,
            "purchase_frequency": 6_688 / 2_349,
            "average_order_value": 244_091.94 / 6_911,
            "revenue_per_buyer": 244_091.94 / 2_349,
        }
    )


def test_units_are_unknown_where_only_orders_are_landed(cdnow):
    assert cdnow["totals"][0]["units_sold"] is None


def test_months_agree_with_a_recount(cdnow, raw):
    expected = {}
    for end in month_ends():
        paid = [row for row in raw.paid if month_of(row[1]) == month_of(end)]
        days = {(customer, day) for customer, day, _ in paid}
        sales = float(sum(row[2] for row in paid))
        expected[month_of(end)] = near([len(paid), len({c for c, _ in days}), sales, len(days)])
    assert by_month(cdnow["months"], *BY_MONTH) == expected


def test_everybody_bought_first_in_the_first_quarter(cdnow):
    first = {month: n for month, [n] in by_month(cdnow["cohort"], "first_time_buyers").items() if n}
    assert sorted(first) == ["2025-01-01", "2025-02-01", "2025-03-01"]
    assert sum(first.values()) == 2_357 - 8


def test_second_purchases_within_30_days_agree_with_a_recount(cdnow, raw):
    expected = {month_of(end): [0, 0, 0] for end in month_ends()}
    for days in raw.days.values():
        cell = expected[month_of(days[0])]
        cell[0] += 1
        cell[1] += days[0] + timedelta(days=30) <= LAST_DAY
        cell[2] += any(days[0] < day <= days[0] + timedelta(days=30) for day in days)
    assert by_month(cdnow["cohort"], *COHORT) == expected
    matured, second = (sum(cell[i] for cell in expected.values()) for i in (1, 2))
    assert cdnow["second"][0]["second_purchase_rate_d30"] == near(second / matured)


def test_repurchase_in_90_days_agrees_with_a_recount(cdnow, raw):
    expected = {}
    for end in month_ends():
        first = end - timedelta(days=89)
        if first >= date(1997, 1, 1):  # the window of the first quarter is covered to the day
            inside = [sum(first <= day <= end for day in days) for days in raw.days.values()]
            buyers, repeat = sum(n > 0 for n in inside), sum(n > 1 for n in inside)
            expected[month_of(end)] = near([buyers, repeat, repeat / buyers])
    assert min(expected) == "2025-03-01"
    assert by_month(cdnow["window"], *WINDOW) == expected


def test_lifetime_value_of_cohorts_agrees_with_a_recount(cdnow, raw):
    spent: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    buyers: dict[tuple[str, int], int] = defaultdict(int)
    for days in raw.days.values():
        for age in AGES:
            buyers[month_of(days[0]), age] += 1
    for customer, day, dollars in raw.paid:
        first = raw.days[customer][0]
        for age in AGES:
            if day <= first + timedelta(days=age):
                spent[month_of(first), age] += dollars
    answered = {
        (row[MONTH][:10], row["buyer_age__age_days"]): row["historic_ltv"]
        for row in cdnow["ltv"]
        if row["historic_ltv"] is not None
    }
    assert len(answered) == 3 * len(AGES)
    assert answered == near({cell: float(spent[cell]) / n for cell, n in buyers.items()})


def test_repeat_buyers_are_those_with_two_purchase_days(cdnow, raw):
    bought = {row["member"]: row["purchase_days"] for row in cdnow["purchases"] if row["member"]}
    assert bought == {key(customer): len(days) for customer, days in raw.days.items()}
    # by order it would be 13 more, who came once and ordered twice
    orders: dict[str, int] = defaultdict(int)
    for customer, _, _ in raw.paid:
        orders[customer] += 1
    assert sum(n > 1 for n in bought.values()) == 1_139
    assert sum(n > 1 for n in orders.values()) == 1_139 + 13


def test_purchases_of_each_customer_in_calibration_are_the_published_ones(cdnow, raw):
    bought = {row["member"]: row["purchase_days"] for row in cdnow["calibration"] if row["member"]}
    repeats = {number: max(bought.get(key(customer), 0) - 1, 0) for customer, number in raw.number.items()}
    with (DATASETS / "cdnow_customers_summary.csv").open(encoding="utf-8", newline="") as file:
        published = {int(row["ID"]): int(row["frequency"]) for row in csv.DictReader(file)}
    assert repeats == published
    assert sum(x > 0 for x in published.values()) == 946
    assert sum(published.values()) == 2_457


def test_mean_of_repeat_purchases_of_each_customer_is_the_published_one(cdnow, raw):
    spent: dict[str, list[float]] = defaultdict(list)
    for row in sorted(cdnow["spending"], key=lambda row: row["metric_time__day"]):
        spent[row["member"]].append(row["gross_sales"])
    means = {}
    for customer, number in raw.number.items():
        repeats = spent[key(customer)][1:]
        means[number] = sum(repeats) / max(len(repeats), 1)
    path = DATASETS / "cdnow_customers_summary_with_transactions.csv"
    with path.open(encoding="utf-8", newline="") as file:
        published = {int(row["ID"]): float(row["zbar"]) for row in csv.DictReader(file)}
    assert sum(published.values()) / 946 == pytest.approx(35.08, abs=0.005)
    # published to the cent
    assert means == pytest.approx(published, rel=0, abs=0.005 + 1e-9)


def test_retail_totals_are_those_counted_by_hand(retail):
    # 11 invoices: one cost nothing, one was cancelled as a whole; one of the 9 names no customer
    assert retail["totals"][0] == near(
        {
            "orders": 9,
            "buyers": 5,
            "gross_sales": 207.69,
            "net_sales": 161.04,
            "refunded_sales": 46.65,
            "purchase_days": 7,
            "purchase_frequency": 7 / 5,
            "average_order_value": 161.04 / 9,
            "revenue_per_buyer": 161.04 / 5,
            "units_sold": 94,
            "refund_rate": 46.65 / 207.69,
            "second_purchase_rate_d30": 1 / 5,
        }
    )


def test_cancellation_is_a_refund_on_its_own_day(retail):
    # 14 lanterns come back in January: 12 of January, 2 of December; the jug of the first invoice stays
    refunds = {month: amount for month, [amount] in by_month(retail["refunds"], "refund_amount").items()}
    months = ["2010-12-01", *(f"2011-{month:02}-01" for month in range(1, 7))]
    assert refunds == near(dict(zip(months, [4.95, 35.70, 0, 0, 6.00, 0, 0], strict=True)))


def test_buyers_are_new_in_the_month_of_their_first_invoice(retail):
    first = by_month(retail["first"], "first_time_buyers")
    assert {month: n for month, [n] in first.items() if n} == {
        "2010-12-01": 2,
        "2011-02-01": 1,
        "2011-03-01": 1,
        "2011-04-01": 1,
    }


def test_adapter_of_online_retail_prints_the_figures_of_the_file(tmp_path):
    printed = run_adapter("online_retail", SAMPLE, tmp_path, "--published")
    figures = {name.strip(): value for name, value in re.findall(r"^  (\D+?) {2,}([\d,.]+)", printed, re.MULTILINE)}
    assert figures == {
        "invoices with a customer": "10",
        "customers": "6",
        "paid by them": "187.45",
        "paid per invoice": "18.7446",
        "paid per customer": "31.241",
        "customers with several invoices": "4",
        "customers with several days": "3",
        "positive rows": "97.07",
        "negative rows": "67.71",
        "negative over positive": "69.757",
    }
    with (tmp_path / "landed" / "youzan__orders.csv").open(encoding="utf-8", newline="") as file:
        orders = list(csv.DictReader(file))
    assert len({order["订单号"] for order in orders}) == len(orders) == 10
    assert all(order["买家手机号"].startswith("ph_") and not order["订单已退款金额"] for order in orders)
    # 2.506 was paid for one invoice; orders are rounded to the cent, one by one
    assert sum(Decimal(order["订单实付金额"]) for order in orders) == Decimal("187.45")
