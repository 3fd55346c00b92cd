"""A checked order for a list: what decides who stays, and what is told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from crm_core.errors import CrmError, close_match
from crm_core.privacy.gate import COUNTRY, IDENTITY_COLUMNS, KNOWN_PHONE, for_export
from crm_core.privacy.left_out import LEFT_OUT, OUTSIDE, marked
from crm_core.privacy.platforms import FEED, FORMATS, PLATFORMS, Cell, Platform, columns_read
from crm_core.privacy.policy import CHANNEL_COLUMNS, Access
from crm_core.privacy.sift import Needs
from crm_core.records import CONTACT_CHANNELS
from crm_core.store import Store
from crm_core.text import has, t

CODE_COLUMN = "customer"


@dataclass(frozen=True)
class Wish:
    """What somebody asks to have written; see `export.export_list`. `untold` are categories that
    no cell may name."""

    members: ir.Table
    contact_channel: str | None
    columns: Sequence[str] | Mapping[str, str]
    file_format: str
    language: str
    leave_out: Mapping[str, ir.Table]
    ads_consent_covers_use: bool
    home: str | None
    untold: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """`seen` decides who stays, `told` is what is written of them: the same rows in the same
    order. `columns` are those of `told` beside a tool's own, `headings` those of the file."""

    needs: Needs
    seen: ir.Table
    told: ir.Table
    columns: tuple[str, ...]
    headings: tuple[str, ...]


def planned(access: Access, store: Store, wish: Wish) -> Plan:
    """Checks an order and makes its expressions.

    Raises: CrmError("privacy_format_unknown", formats), ("privacy_channel_unknown", channels),
    ("privacy_format_not_for_channel", channel), ("privacy_column_unknown", column, match),
    ("privacy_column_not_for_channel", column), those of `gate.for_export`.
    """
    if wish.file_format not in FORMATS:
        raise CrmError("privacy_format_unknown", formats=", ".join(FORMATS))
    channel, platform = wish.contact_channel, PLATFORMS.get(wish.file_format)
    if channel not in CHANNEL_COLUMNS:
        raise CrmError("privacy_channel_unknown", channels=", ".join(CONTACT_CHANNELS))
    if platform and platform.contact_channel != channel:
        raise CrmError("privacy_format_not_for_channel", channel=platform.contact_channel)
    wanted = _wanted(wish, platform)
    own = [_own_heading(cell.heading, platform, wish.language) for cell in _cells(platform)]
    needs = Needs(channel, platform, tuple(wish.leave_out), wish.home, wish.ads_consent_covers_use)
    decides = _decides(platform) if platform else columns_read(channel)
    tells = _tells(platform) if platform else tuple(n for n in wanted if n in IDENTITY_COLUMNS)
    seen = marked(wish.members, wish.leave_out)
    return Plan(
        needs,
        _of_people(access, store, seen, (LEFT_OUT, OUTSIDE), decides).order_by("customer_key"),
        _of_people(access, store, _hushed(wish), tuple(wanted), tells).order_by("customer_key"),
        tuple(wanted),
        (*own, *wanted.values()),
    )


def _hushed(wish: Wish) -> ir.Table:
    """The members, unknown where a fact is the name of a category that must not be told, whatever
    its capitals."""
    members = wish.members
    if not wish.untold:
        return members
    untold = sorted({name.strip().lower() for name in wish.untold})
    texts = [name for name, kind in members.schema().items() if kind.is_string()]
    hushed = {
        name: members[name].strip().lower().isin(untold).ifelse(ibis.null("string"), members[name])
        for name in texts
    }
    return members.mutate(**hushed)


def _wanted(wish: Wish, platform: Platform | None) -> dict[str, str]:
    """The columns to write beside a tool's own, each with its heading. Of a plain list that names
    none, all that may be written."""
    told = () if platform else CHANNEL_COLUMNS[wish.contact_channel]
    hidden = ("customer_key", *IDENTITY_COLUMNS)
    features = [name for name in wish.members.columns if name not in hidden]
    known = (CODE_COLUMN, *told, *features) if not platform or platform.facts else ()
    for column in wish.columns:
        if (column in IDENTITY_COLUMNS and column not in told) or not known:
            raise CrmError("privacy_column_not_for_channel", column=column)
        if column not in known:
            raise CrmError(
                "privacy_column_unknown", column=column, match=close_match(column, known)
            )
    every = tuple(wish.columns) or (() if platform else known)
    if wish.file_format == FEED:  # read by a program: the same words in every language
        return {column: column for column in every}
    if isinstance(wish.columns, Mapping):
        return dict(wish.columns)
    return {column: _heading(column, wish.language) for column in every}


def _heading(column: str, language: str) -> str:
    key = f"privacy.column.{column}"
    return t(key, language) if has(key, language) else column


def _own_heading(heading: str, platform: Platform | None, language: str) -> str:
    """A tool's heading as it wants it; a person's in their language."""
    return _heading(heading, language) if platform and platform.for_people else heading


def _cells(platform: Platform | None) -> tuple[Cell, ...]:
    return platform.cells if platform else ()


def _decides(platform: Platform) -> tuple[str, ...]:
    """The columns of identities that tell whether a tool can reach somebody, and in which file."""
    names = [name for kind in platform.contacts for name in columns_read(kind)]
    if "phone" in names or platform.split == "texts":
        names += ["phone", KNOWN_PHONE, COUNTRY]
    if platform.split == "region":
        names.append(COUNTRY)
    return tuple(dict.fromkeys(names))


def _tells(platform: Platform) -> tuple[str, ...]:
    """The columns of identities that a tool is told of; phones are those that decided."""
    country = (COUNTRY,) if any(cell.source == "country" for cell in platform.cells) else ()
    return (*(name for name in platform.identity_columns if name != "phone"), *country)


def _of_people(
    access: Access,
    store: Store,
    members: ir.Table,
    columns: tuple[str, ...],
    identities: tuple[str, ...],
) -> ir.Table:
    """Members with these of their columns and of their identities."""
    features = [name for name in columns if name not in (*identities, CODE_COLUMN)]
    table = members.select("customer_key", *features)
    if not identities:
        return table
    people = for_export(store, access, identities)
    joined = table.left_join(people, "customer_key")
    return joined.select("customer_key", *features, *identities)
