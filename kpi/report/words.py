"""Words of the pages in both languages, and the names that data has as codes."""

from __future__ import annotations

from kpi.report.texts import Text

WORDS = {
    "skip": Text("跳到正文", "Skip to the content"),
    "dark": Text("深色", "Dark"),
    "table": Text("数据表", "Data table"),
    "contents": Text("目录", "Contents"),
    "no_data": Text("没有数据", "No data"),
    "no_before": Text("没有上期可比", "No period before to compare"),
    "others": Text("该阶段其他指标", "Other metrics of the stage"),
    "look_at": Text("先看", "Look at"),
    "to_do": Text("可做", "To do"),
    "version": Text("版本", "Version"),
    "sources": Text("来源文档", "Source documents"),
}

STAGES = {
    "acquisition": Text("获客", "Acquisition"),
    "activation": Text("激活", "Activation"),
    "retention": Text("留存", "Retention"),
    "monetization": Text("变现", "Monetization"),
    "advocacy": Text("传播", "Advocacy"),
    "operations": Text("运营", "Operations"),
}

STATUS = {
    "on_target": Text("达标", "On target"),
    "off_target": Text("未达标", "Off target"),
    "in_band": Text("处于常态区间", "Within usual band"),
    "above_band": Text("高于常态区间", "Above usual band"),
    "below_band": Text("低于常态区间", "Below usual band"),
}

# codes of null_reason in metrics.metric_values; what stands behind a colon is the code's own detail
REASONS = {
    "absent_export": Text("没有导入所需的导出文件", "the export it needs is not loaded"),
    "not_covered": Text("导出文件没有覆盖这段时间", "no loaded export covers the period"),
    "not_matured": Text("观察期未满", "the cohort has not matured"),
    "zero_denominator": Text("分母为零", "the denominator is zero"),
    "mixed_kinds": Text("口径不同的部分不能合计", "parts of different kinds do not add up"),
    "not_known": Text("未知", "not known"),
    "withheld": Text("人数太少，隐去", "too few persons, withheld"),
}


def reason(code: str | None) -> Text:
    """Why a figure is missing, in words; an unknown code as it is."""
    if not code:
        return WORDS["no_data"]
    known, _, detail = code.partition(":")
    text = REASONS.get(known.strip())
    if text is None:
        return Text(code, code)
    detail = detail.strip()
    return Text(f"{text.zh}：{detail}", f"{text.en}: {detail}") if detail else text


COMMUNITY_TYPES = {
    "welfare": Text("福利群", "Welfare"),
    "flash": Text("快闪群", "Flash"),
    "knowledge": Text("知识群", "Knowledge"),
    "vip": Text("会员群", "VIP"),
    "group_buy": Text("团购群", "Group buy"),
    "brand_fan": Text("粉丝群", "Brand fans"),
    "unattributed": Text("未归属", "Unattributed"),
}

WEEKDAYS = tuple(
    Text(zh, en)
    for zh, en in zip(
        ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
        ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        strict=True,
    )
)

SEGMENTS = {
    "loyal": Text("忠实型", "Loyal"),
    "regular_repeat": Text("普通复购", "Regular repeat"),
    "bargain": Text("羊毛型", "Bargain hunter"),
    "need_driven": Text("需求型", "Need-driven"),
    "low_demand": Text("低需求", "Low demand"),
    "observing": Text("观察期", "Observing"),
    "not_profiled": Text("未画像", "Not profiled"),
    "entered": Text("新进入", "Entered"),
    "left": Text("已离开", "Left"),
}
