"""The files of the platforms as they really give them, made from the landed rows of one run.

``write_originals`` groups the landed rows by ``_source_file``, puts raw ids, names and texts back in
the place of keys and features, and writes each file in the form of its platform, small ones into
archives. Reading them again with ``kpi ingest`` and the secret of the run gives the landed rows.
Equal runs give equal files: document properties and archive members carry the times of the exports.
"""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from kpi.generate.clock import moment
from kpi.generate.files import FORMS
from kpi.generate.originals import sheets, shops, tables, tools, wecom
from kpi.generate.originals.people import File, People

__all__ = ["WRITERS", "People", "write_originals"]

WRITERS: dict[str, Callable[[File, People], bytes]] = {
    "group_details": wecom.group_details,
    "callbacks": wecom.callbacks,
    "customers": wecom.customers,
    "staff": sheets.staff,
    "archive": wecom.archive,
    "consents": wecom.consents,
    "contact_statistics": wecom.contact_statistics,
    "group_statistics": wecom.group_statistics,
    "acquisition_links": wecom.acquisition_links,
    "youzan_orders": shops.youzan_orders,
    "store_orders": shops.store_orders,
    "trade_bill": shops.trade_bill,
    "ktt_orders": shops.ktt_orders,
    "ktt_activities": shops.ktt_activities,
    "ocean": tables.ocean,
    "live": tools.live,
    "articles": tools.articles,
    "check_ins": tools.check_ins,
    "answers": sheets.answers,
    "sheet": sheets.company_sheet,
    "lines": tools.lines,
    "videos": tables.videos,
    "personal_bill": tables.personal_bill,
    "notes": sheets.notes,
    "sheet_orders": sheets.sheet_orders,
    "utf8_table": tables.utf8,
    "bom_table": tables.bom,
    "gbk_table": tables.gbk,
    "gb18030_table": tables.gb18030,
}


def write_originals(folder: Path, landed: dict[str, list[dict[str, str]]], people: People) -> dict[str, int]:
    """Write every original file of a run into ``folder``.

    landed: rows by export, each with its lineage columns. Returns bytes by file, archives as one file.
    """
    by_source: dict[str, dict[str, list[dict[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for export, rows in landed.items():
        for row in rows:
            by_source[row["_source_file"]][export].append(row)
    archives: dict[str, list[tuple[str, str, bytes]]] = defaultdict(list)
    sizes: dict[str, int] = {}
    for source, exports in sorted(by_source.items()):
        for rows in exports.values():
            rows.sort(key=lambda row: int(row["_source_row"]))
        file = File(source, next(iter(exports.values()))[0]["_exported_at"], exports)
        named = "wecom__messages" if "wecom__messages" in exports else next(iter(exports))
        content = WRITERS[FORMS[named].writer](file, people)
        archive, found, member = source.partition(".zip/")
        if found:
            archives[f"{archive}.zip"].append((member, file.exported, content))
        else:
            sizes[source] = _write(folder / source, content)
    for archive, members in sorted(archives.items()):
        sizes[archive] = _write(folder / archive, _zipped(members))
    return sizes


def _write(path: Path, content: bytes) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return len(content)


def _zipped(members: list[tuple[str, str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, exported, content in members:
            info = zipfile.ZipInfo(name, moment(exported).timetuple()[:6])
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(info, content)
    return out.getvalue()
