"""All campaigns that can be measured, and what each taught."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from crm_core.audiences.campaign_result import CampaignResult, Terms, campaign_result
from crm_core.audiences.measurement import assignment_of, campaign_names
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.campaign_results import fewest_buyers, said_of

MOST = 12
#: Verdicts that no sum of money stands beside.
_NO_MONEY = ("not_begun", "broken", "unlike")


@dataclass(frozen=True)
class Results:
    """The latest campaigns, one row each: name, first, ends, days (the window), treated, control
    (people), control_buyers (who bought, in the arm with the fewer of them), value, low, high (lift
    in buyers; low and high missing without an interval), margin, margin_low, margin_high (extra, of
    all treated, before costs; missing where costs of goods are not known), said (the sentence that
    is true of it).

    `others` are names of earlier ones, which are measured when they are opened.
    """

    rows: pd.DataFrame
    others: tuple[str, ...]


def results(
    selection: Selection,
    *,
    store: Store,
    access: Access,
    terms: tuple[tuple[str, Terms], ...] = (),
) -> Results:
    """Measures the latest campaigns, drawn here (with the `terms` of each) or known from imported
    touches."""
    del selection, access
    names, decided = campaign_names(store), dict(terms)
    measured = [
        campaign_result(store, assignment_of(store, name), terms=decided.get(name), parts=False)
        for name in names[:MOST]
    ]
    rows = pd.DataFrame([_row(one) for one in measured])
    return Results(rows, tuple(names[MOST:]))


def _row(one: CampaignResult) -> dict[str, object]:
    lifts = one.lifts[0].lifts if one.lifts else {}
    is_told = "margin" in lifts and one.is_random and one.verdict not in _NO_MONEY
    margin = one.lifts[0].total("margin") if is_told else (None, None, None)
    buyers, control = lifts.get("buyers"), one.arms[-1] if one.arms else None
    return {
        "name": one.name,
        "first": pd.Timestamp(one.first),
        "ends": pd.Timestamp(one.ends_on),
        "days": one.window_days,
        "treated": one.lifts[0].members if one.lifts else 0,
        "control": control.members if control else 0,
        "control_buyers": fewest_buyers(one),
        "value": buyers.difference if buyers else None,
        "low": buyers.low if buyers else None,
        "high": buyers.high if buyers else None,
        **dict(zip(("margin", "margin_low", "margin_high"), margin, strict=True)),
        "said": said_of(one),
    }
