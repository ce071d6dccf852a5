"""Asking the suites of both boundaries with Great Expectations, in one process and without a network."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from kpi.boundaries import relations
from kpi.boundaries.baseline import Baseline
from kpi.boundaries.expectations import KINDS, made, observed, usual_value
from kpi.boundaries.suites import Band, Check, CheckError, Suite, read_bands, read_suites, with_bands

if TYPE_CHECKING:
    from kpi.semantic import SemanticLayer

# Metrics that are null unless one kind is asked for at a time.
ONE_KIND = {
    "historic_ltv": "buyer_age__age_days",
    "target_value": "target__target_metric",
    "target_attainment_rate": "target__target_metric",
}
MONTH, COMMUNITY, TYPE = "metric_time__month", "community__community_name", "community__community_type"
# Metrics asked for at once: one question costs a tenth of a second, and many metrics in one join slow it down.
TOGETHER = 6
SCOPE_OF_TYPE = "community_type="

Broken = dict[tuple[str, str], str]  # why a relation of a suite could not be made
Asked = tuple[Suite, str, list[tuple[Check, Any]]]  # checks of one relation, with what is usual


@dataclass(frozen=True)
class Finding:
    """A check that failed, or could not be asked."""

    boundary: str
    table: str
    check: str
    severity: str
    observed: str
    reason: str
    action: str


@dataclass
class Report:
    """What came of a boundary.

    Attributes:
        asked: expectations that were asked, with the name of their table.
        findings: those that failed, errors first.
        skipped: what was not asked, with the reason.
        results: Great Expectations' own results, for the pages.
    """

    asked: list[tuple[str, Check]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)

    @property
    def is_wrong(self) -> bool:
        """Whether an error was found."""
        return any(finding.severity == "error" for finding in self.findings)

    def count(self, severity: str) -> int:
        """How many findings of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def add(self, other: Report) -> None:
        """Take in another report."""
        self.asked += other.asked
        self.findings = sorted(self.findings + other.findings, key=lambda finding: finding.severity)
        self.skipped += other.skipped
        self.results += other.results


def check_boundaries(
    exports: Path | None = None,
    metrics: Iterable[Sequence[Any]] | None = None,
    *,
    baseline: Baseline | None = None,
    project: Path = Path(),
    pages: Path | None = None,
) -> Report:
    """Ask both boundaries, or the one that is given, and write the pages.

    Args:
        exports: directory of landed exports.
        metrics: published metrics, as ``ask_metrics`` returns them.
        baseline: what is usual for the exports.
        project: the project's folder.
        pages: folder for the pages; none when omitted.
    """
    from kpi.boundaries.pages import write_pages

    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder) if pages else None
        if exports is not None:
            report.add(check_exports(exports, baseline or {}, docs=site and site / "exports"))
        if metrics is not None:
            report.add(check_metrics(metrics, project, docs=site and site / "metrics"))
        if pages and site:
            write_pages(pages, site, report)
    return report


# --- the two boundaries --------------------------------------------------------------------------


def check_exports(
    directory: Path, baseline: Baseline, only: Sequence[str] | None = None, docs: Path | None = None
) -> Report:
    """Ask what is expected of landed exports.

    Args:
        directory: where the exports are.
        baseline: what is usual for them; checks without a value in it are not asked.
        only: names of suites; all when omitted.
        docs: folder for the pages of Great Expectations.
    """
    with _file() as path:
        suites, broken, missing = _prepare_exports(path, directory, only)
        report = _ask("exports", path, suites, broken, baseline, docs)
    report.skipped += missing
    return report


def measure_baseline(directory: Path) -> Baseline:
    """What is usual for the exports of a directory: the value of each check that needs one, over the exports now."""
    measured: Baseline = {}
    with _file() as path:
        suites, broken, _ = _prepare_exports(path, directory, None)
        with duckdb.connect(str(path), read_only=True) as connection:
            for suite in suites:
                relations.enter(connection, suite)
                for check in suite.checks:
                    if not KINDS[check.expect].baseline or (suite.name, check.of) in broken:
                        continue
                    # a share of nothing is a baseline too; of other values nothing is usual when there are none
                    if not relations.is_empty(
                        connection, check.of, None if check.expect == "present" else check.column
                    ):
                        measured.setdefault(suite.name, {})[check.name] = usual_value(connection, check)
    return measured


def check_metrics(values: Iterable[Sequence[Any]], project: Path, docs: Path | None = None) -> Report:
    """Ask what is expected of published metrics; ``values`` as ``ask_metrics`` returns them."""
    bands = read_bands(project)
    types = {band.scope.removeprefix(SCOPE_OF_TYPE) for band in bands if band.scope.startswith(SCOPE_OF_TYPE)}
    with _file() as path:
        with duckdb.connect(str(path)) as connection:
            relations.load_metrics(connection, values, metrics_of_suites(), sorted(types))
        return _ask("metrics", path, with_bands(read_suites("metrics"), bands), {}, {}, docs)


def ask_metrics(project: Path) -> list[tuple[Any, ...]]:
    """The metrics of the suites by month: in total, by community where they can be split, by kind where they must be.

    Raises:
        CheckError: when the warehouse or the manifest is not there.
    """
    from kpi.engines import WarehouseError
    from kpi.semantic import SemanticLayer

    try:
        layer = SemanticLayer(project)
        with layer.connected():
            return _ask_metrics(layer, metrics_of_suites(), read_bands(project))
    except FileNotFoundError as error:
        raise CheckError(str(error)) from error
    except (WarehouseError, duckdb.Error) as error:
        raise CheckError(f"The warehouse cannot be asked: {_said(error)} Run `make build` first.") from error


def _ask_metrics(layer: SemanticLayer, names: list[str], bands: Sequence[Band]) -> list[tuple[Any, ...]]:
    first_day, last_day = layer.sql("select min(date_day), max(date_day) from marts.dim_dates").rows[0]
    missing = set(names) - set(layer.metric_names())
    if missing:
        raise CheckError(f"The semantic layer has no metric {', '.join(sorted(missing))}. Run `make build` first.")
    by_type = {band.metric for band in bands if band.scope.startswith(SCOPE_OF_TYPE)}
    splits: list[tuple[str | None, list[str]]] = [
        (None, [name for name in names if name not in ONE_KIND]),
        (COMMUNITY, [name for name in names if name not in ONE_KIND and COMMUNITY in layer.dimensions(name)]),
        (TYPE, sorted(by_type)),
        *((kind, [name]) for name, kind in ONE_KIND.items() if name in names),
    ]
    place = {COMMUNITY: 2, TYPE: 3}
    asked = []
    for split, metrics in splits:
        group_by = [MONTH] if split is None else [MONTH, split]
        for start in range(0, len(metrics), TOGETHER):
            some = metrics[start : start + TOGETHER]
            for row in _answer(layer, some, group_by):
                month = row[0].date()
                for name, value in zip(some, row[len(group_by) :], strict=True):
                    cell = [name, month, None, None, None, _is_complete(month, first_day, last_day), _float(value)]
                    if split is not None:
                        cell[place.get(split, 4)] = str(row[1])
                    asked.append(tuple(cell))
    return asked


def metrics_of_suites() -> list[str]:
    """The metrics that any suite names."""
    return sorted({check.column for suite in read_suites("metrics") for check in suite.checks if check.column})


def _answer(layer: Any, metrics: list[str], group_by: list[str]) -> list[tuple[Any, ...]]:
    try:
        answer = layer.query(metrics, group_by)
    except Exception as error:  # whatever the engine raises, the operator needs the metric's name
        raise CheckError(f"The metrics {', '.join(metrics)} cannot be asked: {_said(error)}") from error
    order = [answer.columns.index(name) for name in (*group_by, *metrics)]
    return [tuple(row[at] for at in order) for row in answer.rows if row[answer.columns.index(MONTH)] is not None]


def _is_complete(month: Any, first_day: Any, last_day: Any) -> bool:
    """Whether the calendar of the warehouse holds every day of a month."""
    next_month = (month.replace(day=28) + _days(4)).replace(day=1)
    return _date(first_day) <= month and next_month - _days(1) <= _date(last_day)


def _date(value: Any) -> Any:
    return value.date() if hasattr(value, "date") else value


def _days(count: int) -> Any:
    from datetime import timedelta

    return timedelta(days=count)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _said(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]


# --- asking --------------------------------------------------------------------------------------


@contextmanager
def _file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "boundary.duckdb"


def _prepare_exports(path: Path, directory: Path, only: Sequence[str] | None) -> tuple[list[Suite], Broken, list[str]]:
    """Write the exports and what suites derive of them.

    Returns:
        The suites all of whose exports are landed, their relations that could not be made, and the suites left out.
    """
    exports = relations.find_exports(directory)
    suites = [suite for suite in read_suites("exports") if only is None or suite.name in only]
    left_out = [
        f"{suite.name}: not landed: {', '.join(sorted(set(suite.needs) - set(exports)))}"
        for suite in suites
        if not set(suite.needs) <= set(exports)
    ]
    suites = [suite for suite in suites if set(suite.needs) <= set(exports)]
    if only is not None and all(suite.needs for suite in suites):
        needed = {export for suite in suites for export in suite.needs}
        exports = {name: reader for name, reader in exports.items() if name in needed}
    broken: Broken = {}
    with duckdb.connect(str(path)) as connection:
        relations.load_exports(connection, exports)
        for suite in suites:
            if suite.relations:
                broken |= {(suite.name, name): why for name, why in relations.derive(connection, suite).items()}
    return suites, broken, left_out


def _ask(
    boundary: str, path: Path, suites: list[Suite], broken: Broken, baseline: Baseline, docs: Path | None
) -> Report:
    report = Report()
    asked: list[Asked] = []
    with duckdb.connect(str(path), read_only=True) as connection:
        for suite in suites:
            relations.enter(connection, suite)
            by_relation: dict[str, list[tuple[Check, Any]]] = {}
            for check in suite.checks:
                usual = baseline.get(suite.name, {}).get(check.name)
                if (suite.name, check.of) in broken:
                    report.findings.append(_unaskable(boundary, suite, check, broken[suite.name, check.of]))
                elif hindrance := _hindrance(connection, check, usual):
                    report.skipped.append(f"{suite.name}: {check.name}: {hindrance}")
                else:
                    by_relation.setdefault(check.of, []).append((check, usual))
            asked += [(suite, relation, checks) for relation, checks in by_relation.items()]
    results = _validate(boundary, path, asked, docs)
    with duckdb.connect(str(path), read_only=True) as connection:
        for (suite, _, checks), result in zip(asked, results, strict=True):
            relations.enter(connection, suite)
            report.asked += [(result.suite_name, check) for check, _ in checks]
            report.results.append(result)
            by_name = {check.name: (check, usual) for check, usual in checks}
            for single in result.results:
                if not single.success:
                    check, usual = by_name[single.expectation_config.meta["check"]]
                    report.findings.append(_finding(boundary, suite, connection, check, usual, single))
    report.findings.sort(key=lambda finding: finding.severity)
    return report


def _hindrance(connection: duckdb.DuckDBPyConnection, check: Check, usual: Any) -> str:
    """Why a check cannot be asked without that being a fault; empty when it can."""
    if usual is None and KINDS[check.expect].baseline:
        return "no baseline"
    if check.expect == "none":
        return ""
    if relations.is_empty(connection, check.of, None):
        return "nothing to look at"
    # an unknown metric is null everywhere, and null is neither low nor high
    if check.expect in ("min", "max") and relations.is_empty(connection, check.of, check.column):
        return "not known"
    return ""


def _validate(boundary: str, path: Path, asked: list[Asked], docs: Path | None) -> list[Any]:
    """Great Expectations' results, one per suite and relation."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    from kpi.boundaries.dialect import URL_PREFIX

    # what raises is reported as a finding
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    if docs is not None:
        context.add_data_docs_site("boundaries", _site(docs))
    source = context.data_sources.add_sql(boundary, connection_string=f"{URL_PREFIX}{path}")
    results = []
    for suite, relation, checks in asked:
        name = f"{boundary}.{suite.name}.{relation}"
        table = source.add_table_asset(name, table_name=relations.plain_name(suite, relation))
        batch = table.add_batch_definition_whole_table("all")
        expected = context.suites.add(
            gx.ExpectationSuite(name=name, expectations=[made(check, usual) for check, usual in checks])
        )
        definition = context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=expected))
        results.append(definition.run(result_format="SUMMARY"))
    if docs is not None:
        context.build_data_docs(site_names=["boundaries"])
    return results


def _site(folder: Path) -> dict[str, Any]:
    return {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.resolve())},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }


def _finding(
    boundary: str, suite: Suite, connection: duckdb.DuckDBPyConnection, check: Check, usual: Any, result: Any
) -> Finding:
    raised = _raised(result.exception_info)
    seen = f"could not be asked: {raised}" if raised else observed(connection, check, usual, result.result)
    return Finding(
        boundary, _table(boundary, suite, check), check.name, check.severity, seen, check.reason, check.action
    )


def _unaskable(boundary: str, suite: Suite, check: Check, reason: str) -> Finding:
    """A check whose relation could not be made is an error, whatever its own severity: nobody knows the number."""
    return Finding(
        boundary,
        _table(boundary, suite, check),
        check.name,
        "error",
        f"could not be asked: {reason}",
        check.reason,
        "Export the file again with all columns; seeds/exports/*.yml describes them.",
    )


def _table(boundary: str, suite: Suite, check: Check) -> str:
    return f"{suite.name} ({check.of})" if boundary == "exports" else suite.name


def _raised(information: dict[str, Any] | None) -> str:
    """The message of what an expectation raised, wherever Great Expectations put it."""
    for part in [information or {}, *(v for v in (information or {}).values() if isinstance(v, dict))]:
        if part.get("exception_message"):
            return str(part["exception_message"]).splitlines()[0]
    return ""
