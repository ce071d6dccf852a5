"""Which original file each landed row comes from.

One table says for every export how its files are called, in which archive they travel, and how their
rows are numbered; the makers of rows say only what distinguishes a file (``groups_20251201``) and when
it was made. What an original file does not say itself has to be in its name, its document properties
or its archive: that is why some names carry a time of 14 digits (``stamped``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from kpi.generate.clock import local_date, stamp


@dataclass(frozen=True)
class Form:
    """How the original files of an export look.

    writer: the format, a key of ``originals.WRITERS``. folder: where they lie. pack: archive of a
    month, ``<folder>/<pack>_YYYYMM.zip``, blank for files that lie open. extension: without dot.
    first: number of the first row of data; 2 below one line of headers, 1 for records. stamped: the
    name ends with the time of the export.
    """

    writer: str
    folder: str
    pack: str = ""
    extension: str = "jsonl"
    first: int = 1
    stamped: bool = False


_GROUPS = Form("group_details", "wecom", "group_details")
_ARCHIVE = Form("archive", "wecom", "archive")
_STORE = Form("store_orders", "wechat_store", "orders")
_BILLS = Form("trade_bill", "wechat_pay", extension="csv", first=2, stamped=True)
_KTT = Form("ktt_orders", "kuaituantuan", "orders", extension="json", stamped=True)


def _sheet(first: int) -> Form:
    return Form("sheet", "manual", extension="xlsx", first=first)


FORMS: dict[str, Form] = {
    "wecom__group_chats": _GROUPS,
    "wecom__group_members": _GROUPS,
    "wecom__group_events": Form("callbacks", "wecom", "callbacks", extension="xml", stamped=True),
    "wecom__customers": Form("customers", "wecom", "customers"),
    "wecom__staff": Form("staff", "wecom", extension="xlsx", first=11),
    "wecom__messages": _ARCHIVE,
    "wecom__polls": _ARCHIVE,
    "wecom__red_packets": _ARCHIVE,
    "wecom__consents": Form("consents", "wecom", "consents"),
    "wecom__contact_statistics": Form("contact_statistics", "wecom", "statistics"),
    "wecom__group_statistics": Form("group_statistics", "wecom", "statistics"),
    "wecom__acquisition_links": Form("acquisition_links", "wecom", "statistics"),
    "youzan__orders": Form("youzan_orders", "youzan", extension="csv", first=2, stamped=True),
    "youzan__order_lines": Form("gbk_table", "youzan", extension="csv", first=2, stamped=True),
    "youzan__coupon_uses": Form("bom_table", "youzan", extension="csv", first=2, stamped=True),
    "wechat_store__orders": _STORE,
    "wechat_store__order_lines": _STORE,
    "wechat_pay__trade_bills": _BILLS,
    "wechat_pay__bill_totals": _BILLS,
    "kuaituantuan__orders": _KTT,
    "kuaituantuan__order_lines": _KTT,
    "kuaituantuan__activities": Form("ktt_activities", "kuaituantuan", extension="json", stamped=True),
    "kuaituantuan__sheet_orders": Form("sheet_orders", "kuaituantuan", extension="xlsx", first=2),
    "wechat_pay__personal_bills": Form("personal_bill", "wechat_pay", extension="csv", first=18),
    "wechat_channels__videos": Form("videos", "wechat_channels", extension="csv", first=2, stamped=True),
    "xiaohongshu__notes": Form("notes", "xiaohongshu", extension="xlsx", first=3),
    "tencent_ads__daily": Form("gbk_table", "ads", extension="csv", first=2, stamped=True),
    "oceanengine__daily": Form("ocean", "ads", extension="csv", first=2, stamped=True),
    "wechat_channels__live_sessions": Form("live", "wechat_channels", "live"),
    "wechat_official__articles": Form("articles", "wechat_official", "articles", extension="json"),
    "weiban__check_ins": Form("check_ins", "weiban", "check_ins", extension="json"),
    "wenjuanxing__answers": Form("answers", "wenjuanxing", extension="xlsx"),
    "xiaoetong__learning": Form("bom_table", "xiaoetong", extension="csv", first=2, stamped=True),
    "referral__records": Form("gb18030_table", "referral", extension="csv", first=2, stamped=True),
    "scrm__link_clicks": Form("lines", "scrm", "clicks"),
    "scrm__campaign_reach": Form("utf8_table", "scrm", extension="csv", first=2, stamped=True),
    "scrm__content_items": Form("utf8_table", "scrm", extension="csv", first=2, stamped=True),
    "scrm__content_daily": Form("utf8_table", "scrm", extension="csv", first=2, stamped=True),
    "scrm__customer_demographics": Form("utf8_table", "scrm", extension="csv", first=2, stamped=True),
    "manual__communities": _sheet(4),
    "manual__channels": _sheet(4),
    "manual__member_roles": _sheet(4),
    "manual__costs": _sheet(4),
    "manual__products": _sheet(4),
    "manual__campaigns": _sheet(4),
    "manual__campaign_phases": _sheet(4),
    "manual__courses": _sheet(4),
    "manual__surveys": _sheet(4),
    "manual__targets": _sheet(4),
    "manual__profiling_choices": _sheet(4),
}
ENDINGS = {".zip", *(f".{form.extension}" for form in FORMS.values())}
YOUZAN_XLSX_FROM = 2026  # orders of this year and later are exported as workbooks


@lru_cache(maxsize=65_536)
def source_file(export: str, stem: str, made: int) -> str:
    """``_source_file`` of the file ``stem`` of an export that was made at ``made`` (epoch seconds)."""
    form = FORMS[export]
    extension, stamped = form.extension, form.stamped
    if export == "youzan__orders" and stem.startswith(f"orders_{YOUZAN_XLSX_FROM}"):
        # a workbook says in its properties when it was made
        extension, stamped, stem = "xlsx", False, f"{stem}_{local_date(made):%m%d}"
    if stamped:
        stem += "_" + "".join(c for c in stamp(made) if c.isdigit())
    name = f"{stem}.{extension}"
    return f"{form.folder}/{form.pack}_{local_date(made):%Y%m}.zip/{name}" if form.pack else f"{form.folder}/{name}"


class Lines:
    """Numbers the rows of one export and adds the three lineage columns."""

    def __init__(self, export: str) -> None:
        self._export, self._first = export, FORMS[export].first
        self._next: dict[str, int] = {}

    def tag(self, stem: str, made: int, row: int | None = None) -> tuple[str, str, str]:
        """Lineage of the next row of a file; ``row`` where the number does not follow the order."""
        source = source_file(self._export, stem, made)
        number = self._next.get(source, self._first) if row is None else row
        self._next[source] = number + 1
        return source, str(number), stamp(made)
