"""Writers of the export files. Every value is text, blank is the empty string.

Row order inside a file is the order of the export, with the disturbances real exports have (double
and late deliveries of callbacks, repeated order files).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from kpi.generate.clock import DAY, HOUR, local_date, midnight, next_month, stamp, stamp_minutes
from kpi.generate.commerce import Commerce, youzan_done, youzan_status
from kpi.generate.files import Lines
from kpi.generate.names import PRODUCTS
from kpi.generate.world import DISSOLVED, CustomerRow, World

META = ("_source_file", "_source_row", "_exported_at")
BATCH = 65_536

COLUMNS: dict[str, tuple[str, ...]] = {
    "wecom__group_chats": ("chat_id", "name", "owner", "create_time", "status", "member_version"),
    "wecom__group_members": (
        "chat_id", "userid", "type", "unionid", "join_time", "join_scene", "state", "invitor",
    ),
    "wecom__group_events": (
        "CreateTime", "ChatId", "ChangeType", "UpdateDetail", "JoinScene", "QuitScene",
        "MemChangeCnt", "MemChangeList", "LastMemVer", "CurMemVer",
    ),
    "wecom__customers": (
        "external_userid", "type", "unionid", "follow_userid", "createtime", "add_way", "state",
        "remark_mobiles",
    ),
    "wecom__staff": ("userid", "department", "position", "status"),
    "wecom__messages": (
        "msgid", "seq", "action", "from", "roomid", "msgtime", "msgtype", "pre_msgid",
        "switch_time", "voice_seconds", "text_length", "content_hash", "is_solitaire",
        "is_stop_phrase", "terms", "polarity",
    ),
    "scrm__link_clicks": ("external_userid", "chat_id", "click_time", "link_id", "link_type"),
    "youzan__orders": (
        "订单号", "订单状态", "订单类型", "订单创建时间", "买家付款时间", "交易成功时间",
        "商品金额合计", "运费", "店铺优惠合计", "应收订单金额", "订单实付金额", "全部商品名称",
        "商品种类数", "推广方式", "买家手机号", "订单退款状态", "订单已退款金额", "团长订单",
    ),
    "wechat_store__orders": (
        "order_id", "openid", "unionid", "status", "create_time", "pay_time", "update_time",
        "product_price", "freight", "discounted_price", "order_price",
    ),
    "wechat_store__order_lines": (
        "order_id", "product_id", "sku_id", "title", "sku_cnt", "sale_price", "real_price",
        "is_free_gift", "on_aftersale_sku_cnt", "finish_aftersale_sku_cnt",
    ),
    "kuaituantuan__activities": (
        "activity_no", "activity_title", "status", "start_at", "end_at", "min_participants", "goods_external_id",
        "chat_id",
    ),
    "kuaituantuan__orders": (
        "order_sn", "activity_no", "participate_no", "supply_activity_no", "supply_participate_no", "is_supplier",
        "help_sell_open_id", "open_id", "order_amount", "shipping_amount", "discount_amount",
        "platform_discount_amount", "theoretical_refund_amount", "after_sales_status", "cancel_status",
        "mall_activity_type", "confirm_at", "updated_at",
    ),
    "kuaituantuan__order_lines": (
        "order_sn", "sub_order_sn", "goods_external_id", "goods_name", "goods_number", "goods_price", "goods_amount",
        "already_cancel_number", "is_gift",
    ),
    "youzan__order_lines": (
        "订单号", "商品编码", "商品名称", "商品类型", "商品单价", "商品数量", "商品优惠后金额",
    ),
    "wechat_pay__trade_bills": (
        "交易时间", "微信订单号", "商户订单号", "用户标识", "交易类型", "交易状态", "应结订单金额", "代金券金额",
        "微信退款单号", "商户退款单号", "退款金额", "退款类型", "退款状态", "商品名称", "手续费", "费率", "订单金额",
        "申请退款金额",
    ),
    "wechat_pay__bill_totals": (
        "总交易单数", "应结订单总金额", "退款总金额", "手续费总金额", "订单总金额", "申请退款总金额",
    ),
    "youzan__coupon_uses": (
        "优惠券编号", "优惠券名称", "领取时间", "使用时间", "核销订单号", "优惠金额", "买家手机号",
    ),
    "wechat_channels__live_sessions": (
        "export_id", "create_time", "end_time", "impression_uv", "new_watch_uv", "cumulative_audience_count",
        "max_online_watch_uv", "average_watch_seconds_per_audience", "comment_uv", "sharing_uv", "new_follow_uv",
        "new_comment_count", "like_count", "sharing_count", "total_clk_uv", "total_create_uv", "total_pay_pv",
        "total_pay_uv", "total_gmv", "refund_amount",
    ),
    "manual__courses": ("course_id", "课程名称", "体验群", "会员群", "开课日期", "结课日期"),
    "xiaoetong__learning": (
        "course_id", "user_key", "enroll_type", "enrolled_at", "lessons_total", "lessons_finished", "finished_at",
    ),
    "manual__campaign_phases": ("campaign_id", "阶段", "开始时间", "结束时间"),
    "scrm__campaign_reach": ("campaign_id", "external_userid", "action", "action_time"),
    "tencent_ads__daily": (
        "date", "adgroup_id", "adgroup_name", "view_count", "view_user_count",
        "valid_click_count", "cost", "conversions_count",
    ),
    "oceanengine__daily": ("时间-天", "项目ID", "项目名称", "展示数", "点击数", "转化数", "消耗"),
    "wecom__acquisition_links": (
        "link_id", "link_name", "stat_time", "click_link_customer_cnt", "new_customer_cnt",
    ),
    "referral__records": ("inviter", "invitee", "invite_code", "invited_at", "status"),
    "manual__communities": (
        "chat_id", "community_name", "community_type", "community_family", "promo_code",
    ),
    "manual__channels": (
        "state", "channel_id", "channel_name", "channel_type", "source_system", "source_id",
        "chat_id",
    ),
    "manual__member_roles": ("member_key", "role"),
    "manual__costs": (
        "费用编号", "开始日期", "结束日期", "费用类型", "社群", "渠道", "活动", "金额", "备注",
    ),
    "manual__products": ("product_id", "商品名称", "类目", "商品角色", "单位成本"),
    "manual__campaigns": (
        "campaign_id", "活动名称", "活动类型", "chat_id", "开始时间", "结束时间",
    ),
    # what people do besides talking, and the staff side: engagement.py, staffing.py
    "wecom__polls": ("msgid", "from", "roomid", "msgtime", "voteid", "votetype"),
    "wecom__red_packets": (
        "msgid", "from", "roomid", "msgtime", "msgtype", "type", "totalcnt", "totalamount",
    ),
    "weiban__check_ins": (
        "activity_id", "chat_id", "external_userid", "last_check_in_time", "total_days",
        "succession_days", "phase",
    ),
    "scrm__content_items": (
        "content_id", "标题", "内容类型", "author", "chat_id", "campaign_id", "是否晒单", "published_at",
    ),
    "scrm__content_daily": (
        "stat_date", "content_id", "view_cnt", "click_cnt", "comment_cnt", "like_cnt", "share_cnt",
    ),
    "wechat_official__articles": (
        "ref_date", "msgid", "title", "stat_date", "read_user", "share_user", "like_user",
        "zaikan_user", "comment_count", "collection_user",
    ),
    "wenjuanxing__answers": (
        "问卷编号", "序号", "提交答卷时间", "所用时间", "来源", "客户", "题号", "答案",
    ),
    "manual__surveys": (
        "问卷编号", "问卷名称", "社群", "发放日期", "发放份数", "满意度题号", "推荐题号",
    ),
    "wecom__contact_statistics": (
        "userid", "stat_time", "new_apply_cnt", "new_contact_cnt", "chat_cnt", "message_cnt",
        "reply_percentage", "avg_reply_time", "negative_feedback_cnt",
    ),
    "wecom__group_statistics": (
        "owner", "stat_time", "new_chat_cnt", "chat_total", "chat_has_msg", "new_member_cnt",
        "member_total", "member_has_msg", "msg_total",
    ),
    "manual__targets": ("目标编号", "指标", "周期", "周期开始", "目标值", "社群", "员工"),
    "scrm__customer_demographics": ("external_userid", "age_band", "gender", "region"),
    "wechat_channels__videos": (
        "视频描述", "视频ID", "发布时间", "完播率", "平均播放时长", "播放量", "推荐", "喜欢", "评论量", "分享量",
        "关注量",
        "转发聊天和朋友圈", "设为铃声", "设为状态", "设为朋友圈封面", "企微链接点击次数", "企微链接点击人数",
        "添加到通讯录次数",
        "添加到通讯录人数",
    ),
    "xiaohongshu__notes": (
        "笔记标题", "首次发布时间", "体裁", "曝光", "观看量", "封面点击率", "点赞", "评论", "收藏", "涨粉", "分享",
        "人均观看时长",
        "弹幕",
    ),
    "wechat_pay__personal_bills": (
        "交易时间", "交易类型", "收/支", "金额(元)", "支付方式", "当前状态", "交易单号", "商户单号",
    ),
    "kuaituantuan__sheet_orders": (
        "跟团号", "支付时间", "订单金额", "退款金额", "订单状态", "商品", "商品种类数", "自提点", "联系电话",
    ),
    "wecom__consents": ("external_userid", "chat_id", "agree_status", "status_change_time"),
    "manual__profiling_choices": ("客户", "选择", "生效日期", "备注"),
}  # fmt: skip

# Rows that a correct staging layer sets aside, each placed once. (Message cases: messages.py.)
QUARANTINE = (
    # UpdateDetail outside the list the platform documents
    ("wecom__group_events", "UpdateDetail = change_avatar"),
    # a callback whose group id was lost on the way
    ("wecom__group_events", "ChatId blank"),
    # msgtime 0 as in the platform's own image sample, would be 1970-01-01
    ("wecom__messages", "msgtime = 0"),
    # codes outside the lists of the formats
    ("kuaituantuan__activities", "status = 15"),
    ("kuaituantuan__orders", "after_sales_status = 5"),
    ("youzan__order_lines", "商品类型 = 服务商品"),
    ("xiaoetong__learning", "enroll_type = gift"),
    ("scrm__campaign_reach", "action = share"),
    # an amount that was described, not entered
    ("youzan__coupon_uses", "优惠金额 = 满100减10"),
)


class Sink:
    """One export file, csv or parquet, all columns text. Use as a context manager."""

    def __init__(self, folder: Path, name: str, fmt: str) -> None:
        self.columns = (*COLUMNS[name], *META)
        self.schema = pa.schema([(c, pa.string()) for c in self.columns])
        self.path = folder / f"{name}.{fmt}"
        self.rows = 0
        self._fmt = fmt
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = 0
        self._arrow: pacsv.CSVWriter | pq.ParquetWriter
        if fmt == "csv":
            self._file = self.path.open("wb")
            self._file.write((",".join(self.columns) + "\n").encode())
            self._arrow = pacsv.CSVWriter(
                self._file,
                self.schema,
                write_options=pacsv.WriteOptions(include_header=False, quoting_style="none"),
            )
        else:
            self._arrow = pq.ParquetWriter(self.path, self.schema, compression="zstd")

    def write_batch(self, arrays: Sequence[pa.Array]) -> None:
        """Append string arrays, one per column, none of whose values needs quoting in csv."""
        batch = pa.record_batch(list(arrays), schema=self.schema)
        self.rows += batch.num_rows
        self._pending.append(batch)
        self._pending_rows += batch.num_rows
        if self._pending_rows >= BATCH:
            self._flush()

    def write_rows(self, rows: Iterable[Sequence[str]]) -> None:
        """Append rows of text."""
        if self._fmt == "csv":
            text = _Lines(self._file)
            writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
            for row in rows:
                writer.writerow(row)
                self.rows += 1
            text.flush()
            return
        block: list[Sequence[str]] = []
        for row in rows:
            block.append(row)
            if len(block) == BATCH:
                self._block(block)
                block = []
        if block:
            self._block(block)

    def _block(self, block: list[Sequence[str]]) -> None:
        self.write_batch([pa.array(c, pa.string()) for c in zip(*block, strict=True)])

    def _flush(self) -> None:
        if self._pending_rows:
            table = pa.Table.from_batches(self._pending, self.schema)
            self._arrow.write_table(table.combine_chunks())
            self._pending, self._pending_rows = [], 0

    def __enter__(self) -> Sink:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if kind is None:
            self._flush()
        self._arrow.close()
        if self._fmt == "csv":
            self._file.close()


class _Lines:
    """Text to binary adapter with a small buffer."""

    def __init__(self, raw) -> None:
        self._raw, self._parts, self._size = raw, [], 0

    def write(self, text: str) -> None:
        self._parts.append(text)
        self._size += len(text)
        if self._size > 1 << 20:
            self.flush()

    def flush(self) -> None:
        self._raw.write("".join(self._parts).encode())
        self._parts, self._size = [], 0


def yuan(fen: int, comma: bool = False) -> str:
    """``1234.50`` (or ``1,234.50``) of fen."""
    return f"{fen // 100:,}.{fen % 100:02d}" if comma else f"{fen // 100}.{fen % 100:02d}"


def write_exports(w: World, c: Commerce, folder: Path) -> dict[str, int]:
    """Write every export that needs no message into ``folder``. Returns rows per export name."""
    from kpi.generate.shop_exports import shop_makers

    makers = {
        "wecom__group_chats": _group_chats(w),
        "wecom__group_members": _group_members(w),
        "wecom__group_events": _group_events(w),
        "wecom__customers": _customer_rows(w),
        "wecom__staff": _staff_rows(w),
        "scrm__link_clicks": _click_rows(w, c),
        "youzan__orders": _youzan_rows(w, c),
        "wechat_store__orders": _store_rows(w, c),
        "wechat_store__order_lines": _line_rows(w, c),
        "tencent_ads__daily": _tencent_rows(w, c),
        "oceanengine__daily": _ocean_rows(w, c),
        "wecom__acquisition_links": _link_rows(w),
        "referral__records": _referral_rows(w, c),
        "manual__communities": _community_rows(w),
        "manual__channels": _channel_rows(w),
        "manual__member_roles": _role_rows(w),
        "manual__costs": _cost_rows(w, c),
        "manual__products": _product_rows(w),
        "manual__campaigns": _campaign_rows(w, c),
        **shop_makers(w, c),
    }
    return write_tables(folder, w.cfg.fmt, makers)


def write_tables(folder: Path, fmt: str, makers: dict[str, Iterator[Row]]) -> dict[str, int]:
    """Write one export per entry into ``folder``. Returns rows per export name."""
    counts: dict[str, int] = {}
    for name, rows in makers.items():
        with Sink(folder, name, fmt) as sink:
            sink.write_rows(rows)
        counts[name] = sink.rows
    return counts


Row = tuple[str, ...]


def read_rows(folder: Path, name: str, fmt: str) -> list[dict[str, str]]:
    """Rows of an export that was written into ``folder``, by column."""
    if fmt == "parquet":
        return pq.read_table(folder / f"{name}.{fmt}").to_pylist()
    with (folder / f"{name}.{fmt}").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _version_text(comm: int, number: int) -> str:
    """Member version of a group after ``number`` changes."""
    return f"v{(comm * 7_368_787 + number * 2_654_435_761) % 4_294_967_296:08x}"


def _group_chats(w: World) -> Iterator[Row]:
    num = Lines("wecom__group_chats")
    for t in w.cfg.snapshot_times():
        source = f"groups_{local_date(t):%Y%m%d}"
        for c in w.communities:
            if c.exists_at(t):
                changes = int(((w.comm == c.idx) & (w.t_in < t)).sum())
                changes += int(((w.comm == c.idx) & (w.t_out < t)).sum())
                status = "3" if c.idx == 5 and t > w.cfg.h0 + 60 * DAY else "0"
                yield (
                    c.chat_id, c.group_name, w.staff[c.owner], str(c.created), status,
                    _version_text(c.idx, changes), *num.tag(source, t),
                )  # fmt: skip


def snapshot_rows(w: World, t: int) -> np.ndarray:
    """(n,) stay row numbers that a member list pull at ``t`` returns, by group then join."""
    alive = np.array([c.exists_at(t) for c in w.communities])
    rows = np.flatnonzero((w.t_in < t) & (w.t_out > t) & alive[w.comm])
    return rows[np.lexsort((w.person[rows], w.t_in[rows], w.comm[rows]))]


def _group_members(w: World) -> Iterator[Row]:
    num = Lines("wecom__group_members")
    staff: dict[int, list[tuple[str, int]]] = {}
    for comm, key, t in w.staff_in:
        staff.setdefault(comm, []).append((key, t))
    states = [ch.state for ch in w.channels]
    for t in w.cfg.snapshot_times():
        source = f"groups_{local_date(t):%Y%m%d}"
        before = -1
        rows = snapshot_rows(w, t)
        for i in [*rows.tolist(), -1]:
            comm = int(w.comm[i]) if i >= 0 else len(w.communities)
            while before < comm:
                before += 1
                if before < len(w.communities) and w.communities[before].exists_at(t):
                    chat = w.communities[before].chat_id
                    for key, joined in staff[before]:
                        if joined < t:
                            kind = "1" if key.startswith("st_") else "2"
                            yield (
                                chat, key, kind, "", str(joined), "1", "",
                                w.staff[w.communities[before].owner], *num.tag(source, t),
                            )  # fmt: skip
            if i < 0:
                break
            p, s, inv = int(w.person[i]), int(w.state[i]), int(w.invitor[i])
            yield (
                w.communities[comm].chat_id,
                w.wm[p],
                "2",
                w.un[p] if w.union_members[p] else "",
                str(int(w.t_in[i])),
                str(int(w.scene[i])),
                states[s] if s >= 0 else "",
                w.staff[inv] if inv >= 0 else "",
                *num.tag(source, t),
            )


def _group_events(w: World) -> Iterator[Row]:
    """Callbacks, grouped: changes of one group, second and kind travel in one callback."""
    h0, end = w.cfg.h0, w.cfg.end
    changes: dict[tuple[int, int, str, str, str, bool, bool], list[str]] = {}

    def change(t, comm, detail, join, quit_, lost, blank, key) -> None:
        slot = (t, comm, detail, join, quit_, lost, blank)
        changes.setdefault(slot, []).append(key)

    for i in range(w.person.size):
        key, comm = w.wm[int(w.person[i])], int(w.comm[i])
        if h0 <= w.t_in[i] < end:
            join = "3" if w.scene[i] == 3 else "0"
            change(int(w.t_in[i]), comm, "add_member", join, "",
                   bool(w.lost_in[i]), bool(w.blank_in[i]), key)  # fmt: skip
        if h0 <= w.t_out[i] < end and w.quit[i] != DISSOLVED:
            change(int(w.t_out[i]), comm, "del_member", "", str(int(w.quit[i])),
                   bool(w.lost_out[i]), bool(w.blank_out[i]), key)  # fmt: skip
    for p, comm, t, quit_ in w.extra_leaves:
        change(t, comm, "del_member", "", str(quit_), False, False, w.wm[p])
    for comm, key, t in w.staff_in:
        if t >= h0:
            change(t + (1 if t == w.communities[comm].created else 0), comm, "add_member", "0", "",
                   False, False, key)  # fmt: skip
    # one operator leaves a group and comes back, a bot is replaced
    helper = w.staff[(w.communities[0].owner + 1) % w.n_staff]
    change(h0 + 20 * DAY + 15 * HOUR, 0, "del_member", "", "0", False, False, helper)
    change(h0 + 24 * DAY + 10 * HOUR, 0, "add_member", "0", "", False, False, helper)
    change(h0 + 9 * DAY + 11 * HOUR, 1, "del_member", "", "1", False, False, w.bots[1])
    change(h0 + 9 * DAY + 12 * HOUR, 1, "add_member", "0", "", False, False, w.bots[1])

    other: list[tuple[int, int, str, str]] = []
    for c in w.communities:
        if c.created >= h0:
            other.append((c.created, c.idx, "create", ""))
        if c.dismissed < end:
            other.append((c.dismissed, c.idx, "dismiss", ""))
        if c.kind != "flash":
            base = max(h0, c.created) + (3 + c.idx % 7) * DAY + 14 * HOUR + c.idx
            for k, detail in enumerate(("change_notice", "change_name", "change_owner")):
                t = base + k * 11 * DAY
                if t < end and (c.idx + k) % 3 != 1:
                    other.append((t, c.idx, "update", detail))
    other.append((h0 + 12 * DAY + 10 * HOUR + 7, 0, "update", "change_avatar"))
    w.note("unknown UpdateDetail", f"change_avatar at {h0 + 12 * DAY + 10 * HOUR + 7}")

    # blank lists never carry several people of which one is known otherwise
    flow = [(*slot, tuple(keys)) for slot, keys in changes.items()]
    flow += [(t, comm, detail, kind, "", False, False, ()) for t, comm, kind, detail in other]
    flow.sort(key=lambda f: (f[0], f[1], f[2] != "create", f[2], f[3], f[4], f[5], f[6]))
    version = [0] * len(w.communities)
    rows: list[tuple[int, list[str]]] = []
    lost = 0
    for t, comm, detail, join, quit_, is_lost, blank, keys in flow:
        last = version[comm]
        if keys:
            version[comm] += 1
        if is_lost:
            lost += 1
            continue
        plain = not keys
        rows.append((t, [
            str(t),
            w.communities[comm].chat_id,
            join if plain else "update",
            detail,
            "" if plain else join,
            quit_,
            str(len(keys)) if keys else "0" if join == "update" else "",
            "" if blank else ",".join(keys),
            _version_text(comm, last) if join != "create" else "",
            _version_text(comm, version[comm]),
        ]))  # fmt: skip
    w.note("lost callbacks", f"{lost} member changes are in no callback")
    blank_chat = list(rows[len(rows) // 3][1])
    blank_chat[1] = ""
    rows.insert(len(rows) // 3 + 1, (rows[len(rows) // 3][0], blank_chat))
    w.note("callback with blank ChatId", f"CreateTime {blank_chat[0]} (copy of the row before)")

    rng = w.cfg.rng("events")
    late = rng.random(len(rows))
    keyed = []
    for i, (t, row) in enumerate(rows):
        delay = int(late[i] * 1e7) % 5400 if late[i] < 0.02 else 0  # out of order
        keyed.append((t + delay, i, 0, row))
        if 0.5 < late[i] < 0.515:  # delivered twice
            keyed.append((t + 30 + i % 400, i, 1, row))
    keyed.sort(key=lambda k: k[:3])
    w.note("callbacks delivered twice", f"{sum(k[2] for k in keyed)} rows")
    num = Lines("wecom__group_events")
    for when, _, twice, row in keyed:
        t = int(row[0])
        month = local_date(min(when, end - 2 * HOUR - 1)).replace(day=1)
        made = min(midnight(next_month(month)) + 3 * HOUR, end)
        if twice and t % 2 and made < end - DAY:
            made += DAY
        yield (*row, *num.tag(f"callbacks_{month:%Y%m}", made))


def _by_customer(w: World) -> list[CustomerRow]:
    """Rows of each pull, those that one call returned together: the followers of one customer."""
    calls: dict[tuple[int, int, bool, int], list[CustomerRow]] = {}
    for r in w.customers:  # a call of another app may return the same customer without a unionid
        calls.setdefault((r.pull, r.person, r.unionid, r.kind), []).append(r)
    return [r for call in calls.values() for r in call]


def _customer_rows(w: World) -> Iterator[Row]:
    num = Lines("wecom__customers")
    pulls = (w.cfg.h0 + (w.cfg.days // 2) * DAY + 2 * HOUR, w.cfg.end)
    phone: dict[int, str] = {}
    for r in _by_customer(w):
        for raw in r.phones:
            if raw not in phone:
                phone[raw] = w.keys.key("ph", raw)
        yield (
            w.wm[r.person],
            str(r.kind),
            w.un[r.person] if r.unionid else "",
            w.staff[r.follower],
            str(r.created),
            str(r.add_way),
            r.state,
            json.dumps([phone[x] for x in r.phones]),
            *num.tag(f"customers_{local_date(pulls[r.pull]):%Y%m%d}", pulls[r.pull]),
        )


def _staff_rows(w: World) -> Iterator[Row]:
    num = Lines("wecom__staff")
    for i, key in enumerate(w.staff):
        status = "5" if i == w.n_staff - 1 else "2" if i == w.n_staff - 2 else "1"
        position = "店长" if i % 5 == 0 else "社群运营"
        yield key, f"华{'东南北'[i % 3]}社群部", position, status, *num.tag("contacts", w.cfg.end)


def _click_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("scrm__link_clicks")
    for k in c.clicks:
        month = local_date(k.at_ms // 1000).replace(day=1)
        made = min(midnight(next_month(month)) + 3 * HOUR, w.cfg.end)
        yield (
            w.wm[k.person], w.communities[k.comm].chat_id, str(k.at_ms), k.link_id, k.link_type,
            *num.tag(f"clicks_{month:%Y%m}", made),
        )  # fmt: skip


def buyer_phone(w: World, buyer: int) -> str:
    """Phone key of a buyer; outsiders (negative) have numbers nobody else has."""
    return w.keys.key("ph", buyer if buyer >= 0 else f"out{-buyer}")


def _youzan_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("youzan__orders")
    for v in c.versions:
        o = v.order
        if o.system != "youzan":
            continue
        done = youzan_done(v)
        full = v.refunded and v.refunded >= o.amount
        yield (
            o.number,
            youzan_status(v),
            o.kind,
            stamp(o.created),
            stamp(v.paid) if v.paid is not None else o.blank,
            stamp(done) if done is not None else o.blank,
            yuan(o.goods, True),
            yuan(o.freight),
            yuan(o.discount),
            yuan(o.amount, True),
            yuan(o.amount, True),
            o.titles,
            str(o.kinds),
            o.promo,
            buyer_phone(w, o.buyer),
            "全额退款" if full else "部分退款" if v.refunded else o.blank,
            yuan(v.refunded) if v.refunded or o.kinds > 1 else o.blank,
            "否",
            *num.tag(v.stem, v.exported),
        )


def _store_keys(w: World, buyer: int, unionid: bool) -> tuple[str, str]:
    raw: int | str = buyer if buyer >= 0 else f"out{-buyer}"
    shown = unionid and (buyer < 0 or bool(w.union[buyer]))
    return w.keys.key("op", raw), w.keys.key("un", raw) if shown else ""


def _store_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("wechat_store__orders")
    for v in c.versions:
        o = v.order
        if o.system != "store":
            continue
        openid, unionid = _store_keys(w, o.buyer, o.unionid)
        yield (
            o.number, openid, unionid, str(v.status), str(o.created),
            str(v.paid) if v.paid is not None else "", str(v.updated), str(o.goods),
            str(o.freight), str(o.discount), str(o.amount), *num.tag(v.stem, v.exported),
        )  # fmt: skip


def _line_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("wechat_store__order_lines")
    for v in c.versions:
        o = v.order
        if o.system != "store":
            continue
        for k, x in enumerate(o.lines):
            back = x.returned if x.returned_at <= v.exported else 0
            waiting = 0
            if not back and x.returned and x.returned_at - 2 * DAY <= v.exported:
                waiting = x.returned
            if o.full_refund <= v.exported:
                back, waiting = x.count, 0
            yield (
                o.number, f"P{x.product + 1:03d}", f"P{x.product + 1:03d}-{k % 2 + 1}",
                PRODUCTS[x.product][0], str(x.count), str(x.price), str(x.real),
                "1" if x.gift else "0", str(waiting), str(back), *num.tag(v.stem, v.exported),
            )  # fmt: skip


def _month_made(w: World, day: date) -> tuple[date, int]:
    month = day.replace(day=1)
    return month, min(midnight(next_month(month)) + 9 * HOUR, w.cfg.end)


def _tencent_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("tencent_ads__daily")
    rows = [a for a in c.ads if a.users is not None]
    for a in sorted(rows, key=lambda a: (a.day, a.channel)):
        ch = w.channels[a.channel]
        month, made = _month_made(w, a.day)
        yield (
            a.day.isoformat(), ch.source_id, f"{ch.channel_name}-{ch.state}", str(a.views),
            str(a.users), str(a.clicks), str(a.cost), str(a.conversions or 0),
            *num.tag(f"tencent_{month:%Y%m}", made),
        )  # fmt: skip


def _ocean_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("oceanengine__daily")
    months: dict[date, list] = {}
    for a in sorted((a for a in c.ads if a.users is None), key=lambda a: (a.day, a.channel)):
        months.setdefault(a.day.replace(day=1), []).append(a)
    for month, rows in months.items():
        made = min(midnight(next_month(month)) + 9 * HOUR, w.cfg.end)
        source = f"ocean_{month:%Y%m}"
        for a in rows:
            ch = w.channels[a.channel]
            yield (
                a.day.isoformat(), ch.source_id, f"{ch.channel_name}-{ch.state}", str(a.views),
                str(a.clicks), "-" if a.conversions is None else str(a.conversions),
                yuan(a.cost, True), *num.tag(source, made),
            )  # fmt: skip


def _link_rows(w: World) -> Iterator[Row]:
    num = Lines("wecom__acquisition_links")
    rng = w.cfg.rng("channels")
    links = [ch for ch in w.channels if ch.system == "wecom_link"]
    for d in range(w.cfg.days):
        day = w.cfg.start + timedelta(days=d)
        month, made = _month_made(w, day)
        for ch in links:
            seen = int(rng.poisson(9))
            yield (
                ch.source_id, f"{ch.channel_name}-{ch.state}", str(midnight(day)), str(seen),
                str(int(rng.binomial(seen, 0.3))), *num.tag(f"links_{month:%Y%m}", made),
            )  # fmt: skip


def _referral_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("referral__records")
    for r in c.referrals:
        yield (
            r.inviter, w.wm[r.invitee], r.code, stamp_minutes(r.at, "/"), r.status,
            *num.tag("referral", w.cfg.end),
        )  # fmt: skip


def _community_rows(w: World) -> Iterator[Row]:
    num = Lines("manual__communities")
    for c in w.communities:
        yield (c.chat_id, c.name, c.kind, c.family, c.promo, *num.tag("communities", w.cfg.end))


def _channel_rows(w: World) -> Iterator[Row]:
    num = Lines("manual__channels")
    for ch in w.channels:
        yield (
            ch.state, ch.channel_id, ch.channel_name, ch.channel_type, ch.system, ch.source_id,
            w.communities[ch.community].chat_id if ch.community >= 0 else "",
            *num.tag("channels", w.cfg.end),
        )  # fmt: skip


def _role_rows(w: World) -> Iterator[Row]:
    num = Lines("manual__member_roles")
    for p in sorted(w.roles):
        yield w.wm[p], w.roles[p], *num.tag("roles", w.cfg.end)


def _cost_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("manual__costs")

    def day(d: date) -> str:
        return f"{d.year}/{d.month}/{d.day}"

    for x in c.costs:
        whole = x.amount % 100 == 0 and x.amount < 100_000
        yield (
            x.number, day(x.first), day(x.last), x.kind,
            w.communities[x.comm].chat_id if x.comm >= 0 else "——", x.channel_id or "——",
            x.campaign or "——",
            str(x.amount // 100) if whole else f"¥{yuan(x.amount, True)}", x.note,
            *num.tag("costs", w.cfg.end),
        )  # fmt: skip


def _product_rows(w: World) -> Iterator[Row]:
    num = Lines("manual__products")
    for k, (name, category, role, _, cost) in enumerate(PRODUCTS):
        yield (
            f"P{k + 1:03d}", name, category, role if role != "赠品" else "引流", cost,
            *num.tag("products", w.cfg.end),
        )  # fmt: skip


def _campaign_rows(w: World, c: Commerce) -> Iterator[Row]:
    num = Lines("manual__campaigns")
    for x in c.campaigns:
        yield (
            x.campaign_id, x.name, x.kind, w.communities[x.comm].chat_id if x.comm >= 0 else "",
            stamp_minutes(x.start), stamp_minutes(x.end), *num.tag("campaigns", w.cfg.end),
        )  # fmt: skip
