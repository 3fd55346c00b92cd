"""A disk that is full or closed, a clock set back, a damaged file: said clearly, nothing lost."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from crm_core.errors import CrmError, disk_error
from crm_core.records import open_records
from crm_core.text import error_text
from tests.small_shop import NOW, Rows, SmallShop, line, order, small_shop

SIZE_MB = 48


def orders(first: int, last: int) -> Rows:
    numbers = range(first, last)
    return {
        "orders": [
            order(str(n), f"c{n % 9}", f"2026-03-{n % 28 + 1:02d}T10:00:00") for n in numbers
        ],
        "order_lines": [line(str(n), "tea", "10") for n in numbers],
    }


def count(shop: SmallShop) -> int:
    with closing(shop.open()) as store:
        table = store.table("orders")
        return int(store.fetch(table.agg(n=table.count()))["n"][0])


def mount(*words: object) -> None:
    subprocess.run(["mount", *map(str, words)], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of one's own."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        mount("-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", place)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine lets nobody mount a disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)


def told(act: Callable[[], object]) -> str:
    """The code of a failure that is worded in both languages with what to do."""
    with pytest.raises((CrmError, OSError)) as failed:
        act()
    error = failed.value if isinstance(failed.value, CrmError) else disk_error(failed.value)
    assert error is not None, failed.value
    words = {error_text(error, language) for language in ("en", "zh")}
    assert len(words) == 2
    assert not [said for said in words if "{" in said or error.code in said]
    return error.code


def stuff(file: Path) -> None:
    """Fills the disk to its last byte."""
    with suppress(OSError), file.open("wb", buffering=0) as out:
        while True:
            out.write(bytes(1 << 12))


def test_a_full_disk_is_said_and_nothing_is_lost(disk: Path, tmp_path: Path) -> None:
    shop = small_shop(disk, orders(0, 20))
    shop.folder = tmp_path  # its next files come from another disk
    stuffing = disk / "stuffing"
    stuff(stuffing)
    assert told(lambda: shop.load(orders(20, 60), name="more")) == "store_disk_full"
    assert count(shop) == 20
    stuff(disk / "the rest")
    saved: list[str] = []

    def save_many() -> None:
        for number in range(5_000):
            shop.records.save_user(f"{number}@example.com", "viewer", NOW)
            saved.append(f"{number}@example.com")

    assert told(save_many) in ("store_disk_full", "records_unreachable")
    stuffing.unlink()
    assert set(shop.records.users()) == set(saved)
    shop.load(orders(20, 60), name="again")
    assert count(shop) == 60
    shop.records.close()


def test_a_disk_that_only_reads_is_said_and_goes_on_when_it_writes_again(
    disk: Path, tmp_path: Path
) -> None:
    shop = small_shop(disk, orders(0, 20))
    shop.folder = tmp_path
    shop.records.close()
    mount("-o", "remount,ro", disk)
    assert told(lambda: shop.load(orders(20, 60))) in ("store_read_only", "records_unreachable")
    assert count(shop) == 20
    mount("-o", "remount,rw", disk)
    shop.load(orders(20, 60), name="again")
    assert count(shop) == 60
    shop.records.close()


def test_a_clock_set_back_two_days_loses_nothing(tmp_path: Path) -> None:
    shop = small_shop(tmp_path, orders(0, 20))
    earlier = NOW - timedelta(days=2)
    report = shop.load(orders(20, 60), name="more", now=earlier)
    assert report["rows"]["quarantined"] == 0
    assert count(shop) == 60
    again = shop.load(orders(20, 60), name="more", now=earlier)
    assert again["rows"]["loaded"] == 0
    assert count(shop) == 60
    shop.records.close()


@pytest.mark.parametrize("left", [0.5, 0.0])
def test_damaged_records_are_refused_and_come_back_as_they_were(
    tmp_path: Path, left: float
) -> None:
    url = f"sqlite:///{tmp_path}/records.sqlite"
    path = tmp_path / "records.sqlite"
    with closing(open_records(url)) as records:
        records.save_user("ann@example.com", "admin", NOW)
    whole = path.read_bytes()
    path.write_bytes(b"\xff" * 100 + whole[100 : int(len(whole) * left) + 200])
    assert told(lambda: open_records(url)) == "records_damaged"
    path.write_bytes(whole)
    with closing(open_records(url)) as records:
        assert list(records.users()) == ["ann@example.com"]
