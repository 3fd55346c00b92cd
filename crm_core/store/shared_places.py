"""Which customers have an address or a telephone number in common; the text itself stays here.

A place shared by several is a family, a dormitory or an office far oftener than anything else.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from crm_core.store.tables import Named

#: More at one place are a large building, a hotel, a parcel shop: who they are says nothing.
MOST_AT_A_PLACE: Final = 200
_FEWEST_DIGITS = 7


def shared_places(tables: Named) -> ir.Table | None:
    """customer_key, kind (address, phone), place (never to be shown) and how many customers are
    there (people, two and more); None where nobody's address is known."""
    if not tables.has("identities"):
        return None
    known = tables.table("identities")
    street = _bare(known.address)
    where = _bare(ibis.coalesce(known.postal_code, known.city))
    digits = known.phone.re_replace("[^0-9]", "")
    by_address = known.filter(street.length().fill_null(0) > 0).select(
        "customer_key", kind=ibis.literal("address"), place=street + "|" + where.fill_null("")
    )
    by_phone = known.filter(digits.length().fill_null(0) >= _FEWEST_DIGITS).select(
        "customer_key", kind=ibis.literal("phone"), place=digits
    )
    there = by_address.union(by_phone)
    place = ibis.window(group_by=["kind", "place"])
    counted = there.mutate(people=there.count().over(place))
    return counted.filter(counted.people.between(2, MOST_AT_A_PLACE))


def _bare(text: ir.StringValue) -> ir.StringValue:
    """A text without case, blanks and the signs between words."""
    return text.lower().re_replace(r"[\s.,;:/#'\-]+", "")
