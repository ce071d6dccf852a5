"""Fixed word lists of the synthetic world (communities, products, terms). Nothing personal."""

from __future__ import annotations

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

_SURNAMES = tuple("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧")
_GIVEN = tuple("伟芳娜敏静强磊洋艳杰娟涛明超秀霞平刚桂丹萌雪婷宇轩涵梓欣怡琪岚颖佳浩晨露薇菲")
_NICKNAMES = (
    "小鹿乱撞", "阿May", "今天不加班", "Lily🌸", "豆豆妈妈", "一只懒猫🐱", "晚风", "Z_先生", "囡囡", "柠檬不酸🍋",
    "向日葵🌻", "momo", "爱吃糖的鱼", "西西里", "大橘", "Kiki✨", "山茶", "是橙子呀", "七七", "南风知我意",
)  # fmt: skip
_STREETS = ("人民路", "解放大道", "学府街", "滨江路", "建设二路", "中山北路", "科技园路", "桃园巷")


def person_name(number: int) -> str:
    """An invented Chinese name of a running number; names repeat after 45,000 people."""
    number = number * 7_919 % (len(_SURNAMES) * len(_GIVEN) ** 2)
    number, surname = divmod(number, len(_SURNAMES))
    second, first = divmod(number, len(_GIVEN))
    return _SURNAMES[surname] + _GIVEN[first] + (_GIVEN[second] if second % 3 else "")


def nickname(number: int) -> str:
    """A name as people give it to themselves, with emoji now and then."""
    return f"{_NICKNAMES[number * 13 % len(_NICKNAMES)]}{number * 37 % 1_000 if number % 4 else ''}"


def address(number: int) -> str:
    """An invented address within a district."""
    street, flat = _STREETS[number % len(_STREETS)], f"{number * 7 % 24 + 1:02d}0{number % 4 + 1}室"
    return f"{street}{number * 17 % 900 + 1}号{number % 30 + 1}栋{flat}"
