"""The list of what to make better, and whose words may be shown."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.records import Improvement, Records
from tests.records.conftest import NOW

MAY = date(2026, 5, 1)


def put(records: Records, product: str = "P1", aspect: str = "size") -> Improvement:
    return records.add_improvement(
        product, aspect, kind="complaint", title=" Too  small ", author="mia", now=NOW
    )


def change(records: Records, one: Improvement, state: str, day: date | None = None) -> Improvement:
    return records.change_improvement(
        one.id, version=one.version, title=one.title, owner="bo", state=state, fixed_on=day
    )


def test_a_complaint_has_an_owner_a_state_and_the_day_it_was_fixed(records: Records) -> None:
    one = put(records)
    assert (one.title, one.state, one.owner, one.fixed_on) == ("Too small", "open", "", None)
    with pytest.raises(CrmError, match="improvement_known"):
        put(records)
    worked = change(records, one, "in_work")
    with pytest.raises(CrmError, match="improvement_no_day"):
        change(records, worked, "fixed")
    fixed = change(records, worked, "fixed", MAY)
    assert (fixed.state, fixed.fixed_on, fixed.owner, fixed.version) == ("fixed", MAY, "bo", 3)
    with pytest.raises(CrmError, match="records_note_changed"):
        change(records, one, "wont")
    other = put(records, "P2")
    assert [each.id for each in records.improvements()] == [other.id, one.id]
    again = change(records, fixed, "in_work", MAY)
    assert again.fixed_on is None  # what is worked on is not fixed


def test_what_was_taken_off_the_list_comes_back_as_it_was(records: Records) -> None:
    one = change(records, put(records), "fixed", MAY)
    removed = records.remove_improvement(one.id)
    assert records.improvements() == []
    back = records.bring_back_improvement(removed)
    assert (back.state, back.fixed_on, back.title) == (one.state, one.fixed_on, one.title)


@pytest.mark.parametrize(
    ("product", "aspect"), [("", "size"), ("P" * 201, "size"), ("P1", "smell")]
)
def test_what_names_no_product_or_aspect_is_refused(
    records: Records, product: str, aspect: str
) -> None:
    with pytest.raises(CrmError, match="improvement_invalid"):
        put(records, product, aspect)


def answer(records: Records, state: str, quoted_as: str = "") -> Any:
    return records.answer_testimonial(
        "R1", state, told_by="email", quoted_as=quoted_as, user="bo", now=NOW + timedelta(1)
    )


def test_a_yes_is_written_down_with_its_way_and_name_and_can_be_taken_back(
    records: Records,
) -> None:
    asked = records.ask_testimonial("R1", key=7, task_id=3, user="mia", now=NOW)
    assert (asked.state, asked.customer_key, asked.asked_by, asked.answered_at) == (
        "asked", 7, "mia", None,
    )  # fmt: skip
    with pytest.raises(CrmError, match="testimonial_asked"):
        records.ask_testimonial("R1", key=7, task_id=3, user="mia", now=NOW)
    with pytest.raises(CrmError, match="testimonial_invalid"):
        answer(records, "granted")  # as whom?
    with pytest.raises(CrmError, match="testimonial_invalid"):
        answer(records, "withdrawn")  # nothing to take back
    given = answer(records, "granted", "initials")
    assert (given.state, given.quoted_as, given.told_by, given.answered_by) == (
        "granted", "initials", "email", "bo",
    )  # fmt: skip
    taken = answer(records, "withdrawn")
    assert (taken.state, taken.quoted_as) == ("withdrawn", "")
    with pytest.raises(CrmError, match="testimonial_unknown"):
        records.answer_testimonial("R2", "denied", told_by="email", user="bo", now=NOW)


def test_who_was_asked_follows_the_customer_and_goes_with_them(records: Records) -> None:
    records.ask_testimonial("R1", key=9, task_id=None, user="mia", now=NOW)
    records.move_customers([(9, 4)])
    assert records.testimonials()[0].customer_key == 4
    records.separate_customers([])
    assert records.testimonials()[0].customer_key == 9
    assert records.erase_decisions([9], lambda trace: False)["testimonials"] == 1
    assert records.testimonials() == []
