"""Whatever comes in, is undone, comes in again and is erased in between: as a plain model says."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from crm_core.pipeline.erasing import erase_customer
from crm_core.pipeline.undo import undo_batch
from crm_core.privacy.policy import Access
from crm_core.store import engine_of
from tests.held import holders
from tests.small_shop import NOW, Rows, SmallShop, line, order, small_shop

pytestmark = pytest.mark.slow

OWNER = Access("single_user", "owner")
IDS = ("anna", "bert", "cara")  # a fourth with one address would make it nobody's


def address(who: str) -> str:
    return f"{who}@example.com"


@dataclass(frozen=True)
class Told:
    """A row of a file: whose it is, the address it tells, and the orders."""

    who: str | None
    email: str | None
    orders: tuple[str, ...] = ()


File = tuple[Told, ...]
BASE: File = (Told(None, None, ("guest",)),)
_mails = st.sampled_from([*map(address, IDS), None])
_turns = st.lists(st.sampled_from("123456"), max_size=2, unique=True)


@st.composite
def files(draw: st.DrawFn) -> File:
    """A file of one to three people, each with an address and up to two orders."""
    people = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=3, unique=True))
    return tuple(
        Told(who, draw(_mails), tuple(f"{who}-{turn}" for turn in draw(_turns))) for who in people
    )


class Shop(RuleBasedStateMachine):
    """A shop beside a dict of what each import that stands has told."""

    loaded = Bundle("loaded")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="clientele-model-")
        self.shop: SmallShop = small_shop(Path(self.folder.name))
        self.told: dict[int, File] = {}
        self.erased: set[str] = set()  # ids and addresses
        self.keys_gone: set[int] = set()
        self.turn = 0
        self._load(BASE)

    def teardown(self) -> None:
        self.shop.records.close()
        self.folder.cleanup()

    # -- what people do ----------------------------------------------------

    @rule(target=loaded, file=files())
    def load(self, file: File) -> File:
        self._load(file)
        return file

    @rule(file=loaded)
    def load_again(self, file: File) -> None:
        self._load(file)

    @rule(one=st.sampled_from(IDS), other=st.sampled_from(IDS))
    def join(self, one: str, other: str) -> None:
        self._load((Told(one, address(other)),))

    def _load(self, file: File) -> None:
        self.turn += 1
        known = self.ids()
        report = self.shop.load(self._rows(file), name=f"file{self.turn}")
        if report["batch"] is not None:
            self.told[report["batch"]] = self._let_in(file, known)

    @precondition(lambda self: self.ids())
    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        who = data.draw(st.sampled_from(sorted(self.ids())))
        gone = self.one_with(who)
        key = self.keys()[who]
        erase_customer(
            engine_of(self.shop.url, self.shop.settings), key, settings=self.shop.settings,
            records=self.shop.records, access=OWNER, now=NOW,
        )  # fmt: skip
        self.keys_gone.add(key)
        addresses = {t.email for file in self.told.values() for t in file if t.who in gone}
        self.erased |= gone | {each for each in addresses if each}
        self.told = {number: self._let_in(file, set()) for number, file in self.told.items()}

    @precondition(lambda self: len(self.told) > 1)
    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.told)[1:]))
        undo_batch(
            self.shop.url, number, settings=self.shop.settings, records=self.shop.records, now=NOW
        )
        del self.told[number]

    # -- the model ---------------------------------------------------------

    def _let_in(self, file: File, known: set[str]) -> File:
        """What of a file comes in: nobody erased, none of their addresses."""
        theirs = {
            told.who
            for told in file
            if told.who in self.erased or (told.email in self.erased and told.who not in known)
        }
        return tuple(
            Told(None, None, told.orders)
            if told.who in theirs or told.who is None
            else Told(told.who, None if told.email in self.erased else told.email, told.orders)
            for told in file
        )

    def ids(self) -> set[str]:
        return {told.who for file in self.told.values() for told in file if told.who}

    def one_with(self, who: str) -> set[str]:
        """All ids that are one person with this one."""
        rows = [told for file in self.told.values() for told in file if told.who and told.email]
        found = {who}
        while True:
            mail = {told.email for told in rows if told.who in found}
            more = {told.who for told in rows if told.email in mail and told.who} | found
            if more == found:
                return found
            found = more

    def _rows(self, file: File) -> Rows:
        rows: Rows = {"identities": [], "orders": [], "order_lines": []}
        for told in file:
            if told.who:
                row = {"customer_id": told.who, "email": told.email, "name": "N"}
                rows["identities"].append(row)
            for number in told.orders:
                rows["orders"].append(order(number, told.who, "2026-05-01T10:00:00"))
                rows["order_lines"].append(line(number, "tea", "10"))
        return {name: table for name, table in rows.items() if table}

    # -- what must hold ----------------------------------------------------

    def keys(self) -> dict[str, int]:
        with closing(self.shop.open()) as store:
            links = store.table("identity_links")
            frame = store.fetch(links.filter(links.kind == "source_id"))
            return dict(zip(frame["value"], map(int, frame["customer_key"]), strict=True))

    @invariant()
    def people_are_those_told_and_not_erased(self) -> None:
        keys = self.keys()
        assert set(keys) == self.ids()
        assert not set(keys.values()) & self.keys_gone
        for one in keys:
            assert {other for other in keys if keys[other] == keys[one]} == self.one_with(one)

    @invariant()
    def nobody_erased_is_anywhere(self) -> None:
        place = self.shop.settings.var / "shop"
        assert holders(place, [each for each in self.erased if "@" in each]) == {}

    @invariant()
    def every_order_stays_and_is_nobodys_where_its_buyer_was_erased(self) -> None:
        rows = [told for file in self.told.values() for told in file]
        named = {number: told.who for told in rows if told.who for number in told.orders}
        with closing(self.shop.open()) as store:
            frame = store.fetch(store.table("orders"))
        keys = self.keys()
        found = {
            str(number): None if pd.isna(key) else int(key)
            for number, key in zip(frame["order_id"], frame["customer_key"], strict=True)
        }
        assert found == {
            number: keys[str(named[number])] if number in named else None
            for told in rows
            for number in told.orders
        }


TestShop = Shop.TestCase
TestShop.settings = settings(max_examples=12, stateful_step_count=8, deadline=None)
