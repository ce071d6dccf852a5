"""Inputs that nobody thought of: the decoders end or refuse, lose nothing, and their accounts add up.

Files are made of real records, cut, joined and damaged, and of anything at all. ``ingesting.read`` checks of each that
the account adds up and that every row it counts was handed out.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingesting import Result, json_text, read

from kpi.ingest.limits import Limits, Refused
from kpi.ingest.sources import Source

LIMITS = Limits(max_cell=5000, max_record=20_000)
QUICK = settings(
    derandomize=True, deadline=None, database=None, max_examples=60, suppress_health_check=list(HealthCheck)
)

LINK = {"external_userid": "wmA", "chat_id": "群", "click_time": 1761933046807, "link_id": "lk1", "link_type": "live"}
MESSAGE = {"seq": 1, "msgid": "m1", "action": "send", "from": "wmA", "roomid": "wrA", "msgtime": 1761926400000}
REAL = [
    LINK,
    {**MESSAGE, "msgtype": "text", "text": {"content": "面膜好"}},
    {**MESSAGE, "msgtype": "mixed", "mixed": {"item": [{"type": "text", "content": '{"content":"好"}'}]}},
    {**MESSAGE, "msgtype": "vote", "vote": {"voteid": "v", "votetype": 101}},
    {"group_chat": {"chat_id": "wrA", "create_time": 1, "member_list": [{"userid": "wmA", "type": 2}]}},
    {"external_contact": {"external_userid": "wmA"}, "follow_user": [{"userid": "w", "remark_mobiles": ["1"]}]},
    {
        "request": {"userid": ["w"]},
        "response": {"behavior_data": [{"stat_time": 1}]},
        "fetched_at": "2025-11-22 07:00:00",
    },
    {"errcode": 0, "order": {"order_id": "1", "order_detail": {"product_infos": [{"sku_id": 1}], "price_info": {}}}},
    {"errcode": 40001, "errmsg": "x"},
]
EVENT = "<xml><Event>change_external_chat</Event><ChangeType>update</ChangeType><CreateTime>1</CreateTime></xml>"

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def records(draw: st.DrawFn) -> object:
    """A real record with some of its values replaced by anything."""
    record = json.loads(json.dumps(draw(st.sampled_from(REAL))))
    places = [record]
    for place in places:
        for key, value in list(place.items() if isinstance(place, dict) else enumerate(place)):
            if isinstance(value, dict | list):
                places.append(value)
            if draw(st.integers(0, 9)) == 0:
                place[key] = draw(anything)
    return record


def decoded_bytes(content: bytes) -> Result | None:
    """Decode bytes; None where they are refused, which is the one allowed way not to end."""
    source = Source("f.json", len(content), "2025-11-01 00:00:00", "mtime", "", Path("f"), lambda: io.BytesIO(content))
    try:
        return read(source, LIMITS)
    except Refused:
        return None


@QUICK
@given(st.lists(records(), min_size=1, max_size=6))
def test_every_line_is_landed_set_aside_or_ignored(lines: list[object]) -> None:
    content = "\n".join(json_text(line) for line in [LINK, *lines]).encode("utf-8", "replace")
    found = decoded_bytes(content)
    assert found is not None
    assert found.said.account.read == len(lines) + 1
    assert found.said.unrecognised is None


@QUICK
@given(st.lists(st.sampled_from([json_text(record) for record in REAL]) | st.text(max_size=30), max_size=6))
def test_lines_that_are_no_json_are_set_aside(lines: list[str]) -> None:
    text = "\n".join([json_text(LINK), *lines])
    content = text.encode("utf-8", "replace")
    found = decoded_bytes(content)
    assert found is not None
    # one record per line; an array in a line has one per element
    assert found.said.account.read >= sum(1 for line in content.split(b"\n")) - content.endswith(b"\n")


@QUICK
@given(st.lists(records(), min_size=1, max_size=5), st.integers(0, 10_000), st.sampled_from([None, 1, 2]))
def test_a_document_cut_anywhere_lands_what_was_complete(items: list[object], cut: int, indent: int | None) -> None:
    whole = json.dumps([LINK, *items], ensure_ascii=False, indent=indent)
    cut = min(cut, len(whole))
    found = decoded_bytes(whole[:cut].encode("utf-8", "replace"))
    assert found is not None
    all_of_it = decoded_bytes(whole.encode("utf-8", "replace"))
    assert all_of_it.said.account.read == len(items) + 1
    if found.said.unrecognised is None and cut < len(whole) - 1:
        assert found.said.account.quarantined >= 1


@QUICK
@given(
    st.lists(
        st.sampled_from([EVENT, "<xml>", "</xml>", "<a>1</a>", "x", "]]>", "<![CDATA[", " ", "<?xml?>"]), max_size=12
    )
)
def test_events_among_scraps(parts: list[str]) -> None:
    found = decoded_bytes((EVENT + "".join(parts)).encode())
    assert found is not None
    landed = found.said.account.rows["wecom__group_events"]
    assert landed >= 1
    assert landed + found.said.account.quarantined == found.said.account.read


@QUICK
@given(st.binary(max_size=400), st.sampled_from([b"", b"{", b"[{", b"<xml>", b'{"a":1}\n', EVENT.encode()]))
def test_any_bytes_end_or_are_refused(content: bytes, start: bytes) -> None:
    decoded_bytes(start + content)


@QUICK
@given(st.sampled_from(REAL), st.data())
def test_flipped_bytes_lose_no_line(record: dict, data: st.DataObject) -> None:
    lines = [json_text(LINK).encode(), json_text(record).encode(), json_text(LINK).encode()]
    broken = bytearray(lines[1])
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255).filter(lambda b: b != 10))
    found = decoded_bytes(b"\n".join([lines[0], bytes(broken), lines[2]]))
    assert found is not None
    assert found.said.account.read == 3
    assert found.said.account.rows["scrm__link_clicks"] >= 2
