"""What a contact is about: its own topic, else what a model learned, else the first rule that fits.

A rule is a topic and words; a Latin word fits where a word of the message begins with it, any other
wherever it stands. Rules are tried in their order.
"""

from __future__ import annotations

import re
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.store.marts import as_number, without
from crm_core.store.tables import Named

TopicRule = tuple[str, tuple[str, ...]]
#: Taken until a shop has written its own.
USUAL_RULES: Final[tuple[TopicRule, ...]] = (
    ("complaint", ("complain", "unhappy", "disappointed", "manager", "unacceptable", "beschwerde",
                   "投诉", "不满", "失望", "经理", "没人理")),
    ("return", ("return", "refund", "exchange", "send back", "sending back", "rücksend", "umtausch",
                "erstattung", "退货", "退款", "换货", "退回", "退换")),
    ("delivery", ("parcel", "package", "deliver", "shipping", "shipped", "ship", "tracking",
                  "courier", "arrived", "paket", "lieferung", "sendung", "包裹", "快递", "物流", "发货",
                  "没收到", "配送", "派送")),
    ("payment", ("pay", "charged", "invoice", "card", "voucher", "coupon", "bill", "rechnung",
                 "zahlung", "付款", "支付", "扣款", "扣了", "发票", "优惠券", "账单")),
    ("product", ("broken", "defect", "crack", "damaged", "quality", "missing", "colour", "color",
                 "wrong item", "kaputt", "坏", "裂", "质量", "少了", "颜色", "瑕疵")),
    ("advice", ("recommend", "advice", "advise", "which", "choose", "size", "gift", "empfehl",
                "推荐", "哪款", "哪个", "怎么选", "尺寸", "送人")),
)  # fmt: skip
#: Of a scored shop: topics of contacts without one, where a model told them better than the rules.
LEARNED: Final = "contact_topics"
#: What stands between words, and whatever means something in a pattern.
_MARKS: Final = r"[\s.,;:!?()\[\]{}\"'*+^$|\\/_-]+"


def begun(tables: Named) -> ir.Table:
    """Contacts that customers began. What names people is empty where files leave it out."""
    table = tables.table("contacts")
    left_out = [name for name in ("agent", "message") if name not in table.columns]
    table = table.mutate(**{name: ibis.null("string") for name in left_out})
    return table.filter(table.direction.fill_null("in") != "out")


def with_topics(store: Named, contacts: ir.Table, rules: tuple[TopicRule, ...]) -> ir.Table:
    """The contacts with their `topic`, where it is known."""
    own = contacts.topic.nullif("")
    ruled = ruled_topic(contacts.message, rules)
    if not store.has(LEARNED):
        return contacts.mutate(topic=own.coalesce(ruled))
    told = store.table(LEARNED).select("contact_id", learned="topic")
    joined = without(contacts.left_join(told, "contact_id"), "contact_id_right")
    topic = ibis.coalesce(
        joined.topic.nullif(""), joined.learned, ruled_topic(joined.message, rules)
    )
    return joined.mutate(topic=topic).drop("learned")


def ruled_topic(message: ir.Value, rules: tuple[TopicRule, ...]) -> ir.Value:
    """The topic of the first rule with a word in the message; unknown where none has."""
    text = ibis.literal(" ") + message.fill_null("").lower().re_replace(_MARKS, " ")
    known = [(topic, pattern_of(words)) for topic, words in rules]
    branches = [(text.re_search(pattern), topic) for topic, pattern in known if pattern]
    return ibis.cases(*branches, else_=ibis.null("string")) if branches else ibis.null("string")


def plain_message(message: str) -> str:
    """A message as rules see it: small letters, a space before and between words.

    >>> plain_message("Where's my PARCEL?")
    ' where s my parcel '
    """
    return " " + re.sub(_MARKS, " ", message.lower())


def pattern_of(words: tuple[str, ...]) -> str:
    """A pattern that any of the words fits, in a message whose marks are spaces.

    >>> pattern_of(("send back", "退货", "a+b"))
    ' send back|退货| a b'
    """
    plain = [re.sub(r"\s+", " ", re.sub(_MARKS, " ", word.lower())).strip() for word in words]
    return "|".join(f" {word}" if word[0].isascii() else word for word in plain if word)


def topic_sources(store: Named, rules: tuple[TopicRule, ...]) -> ir.Table:
    """One row: how many contacts of customers have a topic of their own (labelled), by the model
    (learned), by the rules (ruled), and none (unknown)."""
    table = begun(store)
    own = table.topic.nullif("").notnull()
    told = with_topics(store, table.mutate(own=own), rules)
    if store.has(LEARNED):
        known = store.table(LEARNED).select("contact_id", by_model=ibis.literal(True))
        told = without(told.left_join(known, "contact_id"), "contact_id_right")
    else:
        told = told.mutate(by_model=ibis.null("boolean"))
    by_model, has = told.by_model.fill_null(False) & ~told.own, told.topic.notnull()
    counts = {
        "labelled": told.own,
        "learned": by_model,
        "ruled": has & ~told.own & ~by_model,
        "unknown": ~has,
    }
    return told.agg(**{name: as_number(flag).sum().fill_null(0) for name, flag in counts.items()})
