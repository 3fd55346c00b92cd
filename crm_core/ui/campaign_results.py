"""What a campaign changed, drawn: verdict, money, arms, checks, and where it worked."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from crm_core.audiences.campaign_result import BY, ArmLift, CampaignResult, Terms
from crm_core.charts import whiskers
from crm_core.models.lift_segments import REST
from crm_core.pipeline.campaign_steps import terms_of
from crm_core.records import OfferTerms
from crm_core.text import formats
from crm_core.ui.fields import switch_choice
from crm_core.ui.kpi import figures
from crm_core.ui.layout import columns, draw, panel
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.ui.tables import Column, data_table
from crm_core.ui.uplift_parts import draw_uplift
from crm_core.ui.words import caption, note, paragraph, success, warning
from crm_core.views.campaign_results import CampaignResults, campaign_results, needed

#: Where the lot cannot be trusted, no lift and no money is told.
_NO_LIFT = ("broken", "unlike")
_TONES: dict[str, Callable[..., None]] = {
    "broken": warning,
    "unlike": warning,
    "observational": warning,
    "harmed": warning,
    "worked": success,
    "few_yet_sure": success,
}


def draw_result(name: str) -> None:
    """Everything about one campaign that was sealed here, or is known from imported touches."""
    terms = terms_of(current().records, name)
    view = show(campaign_results, current().selection, name=name, terms=terms)
    _say(view)
    if not view.result.lifts or view.said == "not_begun":
        return
    if view.said in _NO_LIFT:
        _arms_and_checks(view)
        return
    _figures(view.result, terms.offer if terms else None)
    left, right = columns(1, 1)
    with left:
        _whiskers("people", view.people, "points", view)
    with right:
        _whiskers("money", view.money, "money", view)
    _arms_and_checks(view)
    if view.result.segments:
        _segments(view)
    if view.result.is_random and view.result.is_over:
        draw_uplift(name, _cost_each(terms, view.result.lifts[0]))


def _cost_each(terms: Terms | None, one: ArmLift) -> float:
    """What writing to one more costs: the contact, and the offer as often as it was used."""
    if terms is None or one.spent is None:
        return 0.0
    return round(terms.cost_per_contact + one.spent.offer / max(one.members, 1), 4)


def _arms_and_checks(view: CampaignResults) -> None:
    left, right = columns(5, 3)
    with left:
        _arms(view)
    with right:
        _checks(view)


def lesson(said: str, row: pd.Series) -> None:
    """What a campaign taught, in a sentence."""
    paragraph(f"campaign_results.said.{said}", **_facts(row))


def _facts(row: pd.Series) -> dict[str, object]:
    session = current()
    points = {name: session.write(row[name], "points") for name in ("value", "low", "high")}
    return {
        **points,
        "starts": formats.day(pd.Timestamp(row["first"]).date(), session.language),
        "days": int(row["days"]),
        "ends": formats.day(pd.Timestamp(row["ends"]).date(), session.language),
        "buyers": int(row["control_buyers"]),
        "needed": needed(),
    }


def _say(view: CampaignResults) -> None:
    session, result = current(), view.result
    row = pd.Series({"value": None, "low": None, "high": None})
    if len(view.people):
        row = view.people.iloc[0][["value", "low", "high"]]
    told = {"days": result.window_days, "first": result.first, "ends": result.ends_on}
    facts = _facts(pd.Series({**row, **told, "control_buyers": view.control_buyers}))
    _TONES.get(view.said, note)(f"campaign_results.said.{view.said}", **facts)
    if view.said == "not_begun":
        return
    first, last = (formats.day(day, session.language) for day in (result.first, result.ends_on))
    caption("campaign_results.dates", first=first, last=last, days=result.window_days)


def _offer(one: ArmLift, offer: OfferTerms | None) -> None:
    """How often the offer was used, and what of it is in which figure."""
    if offer is None or one.spent is None:
        return
    session = current()
    caption(
        "campaign_results.offer_used" if offer.code else "campaign_results.offer_any",
        name=offer.name,
        uses=formats.number(one.spent.uses or 0, session.language),
        cost=session.write(one.spent.offer, "money"),
    )


def _figures(result: CampaignResult, offer: OfferTerms | None) -> None:
    """What all people contacted brought together; of an observed difference nothing is summed."""
    if not result.is_random:
        return
    one = result.lifts[0]
    shown: list[tuple[str, float | None, str]] = [
        ("campaign_results.lift", one.lifts["buyers"].difference, "points"),
        ("campaign_results.extra_buyers", one.total("buyers")[0], "count"),
        ("campaign_results.extra_spend", one.total("spend")[0], "money"),
    ]
    if "margin" in one.lifts:
        shown.append(("campaign_results.extra_margin", one.total("margin")[0], "money"))
    if one.gain is not None:
        shown.append(("campaign_results.gain", one.gain, "money"))
    if one.money_back is not None and one.lifts["margin"].is_sure:
        shown.append(("campaign_results.money_back", one.money_back, "rate"))
    figures(shown, columns=min(len(shown), 6))
    bounds = {
        f"{name}_{side}": current().write(value, "money")
        for name in ("spend", "margin")
        if name in one.lifts
        for side, value in zip(("low", "high"), one.total(name)[1:], strict=True)
    }
    if one.lifts["spend"].low is None:
        caption("campaign_results.no_range")
    else:
        key = "range" if "margin" in one.lifts else "range_spend"
        caption(f"campaign_results.{key}", **bounds)
    low, high = one.total("margin")[1:] if "margin" in one.lifts else (None, None)
    if one.cost is not None and low is not None and high is not None:
        left = {"low": low - one.cost, "high": high - one.cost}
        words = {name: current().write(value, "money") for name, value in left.items()}
        caption("campaign_results.range_gain", **words)
    _offer(one, offer)


def _whiskers(part: str, rows: pd.DataFrame, unit: str, view: CampaignResults) -> None:
    session = current()
    several = len(view.result.lifts) > 1
    labels: list[str] = []
    for arm, control, outcome in rows[["arm", "control", "outcome"]].itertuples(index=False):
        pair = session.t(
            "campaign_results.beside",
            arm=_arm(arm, session),
            control=_arm(control, session),
        )
        word = session.word("campaign_results.outcome", outcome)
        labels.append(pair if part == "people" else f"{word} · {pair}" if several else word)
    with panel(f"campaign_results.{part}"):
        chart = whiskers(rows.assign(label=labels), session.numbers(unit))
        draw(chart, key=f"campaign_{part}", title=session.t(f"campaign_results.{part}"))
        is_sure = bool(rows["low"].notna().any())
        caption(f"campaign_results.{part}_note" if is_sure else "campaign_results.no_whiskers")


def _arm(code: str, session: Session) -> str:
    return session.word("campaign_results.arm", code)


def _arms(view: CampaignResults) -> None:
    session = current()
    words = [_arm(code, session) for code in view.arms["code"]]
    shown = [
        Column("arm", label_key="campaign_results.arm_label", width="small"),
        Column("members", "count", "campaign_results.members"),
        Column("buyers", "count", "campaign_results.buyers"),
        Column("share", "rate", "campaign_results.share"),
        Column("spend", "cents", "campaign_results.spend"),
    ]
    if view.arms["margin"].notna().all():
        shown.append(Column("margin", "cents", "campaign_results.margin"))
    with panel("campaign_results.arms"):
        data_table(
            view.arms.assign(arm=words), shown, key="campaign_arms", alt_key="campaign_results.arms"
        )


def _checks(view: CampaignResults) -> None:
    """What might forbid to believe the figures, each in a sentence."""
    session, result = current(), view.result
    lifts = result.lifts[0].lifts
    with panel("campaign_results.checks", help_key="campaign_results.checks_about"):
        if lifts["buyers"].method == "pooled":
            paragraph("campaign_results.check.pooled", buyers=view.control_buyers)
        saved = {name: lifts[name].variance_reduction for name in ("spend", "buyers")}
        if None not in saved.values():
            written = {name: session.write(value, "rate") for name, value in saved.items()}
            paragraph("campaign_results.check.adjusted", **written)
        if result.is_random and result.split is None:
            paragraph("campaign_results.check.split_unknown")
        if result.split is not None and not result.split.is_broken:
            paragraph("campaign_results.check.split_good")
        if result.is_random and result.verdict != "unlike":
            paragraph("campaign_results.check.alike")
        if result.in_two_arms:
            paragraph("campaign_results.check.in_two_arms", count=result.in_two_arms)
        if "margin" not in lifts:
            paragraph("campaign_results.check.no_costs")
        paragraph("campaign_results.check.opens")


def _segments(view: CampaignResults) -> None:
    session = current()
    with panel("campaign_results.segments", help_key="campaign_results.segments_about"):
        by = switch_choice(
            "campaign_results.segments_by",
            BY,
            key="campaign_by",
            prefix="campaign_results.by",
            value="favourite_category",
        )
        rows = view.segments(by)
        if rows.empty:
            caption("campaign_results.segments_few", needed=needed())
            return
        names = [_segment(by, code, session) for code in rows["code"]]
        labels = [
            session.t("campaign_results.best", label=name, count=len(rows)) if best else name
            for name, best in zip(names, rows["is_best"], strict=True)
        ]
        chart = whiskers(rows.assign(label=labels), session.numbers("points"))
        draw(chart, key=f"campaign_by_{by}", title=session.t("campaign_results.segments"))
        found = [name for name, held in zip(names, rows["is_found"], strict=True) if held]
        if found:
            listed = session.t("churn.and").join(found)
            paragraph("campaign_results.segments_found", names=listed)
        else:
            paragraph("campaign_results.segments_none")
        caption("campaign_results.segments_about")
        caption("campaign_results.segments_best")


def _segment(by: str, code: str, session: Session) -> str:
    if code == REST:
        return session.t("campaign_results.rest")
    return session.t(f"lifecycle.{code}.name") if by == "stage" else code
