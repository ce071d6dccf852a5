"""A report for people: tables in Chinese and English."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kpi.ingest.reasons import in_chinese
from kpi.ingest.report import KINDS, FileReport, Report


class Language(StrEnum):
    """What the report is written in."""

    ZH = "zh"
    EN = "en"
    BOTH = "both"


WORDS = {
    "file": ("文件", "file"),
    "recognised": ("识别为", "recognised as"),
    "exported": ("导出时间", "exported at"),
    "read": ("读取", "read"),
    "header": ("表头", "header"),
    "preamble": ("说明行", "preamble"),
    "blank": ("空行", "blank"),
    "total": ("合计行", "totals"),
    "duplicate": ("重复", "duplicate"),
    "ignored": ("略过", "ignored"),
    "quarantined": ("隔离", "quarantined"),
    "landed": ("入库", "landed"),
    "made_of": ("其中未入库", "of these not landed"),
    "rows": ("各表行数", "rows per export"),
    "files": ("文件", "files"),
    "problems": ("需要处理的问题", "what to look at"),
    "row": ("行", "row"),
    "column": ("列", "column"),
    "value": ("值", "value"),
    "problem": ("问题与处理", "problem and what to do"),
    "changes": ("与之前入库的数据相比", "what changed in what was landed before"),
    "month": ("月份", "month"),
    "yuan": ("变动(元)", "yuan"),
    "unrecognised": ("未识别", "unrecognised"),
    "refused": ("拒绝", "refused"),
    "export": ("数据表", "export"),
    "new": ("新增", "new"),
    "unchanged": ("未变", "unchanged"),
    "changed": ("变更", "changed"),
    "older": ("旧版本", "older"),
    "nothing": ("没有找到文件", "no files found"),
    "guessed": (
        "{count} 个文件的导出时间取自文件的修改时间（最晚 {latest}）：{names}。"
        "若曾另存、复制或重新下载，请在文件名中写明导出时间，例如 订单_20260520103000.csv；"
        "时间过晚，没有数据的日子会被算作 0",
        "{count} files have no time of export but that of their last change (the latest {latest}): {names}. "
        "Where they were saved, copied or downloaded again, write the time into the name, as in "
        "orders_20260520103000.csv; a time too late counts empty days as 0",
    ),
    "checked": ("只检查，未写入任何内容", "checked only, nothing was written"),
    "wrong": (
        "有文件需要处理；其余内容已入库，处理后重新运行即可",
        "some files need a look; all else is landed. Mend them and run again",
    ),
    "wrong_checked": ("有文件需要处理", "some files need a look"),
    "fine": ("全部入库", "all is landed"),
    "fine_checked": ("全部可以入库", "all can be landed"),
    "next": ("下一步", "next"),
    "rejected": ("隔离：{reason}", "quarantined: {reason}"),
    "doubt": (
        "已保存，但此行暂不计入指标：{reason}。请修改后重新导出，或在 acknowledged_quarantine.csv 中确认",
        "landed, but the models will set it aside: {reason}. Mend the export or acknowledge it",
    ),
    "unknown_column": (
        "未知列，未入库。若是平台新增的列，请告知维护者",
        "unknown column, not landed. Tell the maintainers if the platform has added it",
    ),
    "masked": (
        "号码被遮盖或无法识别，已按空值入库。请导出未遮盖的号码",
        "masked or unreadable, landed blank. Export the full numbers",
    ),
    "erased": (
        "此人已被删除（kpi erase），已按空值入库",
        "their person was erased (kpi erase), landed blank",
    ),
    "control": (
        "与文件中的合计不一致：{reason}。文件可能不完整，请重新导出",
        "differs from the totals in the file: {reason}. It may be incomplete: export it again",
    ),
    "nearest": (
        "最接近 {export}（{layout}）：缺少 {missing}；多出 {extra}",
        "nearest is {export} ({layout}): lacks {missing}; has beside {extra}",
    ),
    "rows_alike": ("共 {count} 行", "{count} rows"),
    "none": ("无", "nothing"),
    "members": ("{count} 个文件", "{count} files"),
    "others": ("另 {count} 个文件", "{count} other files"),
    "more": ("另有 {count} 项", "{count} more"),
}
FEW = 6  # files of one problem that are all named
MANY = 40  # files that have a line of their own each
MOST = 100  # problems that are listed; --json has all


class Show:
    """Writes a report to a console.

    Args:
        console: where to.
        language: in which.
    """

    def __init__(self, console: Console, language: Language) -> None:
        self._console = console
        self._language = language

    def say(self, word: str, **values: object) -> str:
        """A phrase, in one language or in both."""
        zh, en = WORDS[word]
        chinese = values | {"reason": in_chinese(str(values["reason"]))} if "reason" in values else values
        zh, en = zh.format(**chinese), en.format(**values)
        return {"zh": zh, "en": en}.get(self._language, f"{zh} / {en}")

    def report(self, report: Report, ignore_unknown: bool) -> None:
        """All of it: files, problems, changes, the verdict and what to do next."""
        self._files(report)
        self._problems(report)
        self._changes(report)
        counts = report.by_status()
        self._line(", ".join(f"{self.say(status)} {count}" for status, count in counts.items() if count))
        if guessed := [file for file in report.files if file.time_from == "mtime"]:
            names = ", ".join(file.file for file in guessed[:FEW]) + ("…" if len(guessed) > FEW else "")
            latest = max(file.exported_at or "" for file in guessed)
            self._line(self.say("guessed", count=len(guessed), latest=latest, names=names), style="yellow")
        if not report.files:
            self._line(f"{self.say('nothing')}: {report.source}", style="yellow")
            return
        wrong = report.is_wrong(ignore_unknown)
        verdict = ("wrong" if wrong else "fine") + ("_checked" if report.check else "")
        self._line(self.say(verdict), style="yellow" if wrong else "green")
        if report.check:
            self._line(self.say("checked"))
        elif counts["landed"]:
            settings = f"COMMUNITY_METRICS_EXPORTS={report.landing} COMMUNITY_METRICS_DB=warehouse/mine.duckdb"
            self._line(f"{self.say('next')}: {settings} make build")

    def _line(self, text: str, style: str | None = None) -> None:
        if text:
            self._console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    def _files(self, report: Report) -> None:
        shown = [file for file in report.files if file.status == "landed" and file.account]
        if not shown:
            return
        table = Table(title=f"{report.source} → {report.landing or '-'}", show_footer=True)
        total = report.records()
        for column, footer, justify in (
            ("file", "", "left"),
            ("recognised", "", "left"),
            ("exported", "", "left"),
            ("read", f"{total['read']:,}", "right"),
            ("made_of", self._made_of(total), "left"),
            ("landed", f"{total['landed']:,}", "right"),
            ("rows", "", "left"),
        ):
            table.add_column(self.say(column), footer=footer, justify=justify, overflow="fold")
        for name, group in _grouped(shown):
            counts = {key: sum(getattr(file.account, key) for file in group) for key in ("read", *KINDS)}
            rows: Counter[str] = Counter()
            for file in group:
                rows.update(file.account.rows)
            times = [file.exported_at for file in group]
            span = times[0] if len(group) == 1 else f"{min(times)[:10]} … {max(times)[:10]}"
            title = name if len(group) == 1 else f"{name} ({self.say('members', count=len(group))})"
            layouts = "\n".join(dict.fromkeys(layout.partition(": ")[2] for layout in group[0].layouts))
            landed = "\n".join(f"{export} {count:,}" for export, count in sorted(rows.items()) if count)
            figures = (f"{counts['read']:,}", self._made_of(counts), f"{counts['landed']:,}")
            table.add_row(escape(title), escape(layouts), span, *figures, landed)
        self._console.print(table)

    def _made_of(self, counts: dict[str, int]) -> str:
        """What records became that did not land: ``header 1, totals 2``."""
        kinds = [kind for kind in KINDS if kind != "landed" and counts[kind]]
        return ", ".join(f"{self.say(kind)} {counts[kind]:,}" for kind in kinds)

    def _problems(self, report: Report) -> None:
        columns = ("file", "row", "column", "value", "problem")
        table = Table(title=self.say("problems"), show_lines=True)
        for column in columns:
            table.add_column(self.say(column), overflow="fold")
        alike: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
        for file in report.files:
            for row, *problem in self._lines_of(file):
                alike.setdefault(tuple(problem), []).append((file.file, row))
        for (column, value, problem), places in list(alike.items())[:MOST]:
            name, row = places[0]
            names = list(dict.fromkeys(place for place, _ in places))
            if len(names) <= FEW:
                name = "\n".join(names)
            else:
                name += f" (+ {self.say('others', count=len(names) - 1)})"
            table.add_row(*(escape(cell) for cell in (name, row, column, value, problem)))
        if len(alike) > MOST:
            table.add_row("", "", "", "", self.say("more", count=len(alike) - MOST) + " (--json)")
        if table.row_count:
            self._console.print(table)

    def _lines_of(self, file: FileReport) -> Iterator[tuple[str, str, str, str]]:
        """Row, column, value and problem of each thing that somebody may want to look at, the gravest first."""
        if file.reason:
            yield "", "", "", f"{self.say(file.status)}: {file.reason}"
        for near in file.nearest[:1]:
            lists = {key: "、".join(getattr(near, key)) or self.say("none") for key in ("missing", "extra")}
            yield "", "", "", self.say("nearest", export=near.export, layout=near.layout, **lists)
        for difference in file.control_differences:
            yield "", "", "", self.say("control", reason=difference)
        for row in file.rejected:
            yield str(row.row), row.column, row.value, self.say("rejected", reason=row.reason)
        more = file.account.quarantined - len(file.rejected) if file.account else 0
        if more > 0:
            yield "…", "", "", f"{self.say('quarantined')}: {self.say('more', count=more)}"
        for doubt in file.doubts:
            count = f" ({self.say('rows_alike', count=doubt.count)})" if doubt.count > 1 else ""
            yield str(doubt.first_row), doubt.column, doubt.value, self.say("doubt", reason=doubt.reason) + count
        for (_, column), count in sorted(file.masked.items()):
            yield "", column, "", f"{self.say('masked')} ({self.say('rows_alike', count=count)})"
        if file.erased:
            yield "", "", "", f"{self.say('erased')} ({self.say('rows_alike', count=file.erased)})"
        for (_, column), _count in sorted(file.unknown_columns.items()):
            yield "1", column, "", self.say("unknown_column")

    def _changes(self, report: Report) -> None:
        if not report.changes:
            return
        kinds = ("new", "changed", "unchanged", "older")
        table = Table(title=self.say("changes"))
        table.add_column(self.say("export"))
        for kind in kinds:
            table.add_column(self.say(kind), justify="right")
        for column in ("month", "column", "yuan"):
            table.add_column(self.say(column), justify="right" if column == "yuan" else "left")
        for change in report.changes:
            counts = [f"{getattr(change, kind):,}" for kind in kinds]
            money = change.money or [None]
            for place, line in enumerate(money):
                cells = (line.month or "-", line.column, f"{line.yuan:+,.2f} ({line.rows:,})") if line else ("", "", "")
                table.add_row(*((change.export, *counts) if place == 0 else ("",) * 5), *cells)
        self._console.print(table)


def _grouped(files: list[FileReport]) -> Iterator[tuple[str, list[FileReport]]]:
    """Files by name; where they are many, those of one folder or archive that are alike together."""
    groups: dict[tuple, list[FileReport]] = {}
    for file in files:
        archive, found, _ = file.file.partition(".zip/")
        place = archive + ".zip" if found else file.file
        if len(files) > MANY:
            place = place.rpartition("/")[0] + "/"
        groups.setdefault((place, *file.layouts), []).append(file)
    for key, group in groups.items():
        yield (key[0] if len(group) > 1 else group[0].file), group
