"""Who is about to run out of what on the page: the rows of the scores, filtered, paged and counted."""

from __future__ import annotations

import pandas as pd
import pytest

from crm_core.audiences import DUE_STATES, count, running_out_rule
from crm_core.errors import CrmError
from crm_core.privacy.policy import Access
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.views.replenish import due_list, own_clocks, replenish

ALL = Selection()


@pytest.fixture(scope="module")
def clocks(store: Store) -> pd.DataFrame:
    return store.fetch(store.table("replenishment"))


def test_totals_are_those_of_the_clocks_and_add_up(
    store: Store, owner: Access, clocks: pd.DataFrame
) -> None:
    view = replenish(ALL, store=store, access=owner)
    states = view.states.set_index("code")
    assert list(states.index) == list(DUE_STATES)
    by_state = clocks.groupby("state")
    for state in DUE_STATES:
        mine = by_state.get_group(state)
        assert states.loc[state, "clocks"] == len(mine)
        assert states.loc[state, "customers"] == mine["customer_key"].nunique()
        assert states.loc[state, "expected_7"] == pytest.approx(mine["p_due_7"].sum(), rel=1e-4)
    assert set(view.rhythm["item"]) == set(clocks["item"])
    assert (view.rhythm["what"] != view.rhythm["item"]).all()  # products by their names
    assert view.trials[0].days == 7
    assert view.verdict in ("rely", "care")


def test_a_list_is_likeliest_first_and_its_people_are_those_of_the_rule(
    store: Store, owner: Access, clocks: pd.DataFrame
) -> None:
    asked = {"store": store, "access": owner}
    whole = due_list(ALL, **asked, state="due", size=200)  # type: ignore[arg-type]
    due = clocks[clocks["state"] == "due"]
    assert whole.total == len(due) == len(whole.rows)
    assert whole.rows["p_due_7"].is_monotonic_decreasing
    assert (whole.rows["sure"] == "others").equals(whole.rows["purchases"] == 1)
    second = due_list(ALL, **asked, state="due", page=2, size=10)  # type: ignore[arg-type]
    there = whole.rows.iloc[10:20][["customer_key", "what"]].reset_index(drop=True)
    assert second.rows[["customer_key", "what"]].equals(there)
    what = str(whole.rows["what"].iloc[0])
    some = due_list(ALL, **asked, state="due", what=what, least=0.1, size=200)  # type: ignore[arg-type]
    assert set(some.rows["what"]) == {what}
    assert some.rows["p_due_30"].min() >= 0.1
    assert some.total < whole.total
    assert some.customers == count(store, running_out_rule("due", items=(what,), least=0.1))
    later = due_list(ALL, **asked, state="later", size=200)  # type: ignore[arg-type]
    assert later.rows["due_day"].is_monotonic_increasing


def test_segments_and_categories_narrow_it(
    store: Store, owner: Access, clocks: pd.DataFrame
) -> None:
    category = str(clocks["category"].iloc[0])
    chosen = Selection(category=(category,), segment=("stage.active",))
    found = due_list(chosen, store=store, access=owner, state="overdue", size=200)
    mine = clocks[(clocks["state"] == "overdue") & (clocks["category"] == category)]
    stages = store.fetch(store.table("lifecycle").select("customer_key", "stage"))
    active = set(stages.query("stage == 'active'")["customer_key"])
    assert found.total == mine["customer_key"].isin(active).sum()
    assert 0 < found.total < len(mine)


def test_lists_of_few_people_are_not_told_to_everybody(
    store: Store, owner: Access, viewer: Access, clocks: pd.DataFrame
) -> None:
    due = clocks[clocks["state"] == "due"]
    few = due["p_due_30"].nlargest(4).iloc[-1] - 1e-6
    asked = {"store": store, "state": "due", "least": float(few)}
    assert due_list(ALL, access=owner, **asked).customers == 4  # type: ignore[arg-type]
    hidden = due_list(ALL, access=viewer, **asked)  # type: ignore[arg-type]
    assert (hidden.customers, hidden.total, len(hidden.rows)) == (None, 0, 0)


def test_a_person_is_told_their_own_the_next_due_first(
    store: Store, owner: Access, clocks: pd.DataFrame
) -> None:
    key = int(clocks["customer_key"].value_counts().index[0])
    mine = clocks[clocks["customer_key"] == key]
    found = own_clocks(ALL, store=store, access=owner, key=key)
    assert found is not None
    assert [clock.due_day for clock in found] == sorted(mine["due_day"].dt.date)
    assert {clock.state for clock in found} == set(mine["state"])
    assert own_clocks(ALL, store=store, access=owner, key=-1) == ()


def test_before_scores_are_made_it_is_said_so(unscored: Store, owner: Access) -> None:
    with pytest.raises(CrmError, match="no_scores"):
        replenish(ALL, store=unscored, access=owner)
    assert own_clocks(ALL, store=unscored, access=owner, key=1) is None


def test_an_unknown_list_is_refused(store: Store, owner: Access) -> None:
    with pytest.raises(CrmError, match="unknown_choice"):
        due_list(ALL, store=store, access=owner, state="soon")
