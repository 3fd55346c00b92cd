from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import CrmError
from crm_core.store.imports import Mapping, parse_mapping, write_mapping
from crm_core.store.imports.known import bundled_mappings
from crm_core.store.imports.mapping import FIELDS

NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20)


@given(
    columns=st.dictionaries(st.sampled_from(sorted(FIELDS)), NAMES),
    constants=st.dictionaries(st.sampled_from(sorted(FIELDS)), NAMES),
    decimal=st.sampled_from(["auto", "dot", "comma"]),
    starts=st.none() | st.booleans(),
    after=st.booleans(),
)
def test_a_mapping_survives_its_file(
    columns: dict[str, str],
    constants: dict[str, str],
    decimal: str,
    starts: bool | None,
    after: bool,
) -> None:
    mapping = Mapping(
        columns=columns,
        constants=constants,
        decimal=decimal,
        starts_with_shop=starts,
        amount_after_discount=after,
    )
    assert parse_mapping(write_mapping(mapping)) == mapping


@pytest.mark.parametrize(
    ("text", "code", "match"),
    [
        ("decimal = ", "import_bad_mapping_file", ""),
        ('decimals = "dot"', "import_bad_mapping", "decimal"),
        ('decimal = "dots"', "import_bad_choice", "dot"),
        ('decimal = "12"', "import_bad_choice", ""),
        ('[columns]\nammount = "Total"', "import_bad_mapping", "amount"),
        ('columns = "Total"', "import_bad_mapping", "[columns]"),
    ],
)
def test_slips_get_the_closest_name(text: str, code: str, match: str) -> None:
    with pytest.raises(CrmError) as failure:
        parse_mapping(text)
    assert failure.value.code == code
    assert failure.value.facts.get("match", "") == match


def test_bundled_mappings_say_all_an_order_file_needs() -> None:
    assert [mapping.name for mapping in bundled_mappings()] == ["superstore"]
    for mapping in bundled_mappings():
        assert mapping.missing() == ()
        assert set(mapping.fingerprint) >= set(mapping.columns.values()) - {
            "Country",
            "City",
            "Postal Code",
        }
