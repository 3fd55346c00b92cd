"""A customer who asks to be left alone is in no list; one who is put right is right everywhere."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from crm_core.audiences import people
from crm_core.errors import CrmError
from crm_core.pipeline.scores import refresh_scores
from crm_core.pipeline.workspace import open_workspace, workspace
from crm_core.privacy import rights
from crm_core.privacy.callers import look_up
from crm_core.privacy.consent import standing_now
from crm_core.privacy.export import export_list
from crm_core.privacy.gate import contactable, customer_code, identities, search
from crm_core.privacy.policy import Access
from crm_core.privacy.subject import held_on
from crm_core.store import Store
from tests.anna import annas_shop, keys, may
from tests.small_shop import NOW, SmallShop, no_forecast, small_shop

OWNER = Access("single_user", "owner")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shop = annas_shop(tmp_path_factory.mktemp("built"))
    shop.records.close()
    return shop.folder


@pytest.fixture
def shop(built: Path, tmp_path: Path) -> Iterator[SmallShop]:
    shutil.copytree(built / "var", tmp_path / "var")
    own = small_shop(tmp_path)
    yield own
    own.records.close()


def opened(shop: SmallShop) -> Store:
    store, records = open_workspace(shop.settings, workspace(shop.settings, shop.url))
    records.close()
    return store


def who(shop: SmallShop) -> tuple[int, str]:
    key = keys(shop)["c-1"]
    return key, customer_code(shop.records.secret("url_key"), key)


def restrict(shop: SmallShop, *, lift: bool = False) -> bool:
    act = rights.lift_restriction if lift else rights.restrict
    return act(shop.records, OWNER, *who(shop), reason="asked by letter", now=NOW)


def correct(shop: SmallShop, field: str, value: str | None) -> bool:
    given: dict[str, Any] = {"field": field, "reason": "told by phone", "now": NOW}
    if value is None:
        return rights.take_back_correction(shop.records, OWNER, *who(shop), **given)
    return rights.correct(shop.records, OWNER, *who(shop), value=value, **given)


def listed(shop: SmallShop, store: Store, channel: str | None) -> tuple[str, dict[str, int]]:
    out = io.BytesIO()
    made = export_list(
        access=OWNER, store=store, records=shop.records,
        members=store.table("customer_facts").select("customer_key"), name="all",
        contact_channel=channel, columns=("customer", *(("email",) if channel else ())),
        file_format="csv", now=NOW, language="en", out=out, confirmed_everyone=True,
    )  # fmt: skip
    return out.getvalue().decode(), made.excluded


@pytest.mark.parametrize("channel", ["email", None])
def test_who_is_restricted_leaves_in_no_list(shop: SmallShop, channel: str | None) -> None:
    with closing(opened(shop)) as store:
        before, excluded = listed(shop, store, channel)
        assert who(shop)[1] in before
        assert "restricted" not in excluded
        assert restrict(shop)
        after, excluded = listed(shop, store, channel)
    assert who(shop)[1] not in after
    assert excluded["restricted"] == 1


def test_who_is_restricted_is_called_for_nothing_and_named_to_care(shop: SmallShop) -> None:
    key, code = who(shop)
    restrict(shop)
    for channel in ("email", "sms", "phone", "post", "ads"):
        assert standing_now(shop.records, [key], channel).barred == {key: "restricted"}
    told = shop.records.restriction_of(key)
    assert told is not None
    assert (told.reason, told.user, told.at) == ("asked by letter", "owner", NOW)
    line = shop.records.audit_lines()[0]
    assert (line.action, line.subject) == ("restricted", {"customer": code})
    with closing(opened(shop)) as store:
        assert list(store.fetch(store.table("restrictions"))["customer_key"]) == [key]
        assert search(store, OWNER, "carl", secret=b"s" * 32) == [key]


def test_a_restriction_is_lifted_and_its_history_stays(shop: SmallShop) -> None:
    key, _ = who(shop)
    assert restrict(shop)
    assert not restrict(shop)
    assert restrict(shop, lift=True)
    assert not restrict(shop, lift=True)
    assert shop.records.restriction_of(key) is None
    assert standing_now(shop.records, [key], "email").barred == {}
    with closing(opened(shop)) as store:
        assert not store.has("restrictions")
        held = held_on(store, shop.records, key).records["restrictions"]
    assert [row["holds"] for row in held] == [True, False]


def test_a_restriction_follows_a_customer_found_to_be_another(shop: SmallShop) -> None:
    key, _ = who(shop)
    other = keys(shop)["a-1"]
    restrict(shop)
    shop.records.move_customers([(key, other)])
    assert shop.records.restricted() == {other}
    shop.records.set_restricted(other, holds=False, reason="asked", user="owner", now=NOW)
    assert shop.records.restricted() == set()
    shop.records.separate_customers([])
    assert shop.records.restricted() == set()


def test_who_is_one_of_two_stays_restricted_when_they_part(shop: SmallShop) -> None:
    key, _ = who(shop)
    restrict(shop)
    shop.records.move_customers([(key, keys(shop)["a-1"])])
    shop.records.separate_customers([])
    assert shop.records.restricted() == {key}


def test_a_corrected_value_is_shown_found_and_written_to(shop: SmallShop) -> None:
    key, code = who(shop)
    assert correct(shop, "name", "Carla Moss")
    assert correct(shop, "email", "carla@moss.example")
    assert correct(shop, "phone", "+49 30 23125999")
    with closing(opened(shop)) as store:
        person = identities(store, OWNER, [key]).iloc[0]
        assert (person["name"], person["email"]) == ("Carla Moss", "carla@moss.example")
        assert search(store, OWNER, "moss", secret=b"s" * 32) == [key]
        assert search(store, OWNER, "Carla", secret=b"s" * 32) == [key]
        for typed in ("carla@moss.example", "030 23125999"):
            found = look_up(store, OWNER, typed).only
            assert found is not None
            assert found.key == key
        told, _ = listed(shop, store, "email")
        assert "carla@moss.example" in told
        assert "carl@example.com" not in told
        assert key in set(store.fetch(contactable(store, "phone"))["customer_key"])
    line = shop.records.audit_lines(action="corrected")[0]
    assert line.subject == {"customer": code, "field": "phone"}


def test_a_correction_survives_the_same_file_again(shop: SmallShop) -> None:
    key, _ = who(shop)
    correct(shop, "name", "Carla Moss")
    correct(shop, "email", "")
    rows = may()
    rows["identities"][2]["city"] = "Bonn"
    shop.load(rows, name="again")
    with closing(opened(shop)) as store:
        person = identities(store, OWNER, [key]).iloc[0]
        assert (person["name"], person["city"]) == ("Carla Moss", "Bonn")
        assert pd.isna(person["email"])
        assert key not in set(store.fetch(contactable(store, "email"))["customer_key"])


def test_a_correction_is_taken_back_and_its_history_stays(shop: SmallShop) -> None:
    key, _ = who(shop)
    correct(shop, "name", "Carla Moss")
    assert not correct(shop, "name", "Carla  Moss")
    assert correct(shop, "name", None)
    assert not correct(shop, "name", None)
    with closing(opened(shop)) as store:
        assert not store.has("corrections")
        assert identities(store, OWNER, [key]).iloc[0]["name"] == "Carl"
    assert [each.value for each in shop.records.corrections(key)] == [None, "Carla Moss"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "carl"), ("phone", "12"), ("name", "x" * 401), ("name", "a\u202eb"), ("birth", "1")],
)
def test_what_is_no_value_is_refused(shop: SmallShop, field: str, value: str) -> None:
    with pytest.raises(CrmError, match=r"privacy_correction_invalid|unknown_choice"):
        correct(shop, field, value)
    assert shop.records.corrections(who(shop)[0]) == []


@pytest.mark.parametrize("role", ["viewer", "care", "marketer"])
def test_only_who_acts_on_rights_may(shop: SmallShop, role: Any) -> None:
    access = Access(role, "x@x.example")
    given: dict[str, Any] = {"reason": "asked", "now": NOW}
    acts = (
        lambda: rights.restrict(shop.records, access, *who(shop), **given),
        lambda: rights.correct(shop.records, access, *who(shop), field="name", value="X", **given),
    )
    for act in acts:
        with pytest.raises(CrmError, match="privacy_denied"):
            act()
    assert shop.records.restricted() == set()


@pytest.mark.slow
def test_scores_and_audiences_pass_over_who_is_restricted(shop: SmallShop) -> None:
    key, _ = who(shop)
    with no_forecast():
        refresh_scores(shop.url, settings=shop.settings)
    restrict(shop)
    with closing(opened(shop)) as store:
        known = set(
            store.fetch(people(store, prospects=True).select("customer_key"))["customer_key"]
        )
        whole = people(store, prospects=True, with_restricted=True).select("customer_key")
        assert set(store.fetch(whole)["customer_key"]) - known == {key}
