"""Text in the encodings that shops' programs write, told from its bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.store.imports import SourceFile
from crm_core.store.imports.textfile import look
from tests.examples import examples
from tests.store.imports.conftest import Staged
from tests.store.imports.tables import LINES, ROWS, csv_text

SIMPLIFIED = "订单编号,下单时间,买家会员名,商品名称,数量,单价\n" + "".join(
    f"10{n},2026-02-0{n},张小明,茉莉花茶（二级）,1,9.90\n" for n in range(1, 8)
)
TRADITIONAL = "訂單編號,下單時間,買家,商品名稱,數量,單價\n" + "".join(
    f"10{n},2026-02-0{n},陳大文,臺灣高山烏龍茶禮盒,1,9.90\n" for n in range(1, 8)
)
JAPANESE = "注文番号,注文日,お客様,商品名,数量,単価\n" + "".join(
    f"10{n},2026-02-0{n},山田さん,お茶のセットとコーヒー,1,9.90\n" for n in range(1, 8)
)
GERMAN = "Bestellung;Käufer;Größe\n1;Müller;groß\n2;Jäger;Übergröße\n3;O’Neill – “x”;10 €\n"


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        (SIMPLIFIED, "gb18030", "gb18030"),
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8-sig"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        (SIMPLIFIED, "utf-16-le", "utf-16-le"),
        (SIMPLIFIED, "utf-16-be", "utf-16-be"),
        (SIMPLIFIED, "utf-32", "utf-32"),
        (TRADITIONAL, "big5", "cp950"),
        (JAPANESE, "shift_jis", "cp932"),
        (GERMAN, "cp1252", "cp1252"),
        ("Name,City\nMüller,ZÜRICH\nÅse,ÄÖÜ\n", "latin-1", "cp1252"),
        ("Name,Note\nAnn,it’s\nBen,don’t – won’t\n", "cp1252", "cp1252"),
    ],
)
def test_encodings_are_told(tmp_path: Path, text: str, encoding: str, told: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(text.encode(encoding))
    found = look(SourceFile(path, "orders.csv"))
    assert found.encoding == told
    assert path.read_bytes().decode(found.encoding).lstrip("\ufeff") == text


@pytest.mark.slow
@settings(max_examples=examples(20), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    encoding=st.sampled_from(
        ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "cp1252", "latin-1"]
    ),
    mark=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    title=st.sampled_from(["", "Orders\n\n", "sep=MARK\n"]),
    last=st.booleans(),
)
def test_however_a_table_is_written_its_rows_are_the_same(
    staged: Callable[..., Staged],
    tmp_path: Path,
    encoding: str,
    mark: str,
    end: str,
    title: str,
    last: bool,
) -> None:
    text = title.replace("MARK", mark) + csv_text(ROWS, mark=mark)
    text = text if last else text.removesuffix("\n")
    path = tmp_path / "orders.csv"
    path.write_bytes(text.replace("\n", end).encode(encoding))
    found = staged(path)
    columns = "order_id, product_id, quantity, line_total::double"
    assert found.rows("order_lines", columns, "source_row") == LINES
    first = 2 + title.count("\n")
    assert found.rows("order_lines", "source_row") == [(first,), (first + 1,), (first + 2,)]
