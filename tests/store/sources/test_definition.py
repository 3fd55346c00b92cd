"""A definition says what to ask; what it cannot mean is refused by its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.errors import CrmError
from crm_core.store.sources import BUNDLED, bundled, read_definition

GOOD = """
[[table]]
name = "stock"
becomes = "stock"
watermark = "changed"
sql = "select sku as product_id, day, on_hand, changed from {p}_stock where changed >= :since"
[parameters]
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_definitions_are_whole(name: str) -> None:
    definition = bundled(name)
    assert definition.reflect or all("{" not in table.sql for table in definition.tables)


def test_a_prefix_goes_into_every_question() -> None:
    shop = bundled("woocommerce", {"prefix": "shop7_"})
    assert all("shop7_" in table.sql and "wp_" not in table.sql for table in shop.tables)


def test_a_prefix_that_is_no_plain_word_is_refused() -> None:
    with pytest.raises(CrmError, match="source_bad_definition"):
        bundled("woocommerce", {"prefix": "wp_; drop table x --"})


def test_an_unknown_kind_is_answered_with_the_closest() -> None:
    with pytest.raises(CrmError, match="woocommerce"):
        bundled("woocomerce")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('watermark = "changed"', "", "watermark"),
        ("where changed >= :since", "", "watermark"),
        ('becomes = "stock"', 'becomes = "shelf"', "shelf"),
        ('name = "stock"', "", "name"),
        ('name = "stock"', 'name = "stock"\ntabel = 1', "tabel"),
        ("[[table]]", "[[table", "TOMLDecodeError"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, key: str) -> None:
    with pytest.raises(CrmError, match="source_bad_definition") as wrong:
        read_definition(write(tmp_path, GOOD.replace(old, new)))
    assert wrong.value.facts["key"] == key


def test_a_definition_of_ones_own_is_read(tmp_path: Path) -> None:
    (table,) = read_definition(write(tmp_path, GOOD), {"p": "eu"}).tables
    assert "from eu_stock" in table.sql
    assert (table.becomes, table.watermark) == ("stock", "changed")
