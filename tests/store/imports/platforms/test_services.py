"""Exports of mail tools, ad platforms, help desks and review apps."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.store.imports.conftest import Staged

Read = Callable[..., Staged]
Write = Callable[..., Path]


def test_klaviyo_profiles_are_prospects_with_their_consent(staged: Read, written: Write) -> None:
    path = written(
        "ann@mail.example,01H1,Ann,Lee,,,+49301234567,Weg 1,,Berlin,,DE,10115,52.5,13.4,Popup,,SUBSCRIBED,2026-01-01 10:00:00,NEVER_SUBSCRIBED,0,2026-01-01 10:00:00,,",
        "bo@mail.example,01H2,Bo,,,,,,,,,,,,,,,UNSUBSCRIBED,,,0,2026-01-02 10:00:00,,",
        header="Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,Address,Address 2,City,State / Region,Country,Zip Code,Latitude,Longitude,Source,IP Address,Email Marketing Consent,Email Marketing Consent Timestamp,SMS Marketing Consent,Historic Number Of Orders,Profile Created On,Last Open,Email Suppressions",
    )
    result = staged(path)
    assert (result.result.format, result.result.quarantined) == ("klaviyo", 0)
    assert result.result.good["customers"] == 2
    assert result.rows("consents", "email, contact_channel, state") == [
        ("ann@mail.example", "email", "granted"), ("bo@mail.example", "email", "denied"),
    ]  # fmt: skip


def test_klaviyo_sends_no_email_to_who_is_suppressed(staged: Read, written: Write) -> None:
    path = written(
        "ann@mail.example,01H1,SUBSCRIBED,2026-01-01 10:00:00,['HARD_BOUNCE']",
        "bo@mail.example,01H2,SUBSCRIBED,2026-01-01 10:00:00,[]",
        "cy@mail.example,01H3,NEVER_SUBSCRIBED,,USER_SUPPRESSED",
        "di@mail.example,01H4,SUBSCRIBED,2026-01-01 10:00:00,",
        header="Email,Klaviyo ID,Email Marketing Consent,Email Marketing Consent Timestamp,Email Suppressions",
    )
    result = staged(path)
    # The denial is of now: since when is not told, and an earlier yes must not outlast it.
    assert result.rows("consents", 'email, state, "at"::date::varchar, undated') == [
        ("ann@mail.example", "denied", "2026-11-22", True),
        ("bo@mail.example", "granted", "2026-01-01", False),
        ("cy@mail.example", "denied", "2026-11-22", True),
        ("di@mail.example", "granted", "2026-01-01", False),
    ]


@pytest.mark.parametrize(
    ("column", "when", "state"),
    [
        ("UNSUB_TIME", "2026-02-01 10:00:00", "denied"),
        ("CLEAN_TIME", "2026-02-01 10:00:00", "denied"),
        ("NOTES", "", "granted"),
    ],
)
def test_mailchimp_files_tell_consent_by_their_columns(
    staged: Read, written: Write, column: str, when: str, state: str
) -> None:
    path = written(
        f"ann@mail.example,Ann,Lee,2,2026-01-01 10:00:00,2026-01-01 10:05:00,77,{when}",
        header=f"Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,LEID,{column}",
    )
    result = staged(path)
    assert (result.result.format, result.result.quarantined) == ("mailchimp", 0)
    said = when or "2026-01-01 10:05:00"
    assert result.rows("consents", 'state, "at"::varchar') == [(state, said)]


def test_meta_spend_is_by_day_and_leaves_the_total_out(staged: Read, written: Write) -> None:
    path = written(
        ",,,1234.50,2026-03-01,2026-03-02", "Spring,2026-03-01,1000,1000.50,2026-03-01,2026-03-02", "Spring,2026-03-02,900,234.00,2026-03-01,2026-03-02",
        header="Campaign name,Day,Impressions,Amount spent (EUR),Reporting starts,Reporting ends",
    )  # fmt: skip
    result = staged(path)
    assert (result.result.format, result.result.currency, result.result.quarantined) == (
        "meta_ads",
        "EUR",
        0,
    )
    assert result.rows("costs", "day::varchar, kind, source, amount::double") == [
        ("2026-03-01", "marketing", "meta", 1000.5), ("2026-03-02", "marketing", "meta", 234.0),
    ]  # fmt: skip


def test_google_cost_is_by_day_and_leaves_the_total_out(staged: Read, written: Write) -> None:
    path = written(
        '2026-03-01,Brand,EUR,"1,004.20",800', "2026-03-02,Brand,EUR,5.00,10", '"Total: Account",,EUR,"1,009.20",810',
        header="Day,Campaign,Currency code,Cost,Impr.",
    )  # fmt: skip
    result = staged(path)
    assert (result.result.format, result.result.quarantined) == ("google_ads", 0)
    assert result.rows("costs", "day::varchar, amount::double") == [
        ("2026-03-01", 1004.2),
        ("2026-03-02", 5.0),
    ]


def test_zendesk_tickets_become_contacts(staged: Read, written: Write) -> None:
    path = written(
        "1,Ann Lee,ann@mail.example,Where is my order,late other,Solved,Mail,-,2026-03-01 10:00,Good,35,600,1,Mara",
        "2,Bo,bo@mail.example,Broken,,Open,Chat,Problem,2026-03-02 10:00,Offered,,,0,",
        header="Id,Requester,Requester email,Subject,Tags,Status,Via,Ticket type,Created at,Satisfaction Score,First reply time in minutes,Full resolution time in minutes,Reopens,Assignee",
    )
    result = staged(path)
    assert (result.result.format, result.result.quarantined) == ("zendesk", 0)
    assert result.rows("contacts", "contact_id, email, contact_channel, topic, resolved, rating, reply_minutes") == [
        ("1", "ann@mail.example", "email", "late", True, 5, 35.0), ("2", "bo@mail.example", "chat", "Problem", False, None, None),
    ]  # fmt: skip
    assert result.rows("contacts", "agent, resolved_minutes, reopened, message") == [
        ("Mara", 600.0, True, "Where is my order"), (None, None, False, "Broken"),
    ]  # fmt: skip


def test_judge_me_and_yotpo_reviews_keep_their_words(staged: Read, written: Write) -> None:
    one = written(
        'Good,"Nice tea, really",5,2026-03-01 10:00:00 UTC,Ann,ann@mail.example,77,tea',
        header="title,body,rating,review_date,reviewer_name,reviewer_email,product_id,product_handle", name="judgeme.csv",
    )  # fmt: skip
    two = written(
        "true,Bad,Broken,1,2026-03-02,T-1,Bo,bo@mail.example,Sorry",
        header="published,review_title,review_content,review_score,date,product_id,display_name,email,comment_content", name="yotpo.csv",
    )  # fmt: skip
    result = staged(one, two)
    assert (result.result.format, result.result.quarantined) == ("judge_me+yotpo", 0)
    assert result.rows("reviews", "product_id, email, stars, body") == [
        ("T-1", "bo@mail.example", 1, "Bad\nBroken"), ("tea", "ann@mail.example", 5, "Good\nNice tea, really"),
    ]  # fmt: skip


def test_gorgias_tickets_become_contacts_and_spam_is_left_out(staged: Read, tmp_path: Path) -> None:
    tickets = [
        {"id": 123, "status": "closed", "channel": "email", "spam": False, "from_agent": False,
         "subject": "Where is my order", "created_datetime": "2026-03-01T15:59:41.966927",
         "customer": {"id": 9, "email": "ann@mail.example"}, "satisfaction_survey": {"score": 4},
         "tags": [{"name": "late"}], "assignee_user": {"id": 3, "name": "Mara"},
         "closed_datetime": "2026-03-01T16:39:41.966927"},
        {"id": 124, "status": "open", "channel": "chat", "spam": False, "from_agent": True,
         "subject": "Hello", "created_datetime": "2026-03-02T10:00:00+02:00",
         "customer": {"id": 8, "email": "bo@mail.example"}, "satisfaction_survey": None, "tags": []},
        {"id": 125, "status": "open", "channel": "email", "spam": True, "from_agent": False,
         "subject": "Win", "created_datetime": "2026-03-02T10:00:00",
         "customer": {"id": 7, "email": "spam@mail.example"}, "satisfaction_survey": None, "tags": []},
    ]  # fmt: skip
    path = tmp_path / "tickets.json"
    path.write_text(json.dumps(tickets), encoding="utf-8")
    result = staged(path, timezone="Europe/Berlin")
    assert (result.result.format, result.result.quarantined) == ("gorgias", 0)
    assert result.rows(
        "contacts", "contact_id, email, occurred_at::varchar, contact_channel, direction, resolved, rating"
    ) == [
        ("123", "ann@mail.example", "2026-03-01 15:59:41", "email", "in", True, 4),
        ("124", "bo@mail.example", "2026-03-02 08:00:00", "chat", "out", False, None),
    ]  # fmt: skip
    assert result.rows("contacts", "agent, resolved_minutes, message") == [
        ("Mara", 40.0, "Where is my order"), (None, None, "Hello"),
    ]  # fmt: skip
