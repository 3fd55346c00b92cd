"""A shop says once what its columns mean; every later file with the same columns is read that way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import CrmError
from crm_core.pipeline.imports import Wishes
from crm_core.pipeline.loading import import_files, plan_of
from crm_core.pipeline.said_mappings import said_mappings
from crm_core.store.imports import Said, recognise
from tests.small_shop import NOW, SmallShop, small_shop

JANUARY = "Zettel;Vom;Wer;Was;Summe\n1;03.01.2026;Ann;Tee;12,50\n2;04.01.2026;Bo;Tee;7,50\n"
# The same columns, in another order and divided otherwise.
FEBRUARY = 'Was,Wer,Vom,Zettel,Summe\nKanne,Ann,03.02.2026,3,"39,00"\n'
MAPPING = """delimiter = ";"
date_order = "dmy"
currency = "EUR"

[columns]
order_id = "Zettel"
ordered_at = "Vom"
customer_id = "Wer"
product_name = "Was"
amount = "Summe"
"""


@pytest.fixture
def shop(tmp_path: Path) -> SmallShop:
    (tmp_path / "how.toml").write_text(MAPPING, encoding="utf-8")
    return small_shop(tmp_path)


def taken(shop: SmallShop, name: str, text: str, *, said: bool = False, **more: Any) -> Any:
    """The report of a file's import."""
    path = shop.folder / name
    path.write_text(text, encoding="utf-8")
    return import_files(
        shop.settings,
        shop.url,
        [path],
        format_name=None,
        mapping=[shop.folder / "how.toml"] if said else [],
        said=Said(),
        wishes=Wishes(user="mia", **more),
        refresh=False,
        now=NOW,
        progress=lambda _step, _share: None,
    )


@pytest.mark.slow
def test_the_next_file_with_the_same_columns_needs_no_mapping(shop: SmallShop) -> None:
    taken(shop, "january.csv", JANUARY, said=True, dry_run=True)
    assert said_mappings(shop.records) == {}  # what was only checked leaves nothing
    taken(shop, "january.csv", JANUARY, said=True)
    february = taken(shop, "february.csv", FEBRUARY)
    assert february["rows"]["loaded"] == 1
    assert february["totals"]["net"] == 39.0
    (kept,) = shop.records.kept_mappings()
    assert kept.saved_by == "mia"
    assert "Ann" not in kept.toml + kept.fingerprint  # column names, no rows
    shop.records.forget_mapping(kept.fingerprint)
    with pytest.raises(CrmError):
        taken(shop, "february.csv", FEBRUARY)


def test_each_layout_has_its_own_mapping(shop: SmallShop, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(JANUARY, encoding="utf-8")
    (tmp_path / "b.csv").write_text("Nr,Tag,Wert\n7,05.02.2026,9\n", encoding="utf-8")
    (tmp_path / "c.csv").write_text(JANUARY.replace(".01.", ".02."), encoding="utf-8")
    files = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv")]
    asked = recognise(files, ask=True)
    assert [table.name for table in asked.unsaid] == ["a.csv", "b.csv", "c.csv"]
    bound = f'fingerprint = ["Zettel", "Vom", "Wer", "Was", "Summe"]\n{MAPPING}'
    (tmp_path / "one.toml").write_text(bound, encoding="utf-8")
    (tmp_path / "two.toml").write_text(
        'table = "orders"\nfingerprint = ["Nr", "Tag", "Wert"]\n[columns]\n'
        'order_id = "Nr"\nordered_at = "Tag"\namount = "Wert"\n',
        encoding="utf-8",
    )
    names = [tmp_path / "one.toml", tmp_path / "two.toml"]
    told: Any = {"format_name": None, "kept": {}, "said": Said()}
    plan = plan_of(files, mapping=names, **told)
    tables = {file.name: part.mapping for part in plan.parts for file in part.files}
    assert {name: each.table for name, each in tables.items() if each} == {
        "a.csv": "order_lines",
        "b.csv": "orders",
        "c.csv": "order_lines",
    }
    with pytest.raises(CrmError, match="import_mapping_unused"):
        plan_of(files[:1], mapping=names, **told)
    with pytest.raises(CrmError, match="import_several_mappings"):
        plan_of(files, mapping=[*names, tmp_path / "how.toml"], **told)


def test_a_mapping_this_version_cannot_read_is_as_if_forgotten(shop: SmallShop) -> None:
    shop.records.keep_mapping("a" * 64, 'colour = "red"', user="mia", now=NOW)
    assert said_mappings(shop.records) == {}
