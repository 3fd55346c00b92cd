"""The shop's settings, as people typed them, put into the form that the marts count by."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from crm_core.metrics.care_rules import CareRules
from crm_core.metrics.contact_topics import USUAL_RULES
from crm_core.models.rfm import Cuts
from crm_core.records import CUT_SCORES, IdentityOverride, ShopSettings
from crm_core.records.care_settings import minute_of, topic_rule
from crm_core.store import Build
from crm_core.store.accounts import AccountRules
from crm_core.store.marts import MoneyRules
from crm_core.store.people import PeopleRules


@dataclass(frozen=True)
class SegmentRules:
    """How a shop divides its customers: the spend that loyalty tiers ask for (none typed: by what
    customers spend), and how RFM scores are cut (`own_cuts` with `rfm_by` own)."""

    loyalty: Mapping[str, float] = field(default_factory=dict)
    rfm_by: str = "quantiles"
    own_cuts: Cuts | None = None


def segment_rules(settings: ShopSettings) -> SegmentRules:
    """What the shop's settings say of segments."""
    cuts = {
        name: tuple(float(scores[score]) for score in order)
        for name, order in CUT_SCORES.items()
        if len(scores := settings.rfm_cuts.get(name, {})) == len(order)
    }
    return SegmentRules(
        loyalty={tier: float(least) for tier, least in settings.loyalty_tiers.items()},
        rfm_by=settings.rfm_by,
        own_cuts=Cuts(**cuts) if len(cuts) == len(CUT_SCORES) else None,  # pyright: ignore[reportArgumentType]
    )


def money_rules(settings: ShopSettings, build: Build) -> MoneyRules:
    """Money rules for a build whose canonical tables are there (internal buyers are looked up)."""
    margins = {name: float(rate) for name, rate in settings.margin_by_category.items()}
    if settings.default_margin is not None:
        margins["*"] = float(settings.default_margin)
    shipping = settings.shipping_cost_per_order
    return MoneyRules(
        not_counted=settings.uncounted_statuses,
        internal_keys=_internal_keys(settings.internal_buyers, build),
        prices_include_tax=settings.tax_included,
        tax_rate=float(settings.tax_rate),
        margin_by_category=margins,
        shipping_cost_per_order=None if shipping is None else float(shipping),
        payment_fee_rate=float(settings.payment_fee_rate),
        payment_fee_fixed=float(settings.payment_fee_fixed),
        marketplace_fee_by_channel={
            name: float(rate) for name, rate in settings.marketplace_fee_rate.items()
        },
        refunds_by_order_day=settings.refund_date == "order",
        discount_rate=float(settings.discount_rate),
        marketing=tuple(
            (*_days(month), source, float(amount))
            for month, sources in settings.marketing_spend.items()
            for source, amount in sources.items()
        ),
    )


def people_rules(settings: ShopSettings, overrides: Sequence[IdentityOverride] = ()) -> PeopleRules:
    """How customers are recognised: as the shop's settings and what people decided say."""
    return PeopleRules(
        join_aliases=settings.join_email_aliases,
        own_domains=tuple(buyer for buyer in settings.internal_buyers if buyer.startswith("@")),
        country=settings.country,
        apart=tuple((each.trace, each.value) for each in overrides if each.kind == "apart"),
        same=tuple((each.value, each.other) for each in overrides if each.kind == "same"),
    )


def account_rules(settings: ShopSettings) -> AccountRules:
    """Which accounts are made of customers that no file puts in one."""
    return AccountRules(
        households=settings.household_accounts,
        companies=settings.company_accounts,
        own_domains=people_rules(settings).own_domains,
    )


def care_rules(settings: ShopSettings) -> CareRules:
    """What the shop promises its customers, when it works and which words mean a topic."""
    rules = tuple(rule for line in settings.contact_topics if (rule := topic_rule(line)))
    has_hours = bool(settings.service_opens and settings.service_closes)
    return CareRules(
        reply_hours=settings.reply_hours,
        settle_hours=settings.settle_hours,
        opens=minute_of(settings.service_opens) if has_hours else 0,
        closes=minute_of(settings.service_closes) if has_hours else 0,
        weekdays=tuple(sorted(int(day) for day in settings.service_days)),
        topics=rules or USUAL_RULES,
    )


def _days(month: str) -> tuple[date, date]:
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, 1), date(year, number, monthrange(year, number)[1])


def _internal_keys(buyers: tuple[str, ...], build: Build) -> tuple[int, ...]:
    """Customer keys of the shop's own people: by source id, e-mail or @domain."""
    if not buyers:
        return ()
    plain = [buyer.strip().lower() for buyer in buyers]
    rows = build.connection.execute(
        "SELECT DISTINCT customer_key FROM facts.main.identity_links WHERE "
        "list_contains(?, lower(value)) OR (kind = 'email' AND "
        "list_contains(?, '@' || split_part(value, '@', 2)))",
        [plain, plain],
    ).fetchall()
    return tuple(sorted(int(row[0]) for row in rows))
