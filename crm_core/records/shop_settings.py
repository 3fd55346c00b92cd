"""What a shop says of its costs and of what counts, where its order log is silent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import select

from crm_core.errors import CrmError
from crm_core.records.aspect_words import aspect_issues, words_by_aspect
from crm_core.records.care_settings import REPLY_HOURS, SETTLE_HOURS, hours_issues, topic_issues
from crm_core.records.connection import reading, writing
from crm_core.records.models import Setting
from crm_core.records.repository import Repository, bump, checked_moment, upsert
from crm_core.records.segment_settings import RFM_BY, cut_issues, tier_issues

NOT_COUNTED = ("pending", "cancelled", "test")
REFUND_DATES = ("refund", "order")
_MOST_MONEY = Decimal(10) ** 12
_MOST_ENTRIES = 5_000
_MOST_DAYS = 3_650
CHURN_DAYS = (7, 365)
_TEXT_LENGTH = 320
_COUNTRY = re.compile(r"^[A-Z]{2}$")
_MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")


@dataclass(frozen=True)
class SettingIssue:
    """One thing to correct: the field, what is wrong (a text key's end), and where in it."""

    field: str
    code: str
    at: str = ""


@dataclass(frozen=True)
class ShopSettings:
    """What to take for costs and for counting. Rates are shares from 0 to 1, money is the shop's.

    `margin_by_category` and `default_margin` (share of revenue) stand in where a product has no
    cost; `shipping_cost_per_order`, the payment fees and `marketplace_fee_rate` (by sales
    channel) where an order has none. `marketing_spend` is month ("2026-05") -> source -> amount.
    `tax_included` says that prices hold tax at `tax_rate`. Orders in `uncounted_statuses` and of
    `internal_buyers` (customer ids, e-mail addresses or "@domain") are left out of every number.
    `refund_date` says whether money given back counts on its own day or on its order's.
    `starts_with_shop` says whether the log begins with the shop; None keeps what the files said.
    `join_email_aliases` lets spellings that a mail provider delivers to one box be one customer;
    `country` (two letters) is where phone numbers belong that tell no country. With
    `household_accounts` and `company_accounts` customers of one address and family name, or of
    one company's mail domain, form an account where no file names one. With `companies_apart`
    scores are learned without customers of companies, partners and other such accounts, who get none.
    `churn_horizon_days` is for how long a customer must stay away to have churned; None takes the
    time within which nine of ten repeat orders of this shop come.
    `discount_rate` is what a year makes money ahead worth less.
    Uploaded files are kept for `raw_uploads_days`, or not at all at 0.
    `loyalty_tiers` is tier -> spend in the last 365 days it asks for; nothing typed lets it follow
    from what customers spend. `rfm_by` says how RFM scores are cut: by rank (recency by days or by
    the rhythm of what is bought), at fixed numbers,
    or at the shop's own `rfm_cuts` (measure -> score -> where it begins, see CUT_SCORES).
    Products of `sensitive_categories` are never recommended, nor told of in a list or profile;
    with `offer_sold_out` those whose shelf is empty are recommended, too.
    `aspect_words` (aspect -> words, `*` for any ending) say what a review is about, in place of the
    program's own for the aspects that have any.
    `goodwill_limit` is how much one customer may be given out of goodwill in 90 days, nothing at 0.
    A first reply is promised within `reply_hours`, a solution within `settle_hours`; with
    `service_days` (1 is Monday), `service_opens` and `service_closes` only those hours count.
    `contact_topics` are rules like "delivery: parcel, 包裹"; none are the usual ones.
    A yes from `service_only_sources` is none (None: from the marketplaces that are known). Lists
    warn when files with consents last came in more than `consents_warn_days` ago and do not leave
    after `consents_block_days`; 0 never does.

    >>> ShopSettings(payment_fee_rate="0.029").payment_fee_rate
    Decimal('0.029')
    """

    margin_by_category: Mapping[str, Decimal] = field(default_factory=dict)
    default_margin: Decimal | None = None
    shipping_cost_per_order: Decimal | None = None
    payment_fee_rate: Decimal = Decimal(0)
    payment_fee_fixed: Decimal = Decimal(0)
    marketplace_fee_rate: Mapping[str, Decimal] = field(default_factory=dict)
    marketing_spend: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    tax_included: bool = False
    tax_rate: Decimal = Decimal(0)
    uncounted_statuses: tuple[str, ...] = NOT_COUNTED
    internal_buyers: tuple[str, ...] = ()
    starts_with_shop: bool | None = None
    join_email_aliases: bool = True
    country: str | None = None
    household_accounts: bool = False
    company_accounts: bool = False
    companies_apart: bool = False
    refund_date: str = REFUND_DATES[0]
    discount_rate: Decimal = Decimal("0.1")
    raw_uploads_days: int = 30
    churn_horizon_days: int | None = None
    loyalty_tiers: Mapping[str, Decimal] = field(default_factory=dict)
    rfm_by: str = RFM_BY[0]
    rfm_cuts: Mapping[str, Mapping[str, Decimal]] = field(default_factory=dict)
    sensitive_categories: tuple[str, ...] = ()
    offer_sold_out: bool = False
    aspect_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    goodwill_limit: Decimal = Decimal(25)
    reply_hours: int = 24
    settle_hours: int = 72
    service_days: tuple[str, ...] = ()
    service_opens: str = ""
    service_closes: str = ""
    contact_topics: tuple[str, ...] = ()
    service_only_sources: tuple[str, ...] | None = None
    consents_warn_days: int = 30
    consents_block_days: int = 90

    def __post_init__(self) -> None:
        for name in (*_RATES, *_MONEY):
            object.__setattr__(self, name, _number(getattr(self, name)))
        for name in (*_RATES_BY, "marketing_spend", "loyalty_tiers", "rfm_cuts"):
            object.__setattr__(self, name, _numbers(getattr(self, name)))
        for name in (*_TEXTS, "service_only_sources"):
            object.__setattr__(self, name, _texts(getattr(self, name)))
        object.__setattr__(self, "aspect_words", words_by_aspect(self.aspect_words))

    def issues(self) -> list[SettingIssue]:
        """Everything that must be corrected before these settings can be used."""
        return _issues(self)

    def document(self) -> dict[str, Any]:
        """The settings as plain JSON, money and rates as text: what is stored and hashed."""
        return {item.name: _plain(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ShopSettings:
        """Settings out of stored JSON; names of another version are passed over.

        Raises: CrmError("records_settings_invalid", count, fields, issues).
        """
        known = {item.name for item in fields(cls)}
        settings = cls(**{name: value for name, value in document.items() if name in known})
        return settings.checked()

    def checked(self) -> ShopSettings:
        """These settings, if nothing is wrong with them.

        Raises: CrmError("records_settings_invalid", count, fields, issues) with all issues.
        """
        issues = self.issues()
        if issues:
            names = dict.fromkeys(issue.field for issue in issues)
            raise CrmError(
                "records_settings_invalid",
                count=len(issues),
                fields=", ".join(names),
                issues=tuple(issues),
            )
        return self


class SettingsKept(Repository):
    """The shop's settings, one row a field."""

    def shop_settings(self) -> ShopSettings:
        """The settings as saved, defaults where nothing was."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(Setting.key, Setting.value))
            return ShopSettings.from_document({row.key: row.value for row in rows})

    def save_shop_settings(self, settings: ShopSettings, user: str, now: datetime) -> bool:
        """Keeps settings; tells whether anything changed.

        Raises: CrmError("records_settings_invalid", count, fields, issues).
        """
        document = settings.checked().document()
        at = checked_moment(now)
        with writing(self._engine) as connection:
            rows = connection.execute(select(Setting.key, Setting.value))
            before = {**ShopSettings().document(), **{row.key: row.value for row in rows}}
            changed = {name: value for name, value in document.items() if before[name] != value}
            for name, value in changed.items():
                row = {"key": name, "value": value, "changed_by": user, "changed_at": at}
                upsert(connection, Setting, ["key"], row)
            if changed:
                bump(connection, "decisions")
        return bool(changed)


_RATES = ("default_margin", "payment_fee_rate", "tax_rate", "discount_rate")
_MONEY = ("shipping_cost_per_order", "payment_fee_fixed", "goodwill_limit")
_RATES_BY = ("margin_by_category", "marketplace_fee_rate")
_LISTS = ("uncounted_statuses", "internal_buyers", "sensitive_categories")
_TEXTS = (*_LISTS, "service_days", "contact_topics")
_MAY_BE_NONE = ("default_margin", "shipping_cost_per_order")
_SWITCHES = {
    "tax_included": (True, False),
    "starts_with_shop": (True, False, None),
    "join_email_aliases": (True, False),
    "household_accounts": (True, False),
    "company_accounts": (True, False),
    "companies_apart": (True, False),
    "offer_sold_out": (True, False),
}


def _number(value: Any) -> Any:
    """A number as an exact decimal; what is none stays as it is, to be found by the check."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return value
    try:
        return Decimal(str(value).strip())
    except InvalidOperation:
        return value


def _numbers(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {
        str(name).strip(): _numbers(inner) if isinstance(inner, Mapping) else _number(inner)
        for name, inner in value.items()
    }


def _texts(value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, list | tuple):
        return value
    tidy = (item.strip() if isinstance(item, str) else item for item in value)
    return tuple(dict.fromkeys(item for item in tidy if item != ""))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, Mapping):
        return {name: _plain(value[name]) for name in sorted(value)}
    return list(value) if isinstance(value, tuple) else value


def _issues(settings: ShopSettings) -> list[SettingIssue]:
    found: list[SettingIssue] = []
    for name in (*_RATES, *_MONEY):
        value = getattr(settings, name)
        if value is not None or name not in _MAY_BE_NONE:
            found += _amount(name, value, rate=name in _RATES)
    for name in _RATES_BY:
        found += _by_name(name, getattr(settings, name), rate=True)
    found += _spend(settings.marketing_spend)
    for name in _LISTS:
        found += _list(name, getattr(settings, name))
    if settings.service_only_sources is not None:
        found += _list("service_only_sources", settings.service_only_sources)
    for name in ("consents_warn_days", "consents_block_days"):
        found += _days(name, getattr(settings, name), 0, _MOST_DAYS)
    for name, choices in _SWITCHES.items():
        if not any(getattr(settings, name) is choice for choice in choices):
            found.append(SettingIssue(name, "not_a_switch"))
    if settings.country is not None and not _COUNTRY.match(str(settings.country)):
        found.append(SettingIssue("country", "not_a_country"))
    if settings.refund_date not in REFUND_DATES:
        found.append(SettingIssue("refund_date", "not_a_choice"))
    if settings.churn_horizon_days is not None:
        found += _days("churn_horizon_days", settings.churn_horizon_days, *CHURN_DAYS)
    found += _days("raw_uploads_days", settings.raw_uploads_days, 0, _MOST_DAYS)
    for name, (low, high) in {"reply_hours": REPLY_HOURS, "settle_hours": SETTLE_HOURS}.items():
        found += _days(name, getattr(settings, name), low, high, code="not_hours")
    hours = (settings.service_days, settings.service_opens, settings.service_closes)
    found += [SettingIssue(*said) for said in hours_issues(*hours)]
    found += [
        SettingIssue("contact_topics", *said) for said in topic_issues(settings.contact_topics)
    ]
    found += [SettingIssue("loyalty_tiers", *said) for said in tier_issues(settings.loyalty_tiers)]
    found += [SettingIssue("aspect_words", *said) for said in aspect_issues(settings.aspect_words)]
    cuts = cut_issues(settings.rfm_by, settings.rfm_cuts)
    return found + [SettingIssue(*said) for said in cuts]


def _days(name: str, value: Any, low: int, high: int, code: str = "not_days") -> list[SettingIssue]:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return [] if whole and low <= value <= high else [SettingIssue(name, code)]


def _amount(name: str, value: Any, *, rate: bool, at: str = "") -> list[SettingIssue]:
    if not isinstance(value, Decimal) or not value.is_finite():
        return [SettingIssue(name, "not_a_number", at)]
    if rate and not 0 <= value <= 1:
        return [SettingIssue(name, "not_a_share", at)]
    if not rate and not 0 <= value < _MOST_MONEY:
        return [SettingIssue(name, "not_an_amount", at)]
    return []


def _by_name(name: str, values: Any, *, rate: bool, under: str = "") -> list[SettingIssue]:
    if not isinstance(values, Mapping) or len(values) > _MOST_ENTRIES:
        return [SettingIssue(name, "not_a_table", under)]
    found: list[SettingIssue] = []
    for key, value in values.items():
        if not key or len(key) > _TEXT_LENGTH:
            found.append(SettingIssue(name, "name_missing", under))
        found += _amount(name, value, rate=rate, at=f"{under} {key}".strip()[:80])
    return found


def _spend(months: Any) -> list[SettingIssue]:
    name = "marketing_spend"
    if not isinstance(months, Mapping):
        return [SettingIssue(name, "not_a_table")]
    found: list[SettingIssue] = []
    for month, sources in months.items():
        if not _MONTH.match(month):
            found.append(SettingIssue(name, "not_a_month", month[:80]))
        found += _by_name(name, sources, rate=False, under=month[:20])
    return found


def _list(name: str, values: Any) -> list[SettingIssue]:
    if not isinstance(values, tuple) or len(values) > _MOST_ENTRIES:
        return [SettingIssue(name, "not_a_list")]
    bad = [value for value in values if not isinstance(value, str) or len(value) > _TEXT_LENGTH]
    return [SettingIssue(name, "not_a_text")] if bad else []
