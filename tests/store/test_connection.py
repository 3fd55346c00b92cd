"""A reader sees one whole snapshot, and nothing else of the machine."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pytest

from crm_core.errors import CrmError
from crm_core.schema import VERSION
from crm_core.settings import Settings
from crm_core.store import Store, open_store
from crm_core.store.snapshots import read_pointer
from crm_core.store.write import writing

MANY = 60_000
META = {
    "name": "Test shop",
    "kind": "shop",
    "schema_version": str(VERSION),
    "currency": "EUR",
    "timezone": "UTC",
    "starts_with_shop": "true",
    "first_day": "2026-01-01",
    "last_day": "2026-06-30",
    "as_of": "2026-06-30",
}


def made(folder: Path, **meta: str) -> str:
    """A store with 60,000 numbers and a table of days; its URL."""
    settings = Settings(var=folder / "var", memory_limit_mb=128)
    with writing(folder / "store", settings) as change, change.building("facts") as build:
        build.upload("numbers", pa.table({"number": pa.array(range(MANY), pa.int64())}))
        days = [date(2026, month, 1) for month in range(1, 7)]
        facts = {"day": days, "orders": list(range(6)), "refund": [1.0] * 6}
        build.upload("order_facts", pa.table(facts))
        build.upload(
            "customer_facts",
            pa.table({"customer_key": [1, 2], "first_day": days[:2], "last_day": days[4:]}),
        )
        build.put_meta({**META, **meta})
    return f"duckdb:///{folder / 'store'}"


def opened(folder: Path, url: str) -> Store:
    return open_store(url, settings=Settings(var=folder / "var", memory_limit_mb=128, threads=2))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("reader")
    found = opened(folder, made(folder))
    yield found
    found.close()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM '/etc/passwd.csv'",
        "SELECT * FROM 'https://example.com/x.parquet'",
        "COPY (SELECT 1) TO '{free}'",
        "COPY (SELECT 1) TO '{free}' (FORMAT parquet)",
        "COPY facts.main.numbers FROM '/etc/passwd'",
        "EXPORT DATABASE '{free}'",
        "ATTACH '{free}'",
        "CREATE PERSISTENT SECRET s (TYPE s3)",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "SET memory_limit = '64GB'",
        "SET TimeZone = 'Asia/Shanghai'",
        "PRAGMA threads = 64",
        "INSERT INTO facts.main.numbers VALUES (1)",
        "UPDATE facts.main.numbers SET number = 0",
        "DELETE FROM facts.main.numbers",
        "DROP TABLE facts.main.numbers",
        "CREATE TABLE facts.main.more AS SELECT 1",
        "INSTALL httpfs",
        "LOAD httpfs",
        "INSTALL sqlite FROM community",
    ],
)
def test_a_reader_gets_out_of_its_files_by_no_statement(
    store: Store, statement: str, tmp_path: Path
) -> None:
    free = tmp_path / "written"
    with pytest.raises(duckdb.Error):
        store._reader._root.cursor().execute(statement.format(free=free)).fetchall()
    assert not free.exists()
    assert len(store.fetch(store.table("order_facts"))) == 6


def test_a_reader_sees_no_variable_of_the_program(store: Store) -> None:
    variable = pa.table({"secret": [1]})
    with pytest.raises(duckdb.CatalogException):
        store._reader._root.cursor().execute("SELECT * FROM variable").fetchall()
    assert variable.num_rows == 1


def test_a_table_nobody_made_is_refused_with_the_closest_name(store: Store) -> None:
    assert store.has("numbers")
    with pytest.raises(CrmError) as refused:
        store.table("number")
    assert (refused.value.code, refused.value.facts["match"]) == ("no_such_table", "numbers")


def test_a_page_gets_few_rows_or_none(store: Store) -> None:
    numbers = store.table("numbers")
    with pytest.raises(CrmError) as refused:
        store.fetch(numbers)
    assert (refused.value.code, refused.value.facts) == ("too_many_rows", {"limit": 50_000})
    assert len(store.fetch(numbers, limit=MANY)) == MANY
    batches = list(store.stream(numbers, 10_000, purpose="score"))
    assert sum(batch.num_rows for batch in batches) == MANY
    assert max(batch.num_rows for batch in batches) <= 10_000


def endless(store: Store) -> ibis.Table:
    """A question whose answer takes hours and no memory."""
    one, two, three = (store.table("numbers").view() for _ in range(3))
    product = one.cross_join(two, rname="{name}_2").cross_join(three, rname="{name}_3")
    return product.filter(
        (product.number * product.number_2 + product.number_3) % 999_983 == 1
    ).agg(n=ibis._.count())


def test_a_long_question_is_stopped_and_the_store_goes_on(store: Store) -> None:
    started = time.monotonic()
    with pytest.raises(CrmError) as stopped:
        store.fetch(endless(store), seconds=0.5)
    assert (stopped.value.code, stopped.value.facts) == ("query_timeout", {"seconds": 0.5})
    assert time.monotonic() - started < 20
    assert len(store.fetch(store.table("order_facts"))) == 6


def test_a_stopped_question_stops_no_other(store: Store) -> None:
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(store.fetch, endless(store), seconds=1.0)
        numbers = store.table("numbers")
        for _ in range(20):
            assert int(store.fetch(numbers.agg(n=numbers.count()))["n"][0]) == MANY
        with pytest.raises(CrmError, match="query_timeout"):
            slow.result()


def test_a_question_too_large_for_memory_is_refused(store: Store) -> None:
    numbers = store.table("numbers")
    product = numbers.cross_join(store.table("numbers").view(), rname="{name}_2")
    text = (product.number.cast("string") + product.number_2.cast("string")).repeat(50)
    with pytest.raises(CrmError) as refused:
        store.fetch(product.agg(n=text.collect()), seconds=120)
    assert refused.value.code == "query_too_large"
    assert len(store.fetch(store.table("order_facts"))) == 6


@pytest.mark.slow
def test_eight_threads_each_get_their_own_rows(store: Store) -> None:
    numbers = store.table("numbers")
    start = threading.Barrier(8)

    def ask(place: int) -> int:
        start.wait()
        wrong = 0
        for turn in range(40):
            low = (place * 40 + turn) * 100
            rows = numbers.filter(numbers.number.between(low, low + turn)).order_by("number")
            wrong += store.fetch(rows)["number"].tolist() != list(range(low, low + turn + 1))
        return wrong

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 0


def test_a_store_as_of_a_day_has_no_future(store: Store) -> None:
    then = store.at(date(2026, 1, 15))
    orders = store.fetch(then.table("order_facts"))
    assert orders["orders"].tolist() == [0]
    assert "refund" not in orders  # it came later
    people = store.fetch(then.table("customer_facts"))
    assert people.columns.tolist() == ["customer_key", "first_day"]
    assert people["customer_key"].tolist() == [1]


def test_a_store_says_what_it_is(store: Store) -> None:
    assert (store.meta.currency, store.meta.as_of) == ("EUR", date(2026, 6, 30))
    assert store.snapshot == "facts-000001.duckdb"
    assert (store.scores_as_of, store.scores_facts) == (None, None)


def test_an_empty_folder_is_an_empty_store(tmp_path: Path) -> None:
    with pytest.raises(CrmError, match="store_empty"):
        opened(tmp_path, f"duckdb:///{tmp_path / 'nothing'}")
    with pytest.raises(CrmError, match="store_url"):
        opened(tmp_path, "sqlite:////etc/passwd")


def test_a_store_of_another_version_is_not_guessed_at(tmp_path: Path) -> None:
    url = made(tmp_path, schema_version="99")
    with pytest.raises(CrmError) as refused:
        opened(tmp_path, url)
    assert refused.value.facts == {"found": 99, "needed": VERSION}


def everything(folder: Path, url: str) -> list[str]:
    """Every value of every table."""
    store = opened(folder, url)
    try:
        names = ("numbers", "order_facts", "customer_facts")
        return [store.fetch(store.table(name), limit=MANY).to_csv() for name in names]
    finally:
        store.close()


@pytest.mark.slow
def test_one_flipped_bit_is_noticed_and_never_a_wrong_number(tmp_path: Path) -> None:
    url = made(tmp_path)
    path = tmp_path / "store" / "facts-000001.duckdb"
    whole, good = everything(tmp_path, url), path.read_bytes()
    chance = random.Random(20)
    noticed = 0
    for _ in range(30):
        bad = bytearray(good)
        bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        path.write_bytes(bad)
        found = attempt(tmp_path, url)
        # Where a bit belongs to nothing, nothing changes.
        assert found in (whole, ("store_damaged", {"file": path.name}))
        noticed += found != whole
    assert noticed >= 20


def attempt(folder: Path, url: str) -> object:
    """Everything in the store, or the code and facts of the refusal."""
    try:
        return everything(folder, url)
    except CrmError as error:
        return error.code, error.facts


@pytest.mark.parametrize("left", [0, 1, 4_096, 12_288, 0.5, 0.9, -1])
def test_a_cut_off_file_is_noticed(tmp_path: Path, left: float) -> None:
    url = made(tmp_path)
    path = tmp_path / "store" / "facts-000001.duckdb"
    good = path.read_bytes()
    path.write_bytes(good[: int(left * len(good)) if isinstance(left, float) else left])
    with pytest.raises(CrmError) as refused:
        everything(tmp_path, url)
    assert (refused.value.code, refused.value.facts) == ("store_damaged", {"file": path.name})


def test_a_missing_file_is_named_and_no_empty_shop_is_shown(tmp_path: Path) -> None:
    url = made(tmp_path)
    pointer = tmp_path / "store" / "current.json"
    (tmp_path / "store" / "facts-000001.duckdb").unlink()
    with pytest.raises(CrmError) as refused:
        opened(tmp_path, url)
    assert refused.value.facts == {"file": "facts-000001.duckdb"}
    pointer.write_text('{"facts": "facts-0000', encoding="utf-8")
    with pytest.raises(CrmError) as refused:
        opened(tmp_path, url)
    assert refused.value.facts == {"file": "current.json"}


def test_a_damaged_store_is_not_written_over(tmp_path: Path) -> None:
    url = made(tmp_path)
    path = tmp_path / "store" / "facts-000001.duckdb"
    path.write_bytes(path.read_bytes()[:5_000])
    with (
        pytest.raises(CrmError, match="store_damaged"),
        writing(tmp_path / "store", Settings(var=tmp_path / "var")) as change,
        change.building("facts") as build,
    ):
        build.upload("numbers", pa.table({"number": [1]}))
    with pytest.raises(CrmError, match="store_damaged"):
        opened(tmp_path, url)
    assert read_pointer(tmp_path / "store").facts == path.name
