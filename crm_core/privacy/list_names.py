"""Names of lists without words that ad tools block, and that tell of a person what no list name
should: health, money, belief, origin, love."""

from __future__ import annotations

import re
import unicodedata

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
_WORDS = re.compile(
    rf"(?<![^\W_])(?:(?:{'|'.join(_BEGINNINGS)})\w*|(?:{'|'.join(_WHOLE)})\b)|{'|'.join(_CHINESE)}",
    re.IGNORECASE,
)


def sensitive_words(name: str) -> tuple[str, ...]:
    """The words of a list's name that must not leave with it, as they stand there.

    >>> sensitive_words("High income, good Credit"), sensitive_words("高收入客户")
    (('income', 'Credit'), ('收入',))
    """
    return tuple(dict.fromkeys(_WORDS.findall(unicodedata.normalize("NFKC", name))))


def without_sensitive_words(name: str) -> str:
    """The name without them; as it stands if there are none.

    >>> without_sensitive_words("Women with diabetes, spring")
    'Women with , spring'
    """
    if not sensitive_words(name):
        return name
    return " ".join(_WORDS.sub(" ", unicodedata.normalize("NFKC", name)).split())
