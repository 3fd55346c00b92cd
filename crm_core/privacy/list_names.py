"""Names of lists without words that ad tools block, and that tell of a person what no list name
should: health, money, belief, origin, love."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

# By the tools' own examples ("high income", "credit score") and what the law calls special
# categories: beginnings of English words, and words that stand alone.
_BEGINNINGS = (
    "health", "medic", "disease", "illness", "diabet", "cancer", "pregnan", "depress", "anxiet",
    "therap", "obes", "overweight", "disab", "addict", "patient", "infertil",
    "income", "credit", "debt", "salar", "mortgage", "bankrupt", "insolven", "financ", "wealth",
    "overdraft", "unemploy",
    "religio", "christian", "muslim", "jewish", "hindu", "buddhis", "politic", "ethnic", "racial",
    "immigra", "lesbian", "transgender", "sexual", "criminal",
)  # fmt: skip
_WHOLE = ("hiv", "gay", "poor", "loan", "loans", "wage", "wages", "trade union")
_CHINESE = (
    "健康", "医疗", "疾病", "病人", "患者", "糖尿", "癌", "怀孕", "孕妇", "抑郁", "焦虑", "肥胖", "残疾",
    "成瘾", "不孕",
    "收入", "信用", "负债", "欠债", "债务", "贷款", "工资", "薪资", "房贷", "破产", "财务", "财富",
    "贫困", "失业",
    "宗教", "基督", "穆斯林", "佛教", "政治", "党员", "民族", "种族", "移民", "同性恋", "性取向", "犯罪",
)  # fmt: skip
# Chinese is written without spaces: a Latin word may stand behind a Chinese one.
_APART = r"(?<![^\W_\u2e80-\u9fff])"
_KNOWN = (
    rf"{_APART}(?:(?:{'|'.join(_BEGINNINGS)})\w*|(?:{'|'.join(_WHOLE)})(?![^\W_\u2e80-\u9fff]))"
    rf"|{'|'.join(_CHINESE)}"
)
_SHORTEST_PLURAL = 3
_CJK = re.compile(r"[\u2e80-\u9fff]")


def sensitive_words(name: str, untold: Sequence[str]) -> tuple[str, ...]:
    """The words of a list's name that must not leave with it, as they stand there: those above, and
    the categories a shop calls sensitive (`untold`).

    >>> sensitive_words("High income, good Credit", ()), sensitive_words("高收入客户", ())
    (('income', 'Credit'), ('收入',))
    >>> sensitive_words("Hair-care: lapsed, Team A", ("Hair care", "Tea"))
    ('Hair-care',)
    """
    found = _words(tuple(untold)).findall(unicodedata.normalize("NFKC", name))
    return tuple(dict.fromkeys(found))


def without_sensitive_words(name: str, untold: Sequence[str]) -> str:
    """The name without them; as it stands if there are none.

    >>> without_sensitive_words("Women with diabetes, spring", ())
    'Women with , spring'
    """
    if not sensitive_words(name, untold):
        return name
    told = _words(tuple(untold)).sub(" ", unicodedata.normalize("NFKC", name))
    return " ".join(told.split())


@lru_cache(maxsize=64)
def _words(untold: tuple[str, ...]) -> re.Pattern[str]:
    own = [_category(name) for name in sorted(untold, key=len, reverse=True)]
    return re.compile("|".join([*filter(None, own), _KNOWN]), re.IGNORECASE)


def _category(name: str) -> str:
    """A category whatever stands between its words, one or many; nothing where it has no letter."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", name))
    if not words:
        return ""
    last = words[-1]
    if not _CJK.search(last):
        last = last.removesuffix("s") if len(last) > _SHORTEST_PLURAL else last
    between = r"[\W_]*" if _CJK.search(name) else r"[\W_]+"
    told = between.join([*map(re.escape, words[:-1]), re.escape(last)])
    return told if _CJK.search(name) else rf"{_APART}{told}s?(?:e?s)?(?![^\W_\u2e80-\u9fff])"
