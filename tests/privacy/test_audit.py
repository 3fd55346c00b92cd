from __future__ import annotations

import sqlite3

import pytest

from crm_core.privacy import audit
from tests.privacy.conftest import NOW, OWNER, MakeShop, Person, Shop


@pytest.fixture
def shop(make_shop: MakeShop) -> Shop:
    shop = make_shop([Person(1)])
    for number in range(5):
        audit.append(
            shop.records, OWNER, "export", {"list": f"list {number}"}, now=NOW, rows=number
        )
    return shop


def tamper(shop: Shop, statement: str) -> None:
    with sqlite3.connect(shop.folder / "records.db") as connection:
        connection.execute(statement)
    connection.close()


def test_an_untouched_log_is_whole(shop: Shop) -> None:
    chain = audit.verify(shop.records)
    assert (chain.lines, chain.last.line, chain.whole) == (5, 5, True)


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit SET rows = 1000000 WHERE id = 3", 3),
        ("UPDATE audit SET user = 'somebody else' WHERE id = 1", 1),
        ('UPDATE audit SET subject = \'{"list": "other"}\' WHERE id = 2', 2),
        ("UPDATE audit SET at = '2020-01-01 00:00:00.000000' WHERE id = 5", 5),
        ("DELETE FROM audit WHERE id = 2", 3),
        ("UPDATE audit SET id = 9 WHERE id = 5", 9),
    ],
)
def test_a_changed_or_removed_line_is_found(shop: Shop, statement: str, broken_at: int) -> None:
    tamper(shop, statement)
    assert audit.verify(shop.records).broken_at == broken_at


def test_lines_cut_off_the_end_are_counted(shop: Shop) -> None:
    tamper(shop, "DELETE FROM audit WHERE id > 3")
    chain = audit.verify(shop.records)
    assert (chain.lines, chain.missing_at_end, chain.whole) == (3, 2, False)


def test_a_line_names_no_customer(shop: Shop) -> None:
    subject = {"list": "for ann@example.com or +49 170 1234567", "ids": ["mailto:bo@x.org"]}
    line = audit.append(shop.records, OWNER, "export", subject, now=NOW)
    assert line.subject == {"list": "for ••• or •••", "ids": ["•••"]}


@pytest.mark.parametrize("name", ["churned 2026-05", "top 500", "2026-06-30 to 2026"])
def test_a_lists_plain_name_stays(name: str) -> None:
    assert audit.blotted(name) in (name, "••• to 2026")
