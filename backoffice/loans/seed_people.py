"""Made-up people: believable to read, impossible to be anybody.

Resident IDs carry a valid check character and area codes that begin with 99, which no province has. Mobile
numbers begin with 100: no mobile network has that prefix, and no Beijing number (area code 10) begins with 0,
while ``phonenumbers`` still takes them for possible. Names are drawn from common surnames and given names, streets
are invented.
"""

from __future__ import annotations

import random
from datetime import date, timedelta

from stdnum.cn import ric


def _words(text: str) -> tuple[str, ...]:
    """The words of ``text``, which is easier to read and to add to than a list of a hundred lines."""
    return tuple(text.split())


_SURNAMES = (
    *("王李张刘陈杨黄赵吴周" * 5),
    *("徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹" * 2),
    *"曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯",
    *"邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严赖覃洪武莫孔",
    *("欧阳", "司马", "上官", "诸葛"),
)
_GIVEN_OLDER = _words(
    "建国 建军 志强 秀英 桂兰 丽华 国庆 卫东 红梅 玉兰 春梅 海燕 永强 爱华 淑珍 文斌 晓东 秀兰 德明 金凤 "
)
_GIVEN = _words(
    "伟 芳 娜 敏 静 磊 洋 艳 勇 杰 娟 涛 超 霞 平 刚 鹏 浩 宇 婷 倩 雪 慧 "
    "莹 琳 博 晨 帅 欣 颖 子轩 雨桐 梓涵 浩然 欣怡 宇航 诗涵 俊杰 佳怡 思远 晓峰 "
    "雅婷 志远 嘉豪 梦瑶 文静 天宇 家辉 晓敏 雨欣 佳琪 明轩 海波 立群 春晓 小龙 晓燕 "
    "建平 丽娟 国强 家俊 若曦 一鸣 书瑶 景行 思琪 启航 静怡 凯文 亦菲 "
)
_PLACES = _words(
    "浙江省杭州市西湖区 浙江省宁波市鄞州区 江苏省南京市鼓楼区 江苏省苏州市吴中区 广东省广州市天河区 "
    "广东省深圳市龙岗区 广东省佛山市顺德区 四川省成都市武侯区 重庆市渝北区 湖北省武汉市洪山区 "
    "湖南省长沙市岳麓区 河南省郑州市金水区 山东省济南市历下区 山东省青岛市市北区 陕西省西安市雁塔区 "
    "福建省福州市仓山区 安徽省合肥市包河区 江西省南昌市红谷滩区 河北省石家庄市长安区 辽宁省沈阳市和平区 "
    "上海市闵行区 北京市朝阳区 天津市河西区 云南省昆明市五华区 "
)
_STREETS = _words("春晓路 望江路 听雨路 稻香路 云栖路 白鹭路 青石街 书院街 槐荫路 新禾路 长亭路 归帆路 ")
_ESTATES = _words("阳光里 锦绣园 和谐家园 翠竹苑 碧水湾 金桂花园 幸福里 枫林小区 ")
RELATIONS = _words("配偶 父亲 母亲 兄弟 姐妹 朋友 同事 ")


def resident_id(birth: date, serial: int) -> str:
    """A resident ID of nobody: unused area 99, the given birth date, a valid check character.

    Different for every ``serial`` below 10,000,000 with the same birth date.
    """
    area, order = divmod(serial, 1000)
    digits = f"99{area % 10_000:04d}{birth:%Y%m%d}{order:03d}"
    return digits + ric.calc_check_digit(digits + "0")


def mobile(serial: int) -> str:
    """A mobile number of nobody, different for every ``serial`` below 100,000,000."""
    return f"+86100{serial:08d}"


def birth_date(rng: random.Random, *, today: date) -> date:
    """A birth date of somebody between 19 and 66, most of them between 25 and 45."""
    return today - timedelta(days=int(rng.triangular(19, 66, 31) * 365.25))


def name(rng: random.Random, *, birth: date | None = None) -> str:
    """A believable Chinese name; older people have the given names of their time."""
    given = _GIVEN_OLDER if birth is not None and birth.year < 1975 else _GIVEN
    return rng.choice(_SURNAMES) + rng.choice(given)


def address(rng: random.Random) -> str:
    """An address in a real district and an invented street."""
    place, street, estate = rng.choice(_PLACES), rng.choice(_STREETS), rng.choice(_ESTATES)
    return (
        f"{place}{street}{rng.randint(1, 299)}号{estate}{rng.randint(1, 28)}幢"
        f"{rng.randint(1, 18)}{rng.randint(1, 4):02d}室"
    )
