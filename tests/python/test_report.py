"""The report in a real browser: quiet, offline, readable at every width, with the numbers of the metrics tables."""

from __future__ import annotations

import base64
import datetime as dt
import html
import os
import shutil
import zlib

import duckdb
import pytest
from harness.report_metrics import COMMUNITIES, HOSTILE, MONTHS, write
from typer.testing import CliRunner

from kpi.cli import app
from kpi.report.figures import change, show
from kpi.report.page import pack
from kpi.report.report import Wanted, build
from kpi.report.source import ReportError, open_metrics

APRIL = MONTHS[-2]
NO_BROWSER = os.environ.get("COMMUNITY_METRICS_NO_BROWSER") == "1"
in_browser = pytest.mark.skipif(NO_BROWSER, reason="COMMUNITY_METRICS_NO_BROWSER=1")

# Boxes of all texts of a chart that lie on one another or leave it, and whether the page scrolls sideways.
CROWDED = """() => {
  const found = [];
  for (const canvas of document.querySelectorAll('.canvas')) {
    const frame = canvas.getBoundingClientRect();
    const texts = [...canvas.querySelectorAll('svg text')]
      .map((node) => [node.textContent, node.getBoundingClientRect()])
      .filter(([text, box]) => text.trim() && box.width > 0);
    texts.forEach(([text, a], i) => {
      if (a.left < frame.left - 2 || a.right > frame.right + 2 || a.top < frame.top - 2 || a.bottom > frame.bottom + 2)
        found.push([canvas.id, 'leaves the chart', text]);
      for (const [other, b] of texts.slice(i + 1)) {
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (wide > 1 && high > 3) found.push([canvas.id, text, other]);
      }
    });
  }
  const blocks = [...document.querySelectorAll('h1, h2, h3, h4, .value, .note, .facts, .points li')]
    .map((node) => [node, node.getBoundingClientRect()]).filter(([, box]) => box.width > 0);
  blocks.forEach(([node, a], i) => {
    for (const [other, b] of blocks.slice(i + 1)) {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1 && high > 1 && !node.contains(other)) found.push([node.textContent, other.textContent]);
    }
  });
  if (document.documentElement.scrollWidth > innerWidth) found.push(['the page scrolls sideways', innerWidth]);
  return found;
}"""

# Lowest contrast of any text with its ground, and where.
CONTRAST = """() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const c = parse(getComputedStyle(at).backgroundColor);
      if (c.length && c[3] !== 0) return c;
    }
    return [255, 255, 255];
  };
  const low = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || node.closest('script, style, .canvas, .visually-hidden')) continue;
    if (!node.getClientRects().length) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push([node.className, node.textContent.slice(0, 30), ratio.toFixed(2)]);
  }
  return low;
}"""


@pytest.fixture(scope="module")
def metrics_file(tmp_path_factory):
    return write(tmp_path_factory.mktemp("metrics") / "community_metrics.duckdb")


@pytest.fixture(scope="module")
def report(metrics_file):
    with open_metrics(metrics_file) as metrics:
        return build(metrics, Wanted())


@pytest.fixture(scope="module")
def opened(report, tmp_path_factory):
    """Opens the report: a function of width and colour scheme; what the page said or asked for is in .heard."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "Chromium is missing: apt-get install chromium fonts-noto-cjk (or COMMUNITY_METRICS_NO_BROWSER=1)"
    from playwright.sync_api import sync_playwright

    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report, encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        def show_page(width=1440, scheme="light"):
            context = browser.new_context(
                viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
            )
            page = context.new_page()
            page.heard = []
            page.on("console", lambda message: page.heard.append(("console", message.text)))
            page.on("pageerror", lambda error: page.heard.append(("error", str(error))))
            page.on("dialog", lambda dialog: page.heard.append(("dialog", dialog.message)))
            page.route(lambda url: not url.startswith(("file:", "data:")), lambda route: route.abort())
            page.on(
                "request",
                lambda request: (
                    None if request.url.startswith(("file:", "data:")) else page.heard.append(("request", request.url))
                ),
            )
            page.goto(path.as_uri())
            return page

        yield show_page
        browser.close()


@pytest.fixture(scope="module")
def wide(opened):
    return opened(1440)


def shown(page):
    """Ids of the charts that were drawn."""
    return page.evaluate(
        "[...document.querySelectorAll('.canvas')].filter((c) => c.querySelector('svg')).map((c) => c.id)"
    )


def option(page, chart):
    return page.evaluate("(id) => reportCharts(id).series.map((s) => s.data)", chart)


@in_browser
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_nothing_overlaps_or_leaves_the_page_in_either_language(opened, width):
    page = opened(width)
    assert page.evaluate(CROWDED) == []
    page.click("[data-set-lang=en]")
    assert page.evaluate(CROWDED) == []
    assert page.heard == []


@in_browser
def test_every_chart_is_drawn_and_says_the_same_in_a_table(wide):
    charts = wide.eval_on_selector_all("figure.chart", "fs => fs.map(f => f.querySelector('.canvas').id)")
    wanted = {
        *("funnel-chart", "cohorts-chart", "hours-chart", "quadrant-chart", "topics-chart", "segments-chart"),
        *("moves-chart", "campaigns-chart", "live-chart", "targets-chart"),
    }
    assert wanted <= set(charts)
    assert shown(wide) == charts
    tables = wide.eval_on_selector_all(
        "figure.chart", "fs => fs.map(f => f.querySelectorAll('details tbody tr').length)"
    )
    assert all(tables)


@in_browser
def test_charts_hold_the_numbers_of_the_metrics_tables(wide, metrics_file):
    with duckdb.connect(str(metrics_file), read_only=True) as connection:
        ask = lambda sql: connection.execute(sql, [APRIL]).fetchall()  # noqa: E731
        points = ask(
            "select x.value, y.value from metrics.metric_values x join metrics.metric_values y using "
            "(dimension_value, period_start) where x.metric_id = 'interaction_rate' and y.metric_id = "
            "'buyer_conversion_rate' and x.dimension <> 'all' and period_start = ? order by dimension_value"
        )
        hours = ask(
            "select message_hour__sent_hour, message_hour__sent_weekday - 1, effective_messages "
            "from metrics.message_hours where metric_time__month = ?"
        )
        shares = ask(
            "select member_snapshot__user_segment_label, segment_share from metrics.segment_shares "
            "where metric_time__month = ?"
        )
        cohort = ask("select membership_retention_rate_d7 from metrics.retention_cohorts where metric_time__month = ?")
        funnel = ask("select funnel_joined, funnel_first_order from metrics.funnel where metric_time__month = ?")[0]
    assert sorted(tuple(p["value"]) for p in option(wide, "quadrant-chart")[0]) == sorted(points)
    drawn = {(x, y): value for x, y, value in option(wide, "hours-chart")[0]}
    assert {key: drawn[key] for key in ((h, w) for h, w, _ in hours)} == {(h, w): v for h, w, v in hours}
    segments = wide.evaluate("reportCharts('segments-chart').series.map((s) => [s.name, s.data.at(-1)])")
    assert dict(map(tuple, segments)) == dict(shares)
    table = wide.eval_on_selector("#cohorts-chart", "c => c.closest('figure').querySelector('details').textContent")
    assert f"{cohort[0][0]:.1%}" in table
    texts = wide.eval_on_selector_all("#funnel-chart svg text", "ts => ts.map(t => t.textContent)")
    assert {f"{funnel[0]}", f"{funnel[1]}"} <= {text.strip() for text in texts}


@in_browser
def test_lines_of_the_matrix_stand_at_the_figures_of_all_communities(wide, metrics_file):
    with duckdb.connect(str(metrics_file), read_only=True) as connection:
        whole = connection.execute(
            "select value from metrics.metric_values where metric_id = 'interaction_rate' and dimension = 'all' "
            "and period_start = ?",
            [APRIL],
        ).fetchone()[0]
    at = wide.evaluate(
        """(value) => { const chart = charts.of(document.getElementById('quadrant-chart'));
        const lines = [...document.querySelectorAll('#quadrant-chart path[stroke-dasharray]')]
          .map((line) => line.getAttribute('d').match(/[\\d.]+/g).map(Number));
        return [chart.convertToPixel({ xAxisIndex: 0 }, value), lines.map((d) => d[0])]; }""",
        whole,
    )
    assert any(abs(at[0] - x) < 1 for x in at[1])


@in_browser
def test_names_of_others_are_text_and_never_run(wide):
    assert wide.evaluate("window.pwned") is None
    assert wide.evaluate("document.images.length") == 0
    assert HOSTILE in wide.inner_text("body") or HOSTILE in wide.text_content("main")
    assert wide.evaluate("document.querySelector('main b, main i:not([aria-hidden])')") is None


@in_browser
def test_language_switches_texts_charts_and_title(opened):
    page = opened(1024)
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.inner_text("#funnel h2") == "漏斗"
    page.click("[data-set-lang=en]")
    assert page.evaluate("[document.documentElement.lang, document.title]") == ["en", "April 2026"]
    assert page.inner_text("#funnel h2") == "Funnel"
    texts = page.eval_on_selector_all("#funnel-chart svg text", "ts => ts.map(t => t.textContent)")
    assert "Joined" in texts
    assert "入群" not in texts


@in_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(opened, scheme):
    page = opened(1440, scheme)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate(CONTRAST) == []


@in_browser
def test_it_prints_on_paper_in_light_colours(opened):
    page = opened(1440, "dark")
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") > 3
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 30, 34)"
    widths = page.eval_on_selector_all(".canvas svg", "all => all.map((svg) => svg.clientWidth)")
    assert max(widths) <= 690


def test_the_page_may_load_nothing_and_is_the_same_each_time(report, metrics_file):
    assert "default-src 'none'; script-src 'sha256-" in html.unescape(report)
    assert len(report.encode()) < 1_000_000
    with open_metrics(metrics_file) as metrics:
        assert build(metrics, Wanted()) == report


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a", id="fixed codes"),
        pytest.param("入群率 leave_rate 0.9412 \U0001f600\n" * 9000, id="codes of their own, long matches"),
        pytest.param(
            "".join(chr(33 + (n * n * 7919 + n // 3) % 60000 % 50000) for n in range(40_000)), id="many symbols"
        ),
    ],
)
def test_what_is_packed_comes_out_as_it_went_in(wide, text):
    packed = pack(text)
    there = "([text, size]) => unpack({ dataset: { size }, textContent: text })"
    assert wide.evaluate(there, [packed.text, packed.size]) == text
    stored = zlib.compressobj(0, zlib.DEFLATED, -15)
    plain = base64.b64encode(stored.compress(text.encode()) + stored.flush()).decode()
    assert wide.evaluate(there, [plain, packed.size]) == text


def test_missing_is_a_dash_with_its_reason_and_never_zero(report):
    card = report.split('data-metric="nps"')[1].split("</article>")[0]
    assert "—" in card
    assert "分母为零" in card
    assert "0%" not in card


def test_definitions_are_in_both_languages(report):
    one = report.split('id="def-leave_rate"')[1].split('id="def-')[0]
    for term, zh, en in (
        ("回答", "&lt;b&gt;什么&lt;/b&gt;？", "&lt;b&gt;what&lt;/b&gt;?"),
        ("公式", "甲 ÷ 乙", "a / b"),
    ):
        assert term in one and zh in one and en in one


def test_a_withheld_figure_of_a_published_file_says_so(metrics_file, tmp_path):
    published = tmp_path / "bi.duckdb"
    shutil.copy(metrics_file, published)
    with duckdb.connect(str(published)) as connection:
        for table in ("metric_values", "campaigns"):
            connection.execute(f"alter table metrics.{table} add column withheld varchar")
        connection.execute(
            "update metrics.metric_values set value = null, withheld = 'value: few' where metric_id = 'csat'"
        )
    with open_metrics(published) as metrics:
        page = build(metrics, Wanted())
    card = page.split('data-metric="csat"')[1].split("</article>")[0]
    assert "—" in card
    assert "人数太少，隐去" in card
    assert ">withheld<" not in page


def test_small_samples_are_grey_and_provisional_figures_marked(report):
    assert 'class="value thin"' in report.split('data-metric="csat"')[1].split("</article>")[0]
    assert "暂定" in report.split('data-metric="net_sales"')[1].split("</article>")[0]


def test_a_partial_period_says_so(metrics_file):
    with open_metrics(metrics_file) as metrics:
        page = build(metrics, Wanted(on=dt.date(2026, 5, 10)))
    assert "本期还没有结束" in page
    assert "kpi card partial" in page


def test_one_community_and_one_campaign(metrics_file):
    with open_metrics(metrics_file) as metrics:
        one = build(metrics, Wanted(community=COMMUNITIES[0]))
        review = build(metrics, Wanted(campaign="直播专场"))
    assert "<h1>" in one
    assert f"{COMMUNITIES[0]} · 2026 年 4 月" in one
    assert 'id="segments"' not in one
    assert 'id="review-chart"' in review
    assert "直播专场2" in review
    assert "预热" in review
    assert "阶段之外" in review


def test_unknown_names_answer_with_the_nearest(metrics_file):
    with open_metrics(metrics_file) as metrics:
        with pytest.raises(ReportError, match=r"--community .*上海福利1群"):
            build(metrics, Wanted(community="上海福利群"))
        with pytest.raises(ReportError, match=r"--campaign .*直播专场"):
            build(metrics, Wanted(campaign="直播专"))
        with pytest.raises(ReportError, match="2025-11-01"):
            build(metrics, Wanted(on=dt.date(2024, 1, 1)))


def test_the_command_writes_both_pages_and_says_what_is_missing(metrics_file, tmp_path):
    runner = CliRunner()
    done = runner.invoke(app, ["report", "--out", str(tmp_path), "--from", str(metrics_file), "--lang", "en"])
    assert done.exit_code == 0, done.output
    assert 'data-lang="en"' in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["explorer.html", "report.html"]
    empty = tmp_path / "empty.duckdb"
    duckdb.connect(str(empty)).close()
    refused = runner.invoke(app, ["report", "--out", str(tmp_path), "--from", str(empty)])
    assert refused.exit_code == 2
    assert "kpi export" in refused.output


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (0.0094, "share", "0.94%", "0.94%"),
        (0.123, "rate", "12.3%", "12.3%"),
        (0.0, "share", "0%", "0%"),
        (182345.6, "yuan", "¥18.2 万", "¥182,346"),
        (157.82, "yuan", "¥157.82", "¥157.82"),
        (-3.0, "count", "−3", "−3"),
        (0.31, "points", "31", "31"),
        (None, "yuan", "—", "—"),
    ],
)
def test_numbers_are_formatted_by_unit(value, unit, zh, en):
    text = show(value, unit)
    assert (text.zh, text.en) == (zh, en)


def test_changes_of_shares_are_points_and_of_nothing_are_none():
    assert change(0.12, 0.1, "share").zh == "+2.0 个百分点"
    assert change(90, 100, "count").zh == "−10.0%"
    assert change(5, 0, "count").zh == "+5"
    assert change(5, None, "count") is None
