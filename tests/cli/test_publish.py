"""Tables written out for engines that read files hold every number and nobody's name."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Command

DATA = Path(__file__).parents[2] / "data"


@pytest.mark.slow
def test_published_tables_name_nobody(demo: Command, tmp_path: Path) -> None:
    said = demo("publish", "--to", tmp_path / "tables", "--json")
    assert (said.code, said.answer["tables"]["orders"]) == (0, 39_208)
    folder = tmp_path / "tables" / said.answer["version"]
    people = pq.read_table(DATA / "identities.parquet")
    known = pa.concat_arrays(
        [
            people[name].combine_chunks().drop_null()
            for name in ("name", "email", "phone", "address")
        ]
    )
    found = [
        f"{path.stem}.{name}"
        for path in sorted(folder.glob("*.parquet"))
        for name, column in zip(*_texts(path), strict=True)
        if pc.any(pc.is_in(column, known)).as_py()
    ]
    assert found == []


def _texts(path: Path) -> tuple[list[str], list[pa.ChunkedArray]]:
    table = pq.read_table(path)
    names = [field.name for field in table.schema if field.type == pa.string()]
    return names, [table[name] for name in names]
