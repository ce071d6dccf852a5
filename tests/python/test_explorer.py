"""The metric explorer in a real browser, the parts of moves, and the advice beside what is off."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
import os
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi.report import diagnosis, drivers, explorer
from kpi.report.decompose import CannotDecompose, Cell, ratios, sums

ROOT = Path(__file__).parents[2]
HOSTILE = '<img src=x onerror=alert(1)></script><script>alert("群")</script>'
FORMULA = "=HYPERLINK(0)"
MONTHS = [dt.date(2026, month, 1) for month in range(1, 7)]


# --- parts of a change -------------------------------------------------------------------------------------

groups_ = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(st.integers(0, 500), st.integers(1, 500)), min_size=1, max_size=6
)
settled = settings(max_examples=60, deadline=None, derandomize=True)


def _cells(pairs):
    return {group: Cell(n / d, n, d) for group, (n, d) in pairs.items()}


def _whole(pairs, times=1.0):
    n, d = sum(n for n, _ in pairs.values()), times * sum(d for _, d in pairs.values())
    return Cell(n / d, n, d)


@settled
@given(groups_, groups_, st.floats(0.3, 1))
def test_parts_of_a_ratio_add_up_also_when_persons_are_in_several_groups(before, after, overlap):
    wholes = _whole(before, overlap), _whole(after, overlap)
    effects = ratios(_cells(before), _cells(after), *wholes)
    assert math.isclose(sum(e.effect for e in effects), wholes[1].value - wholes[0].value, abs_tol=1e-7)
    if overlap == 1:
        assert not [e for e in effects if e.kind == "rest"]


@settled
@given(groups_, groups_, st.integers(-50, 50))
def test_parts_of_a_sum_add_up_and_the_rest_is_named(before, after, shared):
    first, second = ({g: Cell(float(n)) for g, (n, _) in side.items()} for side in (before, after))
    totals = [Cell(float(sum(n for n, _ in side.values()))) for side in (before, after)]
    whole = replace(totals[1], value=totals[1].value + shared)
    effects = sums(first, second, totals[0], whole)
    assert math.isclose(sum(e.effect for e in effects), whole.value - totals[0].value, abs_tol=1e-7)
    assert [e.effect for e in effects if e.kind == "rest"] == ([float(shared)] if shared else [])


@settled
@given(groups_, groups_, st.randoms())
def test_the_order_of_groups_is_irrelevant(before, after, random):
    shuffled = [dict(random.sample(list(side.items()), len(side))) for side in (before, after)]
    wholes = _whole(before), _whole(after)
    assert ratios(_cells(before), _cells(after), *wholes) == ratios(*map(_cells, shuffled), *wholes)


def test_simpson_every_group_rises_and_the_whole_falls():
    before, after = {"a": (90, 100), "b": (30, 300)}, {"a": (19, 20), "b": (57, 380)}
    effects = ratios(_cells(before), _cells(after), _whole(before), _whole(after))
    assert all(e.effect > 0 for e in effects if e.kind == "rate")
    assert sum(e.effect for e in effects if e.kind == "mix") < 0
    assert math.isclose(sum(e.effect for e in effects), 76 / 400 - 120 / 400)


def test_group_of_one_period_is_mix_alone():
    before, after = {"a": (10, 100)}, {"a": (10, 100), "new": (50, 100)}
    effects = ratios(_cells(before), _cells(after), _whole(before), _whole(after))
    assert {(e.group, e.kind): round(e.effect, 6) for e in effects} == {
        ("a", "mix"): 0.05, ("a", "rate"): 0, ("new", "mix"): 0.15, ("new", "rate"): 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("split", "cell"),
    [
        (sums, Cell(None)),
        (sums, Cell(math.nan)),
        (ratios, Cell(0.5)),
        (ratios, Cell(0.5, None, 2)),
        (ratios, Cell(1, 1, -1)),
    ],
)
def test_what_is_not_known_is_not_split(split, cell):
    with pytest.raises(CannotDecompose):
        split({"a": cell}, {"a": Cell(0.5, 1, 2)}, Cell(0.5, 1, 2), Cell(0.5, 1, 2))


def test_quotient_that_is_none_is_not_split():
    with pytest.raises(CannotDecompose, match="not numerator over denominator"):
        ratios({}, {}, Cell(0.5, 1, 3), Cell(0.5, 1, 2))


# --- the largest moves ---------------------------------------------------------------------------------------


def _series(metric, values, dimension="all", group="all", partial=False):
    return [
        drivers.Row(
            metric, metric, month, dimension, group, value, None, None, None, None, partial and month == MONTHS[-1]
        )
        for month, value in zip(MONTHS, values, strict=True)
    ]


def test_moves_are_ranked_by_what_is_usual_and_split_where_it_tells_the_most():
    rows = [
        *_series("steady", [10, 11, 10, 11, 10, 15]),
        *_series("restless", [100, 200, 100, 200, 100, 200]),
        *_series("steady", [5, 5.5, 5, 5.5, 5, 5], "type", "kept"),
        *_series("steady", [5, 5.5, 5, 5.5, 5, 10], "type", "grew"),
        *_series("steady", [10, 11, 10, 11, 10, 15], "role", "customer"),
        *_series("steady", [0, 0, 0, 0, 0, 0], "role", "kol"),
    ]
    (move,) = drivers.moves(rows, MONTHS[-1], {"steady": "add", "restless": "add"})
    assert (move.metric_id, move.dimension, move.change) == ("steady", "type", 5)
    assert [(p.name, p.effect, p.before, p.after) for p in move.parts] == [("grew", 5, 5, 10)]
    assert not drivers.moves([replace(row, is_partial=True) for row in rows], MONTHS[-1], {"steady": "add"})
    assert not drivers.moves([r for r in rows if r.period_start != MONTHS[-2]], MONTHS[-1], {"steady": "add"})


@pytest.mark.parametrize("withheld", [False, True])
def test_a_withheld_group_is_of_unknown_size_and_not_of_none(withheld):
    """A published file withholds groups of few: their figure and what they did must not be told as nothing."""
    values = {("all", "all"): (10, 11, 10, 11, 10, 20), ("type", "big"): (7, 8, 7, 8, 7, 12),
              ("type", "few"): (None, None, None, None, None, 8)}  # fmt: skip
    with duckdb.connect() as db:
        db.execute("create schema metrics")
        db.execute("create table metrics.metric_definitions as select 'm' as metric_id, 'add' as additivity")
        db.execute(
            "create table metrics.metric_values (metric_id text, stage text, grain text, period_start date, "
            "dimension text, dimension_value text, value double, numerator double, denominator double, "
            f"ci_low double, ci_high double, is_partial boolean {', withheld text' if withheld else ''})"
        )
        for (dimension, group), figures in values.items():
            for month, value in zip(MONTHS, figures, strict=True):
                row = ["m", "s", "month", month, dimension, group, value, None, None, None, None, False]
                row += ["few_persons" if value is None else None] if withheld else []
                db.execute(f"insert into metrics.metric_values values ({', '.join('?' * len(row))})", row)
        (move,) = drivers.explain(db, grain="month", period=MONTHS[-1])
    assert bool(move.parts) is not withheld
    assert ("not known" in move.why_en) is withheld


def test_move_that_cannot_be_split_says_why():
    rows = [*_series("m", [1, 2, 1, 2, 1, 9]), *_series("m", [1, 2, 1, 2, 1, 9], "type", "a")]
    (move,) = drivers.moves(rows, MONTHS[-1], {"m": "median"})
    assert move.parts == () and "medians" in move.why_en


# --- what is off ---------------------------------------------------------------------------------------------


def _remedies():
    with (ROOT / "seeds" / "reference" / "metric_remedies.csv").open(encoding="utf-8", newline="") as file:
        return [diagnosis.Remedy(**{**line, "place": int(line["place"])}) for line in csv.DictReader(file)]


def _catalogue():
    with (ROOT / "docs" / "reference" / "kpi-catalogue.csv").open(encoding="utf-8", newline="") as file:
        return {line["metric"]: line for line in csv.DictReader(file)}


def _judged(metric, **values):
    given = {"direction": "higher", "dimension": "all", "dimension_value": "all", "target": None, "band_low": 1.0}
    return diagnosis.Judged(**{"metric_id": metric, "band_high": 2.0, "is_partial": False, **given, **values})


@pytest.mark.parametrize("metric_and_condition", sorted({(r.metric, r.condition) for r in _remedies()}), ids="-".join)
def test_every_remedy_is_reached_by_a_figure_outside_of_its_band(metric_and_condition):
    metric, condition = metric_and_condition
    assert metric in _catalogue()
    value, status = {"low": (0.5, "below_band"), "high": (2.5, "above_band")}[condition]
    direction = _catalogue()[metric]["direction"]
    (found,) = diagnosis.findings([_judged(metric, value=value, status=status, direction=direction)], _remedies())
    assert found.look_at and found.actions
    inside = _judged(metric, value=1.5, status="in_band", direction=direction)
    assert not diagnosis.findings([inside, replace(inside, value=None, status=None)], _remedies())


def test_remedies_name_their_source_and_count_from_one():
    places = {}
    for remedy in _remedies():
        assert remedy.source_documents and set(remedy.source_documents.split()) <= {"000", "001", "002", "003", "004"}
        places.setdefault((remedy.metric, remedy.condition, remedy.kind), []).append(remedy.place)
    assert all(found == list(range(1, len(found) + 1)) for found in places.values())
    assert {kind for _, _, kind in places} == {"look_at", "action"}


def test_missed_targets_come_first_and_nothing_is_prescribed_without_a_source():
    rows = [
        _judged("leave_rate", value=3.0, status="above_band", direction="lower"),
        _judged("csat", value=0.5, status="below_band"),
        _judged("successful_referrals", value=12.0, status="off_target", target=15.0),
        _judged("community_roi", value=9.0, status="above_band"),
        _judged("join_rate", value=0.1, status="off_target", target=0.2),
        _judged("join_rate", value=0.1, status="off_target", target=0.2, is_partial=True),
        _judged("net_sales", value=0.5, status=None),
    ]
    found = diagnosis.findings(rows, _remedies())
    assert [f.metric_id for f in found] == ["join_rate", "successful_referrals", "leave_rate", "community_roi"]
    assert not found[1].actions and found[3].is_opportunity
    assert found[0].actions[0].source.zh == "来源文档 001、004"


# --- the page --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported():
    """Schema ``metrics`` of three invented metrics, with names that want to be code."""
    db = duckdb.connect()
    db.execute("create schema metrics")
    db.execute(
        "create table metrics.metric_definitions as select * from (values "
        f"('sales', '{HOSTILE}', 'Sales', 'monetization', 'yuan', 'higher', 'Answers: how much? Counts: yuan.', "
        "'sum', 'pay time', null, 'add', 1, '004', 'GMV turnover'), "
        "('leave_rate', '退群率', 'Leave rate', 'acquisition', 'share', 'lower', 'Answers: who leaves?', 'a / b', "
        "'day', 'not churn', 'ratio', 2, '001', '离群率')) t(metric_id, label, label_en, stage, "
        "unit, direction, definition, formula, clock, caveats, additivity, version, source_documents, synonyms)"
    )
    db.execute(
        "create table metrics.dimension_definitions as select * from (values "
        "('community__community_name', '社群', 'Community', false)) t(dimension, label, label_en, is_ordered)"
    )
    columns = (
        "metric_id, grain, period_start, dimension, dimension_value, value, numerator, denominator, sample_size, "
        "ci_low, ci_high, band_low, band_high, target, is_partial, is_provisional, status, null_reason"
    )
    db.execute(
        "create table metrics.metric_values (metric_id varchar, grain varchar, period_start date, dimension varchar, "
        "dimension_value varchar, value double, numerator double, denominator double, sample_size bigint, "
        "ci_low double, ci_high double, band_low double, band_high double, target double, is_partial boolean, "
        "is_provisional boolean, status varchar, null_reason varchar, as_of date default date '2026-06-10')"
    )
    rows = []
    for place, month in enumerate(MONTHS):
        for group, value in ((HOSTILE, -5.25 if place == 5 else 10.5 * place), (FORMULA, 7.0), (None, None)):
            rows.append(
                (
                    "sales",
                    "month",
                    month,
                    "community__community_name",
                    group,
                    value,
                    *[None] * 8,
                    False,
                    False,
                    None,
                    None,
                )
            )
        rows.append(
            (
                "sales",
                "month",
                month,
                "all",
                "all",
                1234567.89 + place,
                *[None] * 7,
                1e6,
                place == 5,
                True,
                "on_target",
                None,
            )
        )
        rate = (0.0853, 17, 199, 199, 0.0539, 0.1323, 0.05, 0.09, None)
        rows.append(("leave_rate", "month", month, "all", "all", *rate, False, False, "in_band", None))
    rows.append(
        ("leave_rate", "week", MONTHS[0], "all", "all", None, None, 0, *[None] * 6, False, False, None, "nobody there")
    )
    db.executemany(f"insert into metrics.metric_values ({columns}) values ({', '.join('?' * 18)})", rows)
    yield db
    db.close()


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium; without one the tests fail and say what to install."""
    if os.environ.get("COMMUNITY_METRICS_NO_BROWSER") == "1":
        pytest.skip("COMMUNITY_METRICS_NO_BROWSER=1")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("no chromium: install it (apt-get install chromium), or set COMMUNITY_METRICS_NO_BROWSER=1")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def page(browser, exported, tmp_path_factory):
    """The page, with everything that it says on the console or asks a network for."""
    file = explorer.write_explorer(exported, tmp_path_factory.mktemp("explorer"))
    opened = browser.new_page(viewport={"width": 1440, "height": 900}, accept_downloads=True, reduced_motion="reduce")
    opened.heard = []
    opened.on("console", lambda message: opened.heard.append(message.text))
    opened.on("pageerror", lambda error: opened.heard.append(str(error)))
    opened.on("dialog", lambda dialog: (opened.heard.append(f"dialog {dialog.message}"), dialog.dismiss()))
    opened.on(
        "request", lambda r: None if r.url.startswith(("file:", "blob:", "data:")) else opened.heard.append(r.url)
    )
    opened.address = file.as_uri()
    opened.goto(opened.address)
    yield opened
    assert opened.heard == []


def _picked(page, **wanted):
    page.goto("about:blank")
    page.goto(page.address + "#" + "&".join(f"{name}={value}" for name, value in wanted.items()))
    page.wait_for_selector("#canvas svg")
    return [[cell.strip() for cell in row] for row in page.eval_on_selector_all(
        "#table tbody tr", "rows => rows.map((row) => [...row.children].map((cell) => cell.textContent))"
    )]  # fmt: skip


OVERLAPS = """() => {
  const all = [...document.querySelectorAll("#canvas svg text")]
    .filter((e) => e.textContent.trim()).map((e) => e.getBoundingClientRect());
  let n = 0;
  all.forEach((a, i) => all.slice(i + 1).forEach((b) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 1 && high > 3) n += 1;
  }));
  return n;
}"""


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_nothing_overlaps_or_runs_out_of_the_page(page, width):
    page.set_viewport_size({"width": width, "height": 844})
    for wanted in ({"m": "leave_rate"}, {"m": "sales", "by": "community__community_name", "chart": "bar"}):
        _picked(page, **wanted)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OVERLAPS) == 0
    page.set_viewport_size({"width": 1440, "height": 900})


def test_figures_are_those_of_the_export(page):
    rows = _picked(page, m="leave_rate", grain="month")
    assert rows[0][:6] == ["2026-06", "8.53 %", "17", "199", "5.39 % – 13.23 %", "5.00 % – 9.00 %"]
    rows = _picked(page, m="sales", grain="month", to="2026-02-01")
    assert [row[:2] for row in rows] == [["2026-02", "¥1,234,568.89"], ["2026-01", "¥1,234,567.89"]]
    assert _picked(page, m="leave_rate", grain="week")[0][1] == "–"


def test_hostile_names_are_text(page):
    rows = _picked(page, m="sales", by="community__community_name")
    assert {row[1] for row in rows} == {HOSTILE, FORMULA, "未知"}
    assert page.inner_text("#metric") == HOSTILE
    assert page.locator("img").count() == 0


def test_only_what_adds_up_is_stacked(page):
    options = "select => [...select.options].map((option) => option.value)"
    _picked(page, m="sales", by="all")
    assert page.eval_on_selector("#chart", options) == ["line", "bar"]
    _picked(page, m="sales", by="community__community_name")  # has a negative month
    assert page.eval_on_selector("#chart", options) == ["line", "bar"]


def test_search_by_synonym_and_keyboard_language_and_link(page):
    _picked(page, m="sales")
    page.fill("#search", "离群")
    assert page.locator("#found button").count() == 1
    page.press("#search", "ArrowDown")
    page.keyboard.press("Enter")
    assert page.inner_text("#metric") == "退群率"
    assert "m=leave_rate" in page.url
    page.click("[data-set-lang=en]")
    assert page.inner_text("#metric") == "Leave rate"
    page.click("[data-set-lang=zh]")
    page.fill("#search", "")


def test_spreadsheet_runs_nothing_of_the_download(page):
    _picked(page, m="sales", by="community__community_name")
    with page.expect_download() as download:
        page.click("#csv")
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["dimension_value"] for row in rows} == {HOSTILE, f"'{FORMULA}", ""}
    assert {row["value"] for row in rows if row["dimension_value"] == HOSTILE} >= {"10.5", "-5.25"}


def test_ratios_and_counts_of_persons_never_stack(exported):
    assert {metric["metric_id"]: metric["adds"] for metric in explorer.gather(exported)["metrics"]} == {
        "sales": True,
        "leave_rate": False,
    }
    assert not {"distinct", "semi+distinct", "ratio", "weighted", "median", "add within kind"} & set(explorer.ADDS)


def test_page_that_would_be_too_large_leaves_out_splits_and_says_so(exported):
    whole = explorer.gather(exported)
    assert whole["leftOut"] == []
    short = explorer.gather(exported, limit=len(json.dumps(whole["cubes"])) // 3)
    assert short["leftOut"] == [["month", True]]
    assert {key.split("|")[2] for key in short["cubes"]} == {"all"}
