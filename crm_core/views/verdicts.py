"""How far to trust a model, by what it did on the shop's own past: one rule a model.

`rely`, `care`, `do_not`, or `untested` where no later period could be tried. The words are
`trust.verdict.<model>.<verdict>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

SHARE = "naive_share"
BLEND = "blend"

_RANKED = 0.01  # about one standard error of the Gini on the published logs
_FAIR_TOTAL_ERROR = 0.2
_OFFERS_BETTER, _OFFERS_ALIKE = 1.25, 0.95
_SKILL = 0.1
_FAIR_MISS = 0.05
_REBUY_SKILL, _REBUY_MISS = 0.05, 0.03
_TOLD_APART, _FAIRLY_TOLD = 0.85, 0.7
_HELD = (0.65, 0.95)  # of a stated 80 %, on the 28 days of one period


def of_value(backtest: pd.DataFrame) -> str:
    """`rely` when customers were ranked better than by every simple rule and the total was met
    within a fifth; `care` when only one of the two holds; else `do_not`."""
    if backtest.empty:
        return "untested"
    gini = dict(zip(backtest["method"], backtest["gini"].fillna(0.0), strict=True))
    error = dict(zip(backtest["method"], backtest["spend_error"].fillna(1.0), strict=True))
    ours = float(gini.pop("lifetime_value"))
    ranked = ours >= max(0.0, *map(float, gini.values())) + _RANKED
    met = abs(float(error["lifetime_value"])) <= _FAIR_TOTAL_ERROR
    return "rely" if ranked and met else "care" if ranked or met else "do_not"


def of_blend(told: pd.DataFrame) -> str:
    """For values that trees rank beside the order model: `care` when customers were ranked better
    than by the order model alone or the total was met within a fifth; else `do_not`.

    Never `rely`: the blend is tried beside the order model only, and no plain rule was asked on
    that period.
    """
    rows = told.set_index("method")
    if BLEND not in rows.index:
        return "untested"
    gini, error = rows["gini"].fillna(0.0), rows["spend_error"].fillna(1.0)
    ranked = float(gini[BLEND]) >= float(gini.get("order_model", 0.0)) + _RANKED
    met = abs(float(error[BLEND])) <= _FAIR_TOTAL_ERROR
    return "care" if ranked or met else "do_not"


def last_of_churn(trials: pd.DataFrame, method: str) -> pd.DataFrame:
    """What `of_churn` judges by: the method in use and the usual share on the period that chose
    nothing."""
    last = trials[~trials["decides"].astype(bool)]
    return last[last["method"].isin((method, SHARE))]


def of_churn(last: pd.DataFrame, reliability: pd.DataFrame) -> str:
    """`rely` when, on the period that chose nothing, the Brier score was a tenth better than that
    of everyone at the usual share, and chances were met within five points; `care` when only
    somewhat better; else `do_not`."""
    scores = dict(zip(last["method"], last["brier"], strict=True))
    usual = scores.pop(SHARE, None)
    if not scores or not usual or reliability.empty:
        return "untested"
    skill = 1.0 - float(next(iter(scores.values()))) / float(usual)
    weight = reliability["customers"] / reliability["customers"].sum()
    miss = float((weight * (reliability["said"] - reliability["came_true"]).abs()).sum())
    if skill >= _SKILL and miss <= _FAIR_MISS:
        return "rely"
    return "care" if skill > 0 else "do_not"


def of_offers(trials: pd.DataFrame) -> str:
    """Of one list, by its methods' mean recall: `rely` when ten products held a quarter more of what
    was bought than the best plain list's ten; `care` when about as much or somewhat more; else
    `do_not`."""
    is_plain = trials["method"].astype("str").str.startswith("naive_")
    ours, plain = (trials[rows]["recall_10"].max() for rows in (~is_plain, is_plain))
    if not (ours == ours and plain == plain):
        return "untested"
    if ours >= plain * _OFFERS_BETTER:
        return "rely"
    return "care" if ours >= plain * _OFFERS_ALIKE else "do_not"


def of_replenishment(trial: Mapping[str, Any] | None) -> str:
    """By brier, naive_brier and error of a trial: `rely` when, on weeks told without knowing them, the Brier score was a twentieth better than
    that of everybody at the item's share, and chances were met within three points; `care` when
    only better; else `do_not`."""
    if not trial or not trial["naive_brier"]:
        return "untested"
    skill = 1.0 - float(trial["brier"]) / float(trial["naive_brier"])
    if skill >= _REBUY_SKILL and float(trial["error"]) <= _REBUY_MISS:
        return "rely"
    return "care" if skill > 0 else "do_not"


def of_reviews(trials: pd.DataFrame, method: str) -> str:
    """`rely` when, on later reviews, the method in use told praise and blame apart rightly in 85 of 100
    cases of each and no worse than a list of words; `care` in 70; else `do_not`."""
    told = dict(zip(trials["method"], trials["balanced_accuracy"], strict=True))
    if method not in told or told[method] != told[method]:
        return "untested"
    ours, words = float(told[method]), float(told.get("naive_lexicon", 0.0))
    if ours >= _TOLD_APART and ours >= words:
        return "rely"
    return "care" if ours >= _FAIRLY_TOLD else "do_not"


def of_forecast(last: pd.DataFrame, method: str) -> str:
    """`rely` when, on the period that chose nothing, the method shown erred less than repeating
    last week and its 80 % interval held on 65 to 95 % of the days; `care` when one of the two
    holds; else `do_not`."""
    rows = last.set_index("method")
    if method not in rows.index or rows["mase"].isna().all():
        return "untested"
    plain = method == "naive_seasonal"
    better = not plain and float(rows["mase"][method]) < float(rows["mase"]["naive_seasonal"])
    held = rows["coverage_80"][method]
    kept = held == held and _HELD[0] <= float(held) <= _HELD[1]
    return "rely" if better and kept else "care" if better or kept else "do_not"


def of_clusters(trials: pd.DataFrame) -> str:
    """`rely` where a number of groups was chosen: only those are that came out the same from
    customers drawn anew (`models.clusters`); `do_not` where no number did."""
    if trials.empty:
        return "untested"
    return "rely" if bool(trials["is_chosen"].any()) else "do_not"
