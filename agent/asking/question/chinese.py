"""Chinese questions in the English that the rules read: word for word by the longest match, times and relations by their form.

Chinese writes no blanks, puts what is asked where the answer would stand, and a time's side ("after") behind it. So the words
of asking go to the front, and the forms below are turned before the words. What the table lacks is kept, for a refusal.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from typing import Final

from aitia.core.bounds import own_yaml

_HAN: Final = r"\u3400-\u4dbf\u4e00-\u9fff"
_TIME: Final = re.compile("[半点时刻昨前后今晚早晨夜午周月年刚近从至]")
_RUN: Final = re.compile(rf"[{_HAN}]+")
_QUOTED: Final = re.compile(r"\"[^\"\n]{2,120}\"|“[^”\n]{2,120}”|「[^」\n]{2,120}」|`[^`\n]{2,120}`")
_CLOCK: Final = r"(?:\d{4}-\d\d-\d\d[T ])?\d{1,2}:\d\d(?::\d\d)?"
_NAME: Final = r"[A-Za-z][\w./-]*"
_MARKS: Final = str.maketrans("？！，、；：（）【】　", "?!,,;:()[] ")
_DIGITS: Final = {
    "零": 0,
    "一": 1,
    "两": 2,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_UNITS: Final = {
    "秒": "seconds",
    "分": "minutes",
    "小": "hours",
    "钟": "hours",
    "天": "days",
    "周": "weeks",
    "星": "weeks",
    "日": "days",
}
_UNIT: Final = r"(秒钟?|分钟|小时|钟头|天|日|周|星期)"
_LINKS: Final = r"(?:调用|依赖于?|使用|访问|连接到?|用到)"
_ASKED: Final = r"(?:哪些|哪个|什么|谁|有哪些)(?:服务|组件|系统|应用|东西)?"
_GLOSS: Final = rf"(?:[{_HAN}]{{1,6}}\s*\()?"  # what a name stands for, before the name in brackets
_ACTS: Final = r"(?:重启|重新启动|删除|删掉|停止|停掉|关闭|停下|扩容|缩容|回滚|回退|清除|清空|启动)"


def _half(m: re.Match[str]) -> str:
    """A clock time by its part of the day: 下午3点半."""
    hour, minute = int(m[2]), 30 if m[3] else int(m[4] or 0)
    if m[1] in ("下午", "晚上", "傍晚", "晚间") and hour < 12:
        hour += 12
    return f" {hour:02d}:{minute:02d} "


def _number(m: re.Match[str]) -> str:
    tens, ten, ones = m[1], m[2], m[3]
    value = (_DIGITS.get(tens, 1) * 10 if ten else _DIGITS.get(tens, 0)) + _DIGITS.get(ones, 0)
    return str(value) if value > 1 else m[0]  # "one time" is rather "a", as in "the last one"


def _unit(text: str) -> str:
    return _UNITS[text[0]]


_SPAN: Final = r"\s*(?:之间|期间|间|这段时间)?"
_WITHIN: Final = r"(?:内|里|之内|以来|间)?"
_MEASURE: Final = r"(?:个|条|行|次|点|秒|分钟|小时|天|周|台|倍)(?!个?什么)"
_PART: Final = r"(凌晨|早上|上午|中午|下午|傍晚|晚上|晚间|今早)?"


def _date(m: re.Match[str]) -> str:
    """A day of a month: 9月6日."""
    return f" on {int(m[2])} {calendar.month_name[int(m[1])].lower()} " if 1 <= int(m[1]) <= 12 else m[0]


def _since(m: re.Match[str]) -> str:
    """From a day of a month on: 从9月6日以来."""
    return f" since{_date(m).removeprefix(' on')}" if 1 <= int(m[1]) <= 12 else m[0]


def _last(m: re.Match[str]) -> str:
    return f" in the last {m[1]} {_unit(m[2])} "


def _lately(m: re.Match[str]) -> str:
    return f" in the last 1 {_unit(m[1])} "


def _ago(m: re.Match[str]) -> str:
    return f" {m[1]} {_unit(m[2])} ago "


_FORMS: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(rf"([一两二三四五六七八九]?)(十?)([一二三四五六七八九]?)(?={_MEASURE})"), _number),
    (re.compile(r"(?:从|自)\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]\s*(?:以来|起|开始|以后|之后)"), _since),
    (re.compile(r"(?<!\d年)(?<!\d年 )(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]"), _date),
    (re.compile(rf"{_PART}(\d{{1,2}})\s*点(?!击)(?:(半)|(\d{{1,2}})分)?"), _half),
    (re.compile(rf"(?:从|自)?\s*({_CLOCK})\s*(?:到|至|和|与|-|~|—)\s*({_CLOCK}){_SPAN}"), r" between \1 and \2 "),
    (re.compile(rf"(?:从|自)\s*({_CLOCK})\s*(?:以来|起|开始|以后|之后)?"), r" since \1 "),
    (re.compile(rf"({_CLOCK})\s*(?:以来|起|之后|以后|后)"), r" since \1 "),
    (re.compile(rf"({_CLOCK})\s*(?:之前|以前|前)"), r" until \1 "),
    (re.compile(rf"({_CLOCK})\s*(?:时|的时候|左右)"), r" at \1 "),
    (re.compile(r"(?:从|自)?\s*(?:一?开始|最初|有(?:数据|记录)以来)\s*(?:到|至|直到)\s*(?:现在|目前|今)"), " "),
    (re.compile(rf"(?:过去|最近|近|之前|前|这|上)\s*的?\s*半\s*个?(?:小时|钟头){_WITHIN}"), " in the last 30 minutes "),
    (re.compile(r"半\s*个?(?:小时|钟头)(?:之前|以前|前)"), " 30 minutes ago "),
    (re.compile(rf"(?:过去|最近|近|之前|前|这)\s*(?:的)?\s*(\d+)\s*个?半?{_UNIT}{_WITHIN}"), _last),
    (re.compile(rf"(?:过去|最近|近|上)\s*(?:一|1)?\s*个?{_UNIT}{_WITHIN}"), _lately),
    (re.compile(rf"(\d+)\s*个?{_UNIT}(?:之前|以前|前)"), _ago),
    (re.compile(r"(?:最后|最近|最新)(?:的)?\s*(\d+)\s*(?:条|行|个|次)"), r" the last \1 "),
    (re.compile(r"(?:前|最早的?)\s*(\d+)\s*(?:条|行|个)"), r" the first \1 "),
    (re.compile(r"(\d+(?:\.\d+)?)\s*毫秒"), r" \1 ms "),
    (re.compile(r"(超过|大于|高于|低于|小于|不足|少于|多于|达到)\s*(\d+(?:\.\d+)?)\s*秒"), r" \1 \2 s "),
    (re.compile(r"(?:第\s*)?(\d{2})\s*(?:百分位|分位)(?:数|点|值)?"), r" p\1 "),
    (re.compile(r"百分之\s*(\d+(?:\.\d+)?)"), r" \1 % "),
    (re.compile(r"(?:超过|大于|多于|不止)\s*(\d+)\s*次"), r" more than \1 times "),
    (re.compile(rf"({_NAME})\s*(?:服务|组件)?\s*(?:都|会|还|在)?\s*{_LINKS}(?:了|着)?\s*{_ASKED}"), r" what does \1 call "),
    (re.compile(rf"{_ASKED}\s*(?:都|会|还|在)?\s*{_LINKS}(?:了|着|到)?\s*{_GLOSS}({_NAME})"), r" which services call \1 "),
    (re.compile(rf"({_NAME})\s*被\s*{_ASKED}\s*{_LINKS}"), r" which services call \1 "),
    (re.compile(rf"把\s*(.{{1,60}}?)\s*(?:给)?({_ACTS})(?:掉|一下|了)?"), r"\2 \1 "),
    (re.compile(r"把\s*(.{1,60}?)\s*(?:调到|设为|设置为|改为|改成|扩容到|缩容到)\s*"), r" set \1 to "),
)  # fmt: skip


_OF_NUMBER: Final = re.compile(r"(?<![\w.])(\d{1,3}) 号 ([a-z]+)")  # 2号变压器: transformer 2


def is_chinese(text: str) -> bool:
    """Whether a text has Chinese characters outside of its quotes."""
    return _RUN.search(_QUOTED.sub(" ", text)) is not None


def english(text: str, names: Iterable[str] = ()) -> str:
    """A Chinese question in English words; any other text as it is. Quotes and `names` (of components) stay as they are.

    What the table lacks stays Chinese: see `unknown_words`.
    """
    if not is_chinese(text):
        return text
    kept: list[str] = []

    def keep(m: re.Match[str]) -> str:
        kept.append(m[0].replace("「", '"').replace("」", '"'))
        return f" \ue800{len(kept) - 1}\ue801 "

    own = [n for n in sorted(set(names), key=len, reverse=True) if len(n) > 1 and _RUN.search(n)]
    low = _QUOTED.sub(keep, text)
    low = re.sub("|".join(map(re.escape, own)), keep, low) if own else low
    low = low.translate(_MARKS)
    for pattern, told in _FORMS:
        low = pattern.sub(told, low)
    low = re.sub(rf"(?<=[{_HAN}])(?=[\w.])(?![{_HAN}])|(?<=\w)(?<![{_HAN}])(?=[{_HAN}])", " ", low)
    front: list[str] = []
    low = _RUN.sub(lambda m: f" {_glossed(m[0], front)} ", low)
    told = " ".join([*dict.fromkeys(front), " ".join(low.split())])
    told = _OF_NUMBER.sub(r"\2 \1", told)
    told = re.sub(r"\ue800(\d+)\ue801", lambda m: kept[int(m[1])], told)
    return re.sub(r"\s+([?,.;!])", r"\1", " ".join(told.split()))


def unknown_words(text: str, quoted: str = "") -> list[str]:
    """The Chinese words of a text in English that the table lacks; those of what it quotes do not count."""
    return _RUN.findall(_QUOTED.sub(" ", text).replace(quoted, " ") if quoted else _QUOTED.sub(" ", text))


def is_time(word: str) -> bool:
    """Whether a Chinese word that the table lacks may be one of time."""
    return _TIME.search(word) is not None


def _glossed(run: str, front: list[str]) -> str:
    """The English words of a run of Chinese; those of asking are put into `front`."""
    words, leading = _table()
    said: list[str] = []
    at = 0
    lost = ""
    while at < len(run):
        size = next((n for n in range(min(_longest(), len(run) - at), 0, -1) if run[at : at + n] in words), 0)
        if size and lost:
            said.append(lost)
            lost = ""
        if not size:
            lost += run[at]
            at += 1
            continue
        word = run[at : at + size]
        if word in leading:
            front.append(words[word])
        elif words[word]:
            said.append(words[word])
        at += size
    return " ".join([*said, *([lost] if lost else [])])


@cache
def _table() -> tuple[dict[str, str], frozenset[str]]:
    held = own_yaml(files("aitia.agent.asking.question").joinpath("chinese.yaml").read_text(encoding="utf-8"))
    pairs = {
        w: str(told)
        for part in ("further", "words", "front")
        for told, ws in held[part].items()
        for w in map(str, ws)
    }
    return pairs, frozenset(str(w) for ws in held["front"].values() for w in ws)


@cache
def _longest() -> int:
    return max(map(len, _table()[0]))
