"""What each customer is recommended: what to buy again and what is new to them, each with its reason.

Two lists that are never mixed. Nothing of a category that the shop calls sensitive is in either, by
what the shop says now: the lists of the last refresh are held against it whenever they are read.
"""

from __future__ import annotations

from datetime import date
from string import Formatter
from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.errors import CrmError, close_match
from crm_core.store import Store
from crm_core.store.marts import without
from crm_core.store.tables import Named
from crm_core.text import t

LISTS: Final = ("again", "new")
#: How many products of each list a list of customers tells.
TOLD: Final = 3
_TABLES = {"again": "offers_again", "new": "offers_new"}
_PARTS = ("id", "name", "why")
_LEAST_DAYS = 1.0

#: The columns of `next_products`: again_1_id, again_1_name, again_1_why and so on.
NEXT_COLUMNS: Final = tuple(
    f"{name}_{place}_{part}" for name in LISTS for place in range(1, TOLD + 1) for part in _PARTS
)


def has_offers(store: Store) -> bool:
    """Whether the last refresh made both lists."""
    return store.scores_as_of is not None and all(map(store.has, _TABLES.values()))


def offerable(store: Named) -> ir.Table:
    """The products that may be named to a customer: product_id, product (its name), category,
    subcategory, brand. None of a sensitive category."""
    products = store.table("product_facts")
    named = products.select(
        "product_id", "category", "subcategory", "brand", product=products.product_name
    )
    return not_sensitive(store, named)


def not_sensitive(store: Named, rows: ir.Table) -> ir.Table:
    """The rows whose `category` (and `subcategory`, where they have one) the shop does not call
    sensitive, whatever the capitals; a row without one stays."""
    if not store.has("sensitive_categories"):
        return rows
    said = store.table("sensitive_categories")
    said = said.select(plain=_plain(said.category)).distinct()
    for name in ("category", "subcategory"):
        if name in rows.columns:
            rows = rows.mutate(plain=_plain(rows[name])).anti_join(said, "plain").drop("plain")
    return rows


def _plain(name: ir.Value) -> ir.Value:
    return name.strip().lower()


def clocks(store: Named) -> ir.Table | None:
    """The rows of `replenishment` that may be told of: neither what runs out nor the product bought
    of it last is of a sensitive category. None where no refresh made any."""
    if not store.has("replenishment"):
        return None
    rows = not_sensitive(store, store.table("replenishment"))
    told = offerable(store).select("product_id")
    hidden = store.table("product_facts").anti_join(told, "product_id").select("product_id")
    return rows.anti_join(hidden, "product_id")


def offers(store: Store, name: str) -> ir.Table:
    """One row a customer and product of a list: customer_key, place (1 is the best), product_id,
    product, category, subcategory, brand and the reason. That is `times`, `last_day`, `usual_days`
    and `ago_days` of `again`, and `because` (a product's name), `because_id` and `because_people`
    of `new`.

    Raises: CrmError("unknown_choice") for any other list, ("no_scores") where there are none.
    """
    if name not in LISTS:
        raise CrmError("unknown_choice", name="list", value=name, match=close_match(name, LISTS))
    if not has_offers(store):
        raise CrmError("no_scores")
    rows, known = store.table(_TABLES[name]), offerable(store)
    if name == "again":
        as_of = ibis.literal(store.scores_as_of)
        rows = rows.select(
            "customer_key", "rank", "product_id", "times", "last_day", "usual_days",
            ago_days=as_of.delta(rows.last_day, unit="day"),
        )  # fmt: skip
    else:
        rows = rows.select(
            "customer_key", "rank", "product_id", "because_product_id", "because_people"
        )
        spoken = known.select(because_product_id="product_id", because="product")
        told = without(rows.left_join(spoken, "because_product_id"), "because_product_id_right")
        may = told.because.notnull()
        because_id = may.ifelse(told.because_product_id, ibis.null("string"))
        rows = told.mutate(because_id=because_id).drop("because_product_id")
    joined = without(rows.join(known, "product_id"), "product_id_right")
    place = ibis.row_number().over(
        ibis.window(group_by="customer_key", order_by=[joined["rank"], joined.product_id])
    )
    return joined.mutate(place=(place + 1).cast("int64")).drop("rank")


def recommended(store: Store, day: date) -> ir.Table:
    """Both lists as of a day, for rules to ask about: customer_key, list, product, product_id,
    category, subcategory, brand. Empty where no refresh made them.

    Raises: CrmError("scores_other_day") for a day before the scores: nobody kept the lists of then.
    """
    if not has_offers(store):
        return _nobody(store)
    if store.scores_as_of is not None and day < store.scores_as_of:
        raise CrmError("scores_other_day", asked=day, have=store.scores_as_of)
    again, new = (
        offers(store, name).select(
            "customer_key", "product", "product_id", "category", "subcategory", "brand",
            list=ibis.literal(name),
        )
        for name in LISTS
    )  # fmt: skip
    return again.union(new)


def _nobody(store: Store) -> ir.Table:
    people = store.table("customer_facts").filter(ibis.literal(False))
    text = ibis.null("string")
    names = ("product", "product_id", "category", "subcategory", "brand", "list")
    return people.select("customer_key", **dict.fromkeys(names, text))


def with_reason(rows: ir.Table, name: str, language: str) -> ir.Table:
    """The rows of a list with `why`: the reason in words."""
    if name == "new":
        because = _worded("offer.reason.new", language, because=rows.because)
        return rows.mutate(why=because.fill_null(t("offer.reason.alike", language)))
    told = {
        "times": _whole(rows.times),
        "usual": _whole(rows.usual_days),
        "ago": _ago(rows.ago_days, language),
    }
    rhythm = _worded("offer.reason.rhythm", language, **told)
    times = _worded("offer.reason.times", language, **told)
    once = _worded("offer.reason.once", language, **told)
    knows = (rows.usual_days >= _LEAST_DAYS).fill_null(False) & (rows.times > 1)
    return rows.mutate(why=ibis.cases((knows, rhythm), (rows.times > 1, times), else_=once))


def most_listed(rows: ir.Table, by: str, most: int, least: int) -> ir.Table:
    """The products that most people have on a list, the first `most` by a column of its rows: that
    column, product_id, product, people, place. None that fewer than `least` people have."""
    counted = rows.group_by(by, "product_id", "product").agg(people=rows.count())
    counted = counted.filter(counted.people >= least)
    order = [ibis.desc(counted.people), counted.product_id.asc()]
    place = ibis.row_number().over(ibis.window(group_by=by, order_by=order))
    ranked = counted.mutate(place=(place + 1).cast("int64"))
    return ranked.filter(ranked.place <= most)


def next_products(store: Store, language: str) -> ir.Table:
    """One row a customer who is on a list: customer_key and NEXT_COLUMNS, the first `TOLD` products
    of each list with their reasons in words.

    Raises: CrmError("no_scores") where there are no lists.
    """
    sides = [_wide(store, name, language) for name in LISTS]
    joined = sides[0].outer_join(sides[1], "customer_key")
    key = joined.customer_key.coalesce(joined.customer_key_right)
    return joined.select(*NEXT_COLUMNS, customer_key=key).select("customer_key", *NEXT_COLUMNS)


def next_three(store: Store) -> ir.Table:
    """The same by numbers alone, as other programs read it: customer_key, `again_1` to `again_3` and
    `new_1` to `new_3` (product ids, the best first), and for each new one `because_1` to `because_3`,
    the product of theirs that speaks for it; empty where there are fewer.

    Raises: CrmError("no_scores") where there are no lists.
    """
    again, new = (offers(store, name) for name in LISTS)
    none = ibis.null("string")
    rows = again.select("customer_key", "place", again=again.product_id, new=none, because=none)
    rows = rows.union(
        new.select("customer_key", "place", again=none, new=new.product_id, because=new.because_id)
    )
    told = {
        f"{name}_{place}": rows[name].max(where=rows.place == place)
        for name in ("again", "new", "because")
        for place in range(1, TOLD + 1)
    }
    return rows.group_by("customer_key").agg(**told).order_by("customer_key")


def _wide(store: Store, name: str, language: str) -> ir.Table:
    rows = with_reason(offers(store, name), name, language)
    rows = rows.filter(rows.place <= TOLD)
    source = {"id": rows.product_id, "name": rows["product"], "why": rows.why}
    cells = {
        f"{name}_{place}_{part}": source[part].max(where=rows.place == place)
        for place in range(1, TOLD + 1)
        for part in _PARTS
    }
    return rows.group_by("customer_key").agg(**cells)


def _ago(days: ir.Value, language: str) -> ir.Value:
    """How long before the day of the scores, in words."""
    return ibis.cases(
        (days <= 0, t("offer.reason.today", language)),
        (days == 1, t("offer.reason.yesterday", language)),
        else_=_worded("offer.reason.ago", language, days=_whole(days)),
    )


def _whole(value: ir.Value) -> ir.Value:
    return (value.cast("float64") + 0.5).floor().cast("int64").cast("string")


def _worded(key: str, language: str, **values: ir.Value) -> ir.Value:
    """A text with columns in its placeholders; unknown where one of them is."""
    pieces: list[ir.Value] = []
    for before, name, _, _ in Formatter().parse(t(key, language)):
        if before:
            pieces.append(ibis.literal(before))
        if name is not None:
            pieces.append(values[name])
    words = pieces[0]
    for piece in pieces[1:]:
        words = words + piece
    return words
