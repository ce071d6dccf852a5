"""Multiplies a folder of Parquet exports: several shops, each with people, communities and orders of its own.

usage: python bench/copies.py FOLDER COPIES

Beside each FOLDER/<export>/<name>.parquet stand <name>_1.parquet and so on afterwards, whose keys end with x1 and so
on, so that nobody and nothing is in two of them. Each copy has the days, texts and habits of the first: it says what
more of the same costs, and not how another shop would be. Generating 50 million messages takes most of an hour, this
minutes. What belongs to no community (products, posts, totals of bills) is there once.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

ONCE = frozenset(
    {
        *("manual__products", "wechat_channels__live_sessions", "wechat_channels__videos", "wechat_official__articles"),
        *("wechat_pay__bill_totals", "xiaohongshu__notes"),
    }
)
# columns of keys: communities and people, messages and orders and bills, what is organised
NAMES = """
ChatId chat_id roomid 会员群 体验群 社群
author external_userid follow_userid from help_sell_open_id invitee inviter invitor member_key open_id openid owner
unionid user_key userid 买家手机号 员工 客户 用户标识 联系电话
msgid pre_msgid voteid order_id order_sn sub_order_sn 交易单号 优惠券编号 商户单号 商户订单号 商户退款单号
微信订单号 微信退款单号 核销订单号 订单号 跟团号
activity_id activity_no adgroup_id campaign_id channel_id content_id course_id link_id promo_code source_id state
supply_activity_no 推广方式 活动 渠道 目标编号 问卷编号 费用编号 项目ID
"""
KEYS = frozenset(NAMES.split())
LISTS = frozenset({"MemChangeList", "remark_mobiles"})


def told_apart(column: str, copy: int) -> str | None:
    """SQL of a cell of a copy, none where it is that of the first: cells that say "nothing" get no ending."""
    name = f'"{column}"'
    if column in KEYS:
        return f"case when regexp_matches({name}, '[0-9A-Za-z]') then {name} || 'x{copy}' else {name} end as {name}"
    if column in LISTS:
        return f"regexp_replace({name}, '([a-z]{{2}}_[0-9A-Za-z]+)', '\\1x{copy}', 'g') as {name}"
    return None


def multiply(folder: Path, copies: int) -> None:
    """Write the copies of every file but those that are there once."""
    db = duckdb.connect(config={"threads": 2, "memory_limit": "1500MB", "temp_directory": f"{folder}.tmp"})
    for file in sorted(folder.glob("*/*.parquet")):
        if file.parent.name in ONCE or "_" in file.stem:
            continue
        columns = [row[0] for row in db.execute(f"describe select * from '{file}'").fetchall()]
        for copy in range(1, copies):
            changed = ", ".join(filter(None, (told_apart(column, copy) for column in columns)))
            target = file.with_stem(f"{file.stem}_{copy}")
            rows = f"select * replace ({changed}) from '{file}'" if changed else f"from '{file}'"
            db.execute(f"copy ({rows}) to '{target}' (compression zstd)")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    multiply(Path(sys.argv[1]), int(sys.argv[2]))
