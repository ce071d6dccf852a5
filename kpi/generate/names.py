"""Fixed word lists of the synthetic world (communities, products, terms). Nothing personal."""

from __future__ import annotations

from kpi.privacy.text import WORDS, read_list

CITIES = (
    "上海", "北京", "杭州", "成都", "广州", "深圳", "南京", "武汉", "苏州", "西安", "重庆", "长沙",
    "青岛", "厦门", "宁波", "郑州", "合肥", "天津",
)  # fmt: skip

PROVINCES = ("上海", "北京", "浙江", "四川", "广东", "江苏", "湖北", "陕西")

TYPE_WORD = {
    "welfare": "福利",
    "brand_fan": "粉丝",
    "flash": "快闪",
    "group_buy": "团购",
    "knowledge": "养护课堂",
    "vip": "会员",
}
OLD_TYPES = ("welfare", "brand_fan", "group_buy", "knowledge", "vip", "welfare")
NEW_TYPES = ("group_buy", "brand_fan", "welfare", "knowledge")

# product: (name, category, role, price yuan, unit cost yuan)
PRODUCTS = (
    ("洗面奶旅行装", "洁面", "引流", "9.90", "4.20"),
    ("护手霜30g", "身体护理", "引流", "12.90", "5.10"),
    ("补水面膜单片", "面膜", "引流", "6.90", "2.60"),
    ("棉柔巾1包", "日用", "引流", "14.90", "8.30"),
    ("润唇膏", "唇部", "引流", "19.90", "7.40"),
    ("氨基酸洁面100g", "洁面", "走量", "59.00", "18.50"),
    ("保湿水150ml", "水乳", "走量", "79.00", "24.00"),
    ("保湿乳120ml", "水乳", "走量", "89.00", "27.50"),
    ("补水面膜10片", "面膜", "走量", "69.00", "21.00"),
    ("身体乳400ml", "身体护理", "走量", "49.00", "15.20"),
    ("防晒乳50ml", "防晒", "走量", "99.00", "31.00"),
    ("卸妆油200ml", "卸妆", "走量", "85.00", "26.40"),
    ("洗发水500ml", "洗护", "走量", "65.00", "20.10"),
    ("护发素500ml", "洗护", "走量", "65.00", "19.80"),
    ("精华液30ml", "精华", "明星", "199.00", "48.00"),
    ("修护面霜50g", "面霜", "明星", "169.00", "41.50"),
    ("安瓶面膜7片", "面膜", "明星", "129.00", "33.30"),
    ("眼霜15g", "眼部", "利润", "239.00", "45.00"),
    ("抗皱精华50ml", "精华", "利润", "329.00", "61.00"),
    ("礼盒,四件套", "套装", "利润", "468.00", "120.00"),
    ("水乳套装", "套装", "利润", "158.00", "49.00"),
    ("香氛喷雾", "香氛", "利润", "119.00", "30.00"),
    ("美容仪", "仪器", "利润", "1280.00", "560.00"),
    ("面膜小样", "赠品", "引流", "3.00", "1.10"),
)
GIFT_PRODUCT = len(PRODUCTS) - 1

# the list that real texts are read with, so that the synthetic exports hold words which reading would find
TERMS = read_list(WORDS / "terms.txt")
