from __future__ import annotations

import os
from pathlib import Path

from crm_core.records import open_records
from crm_core.settings import Settings
from crm_core.ui.workspace import (
    choose,
    copy_for_visitor,
    expire,
    first_name,
    lasts,
    remember,
    uploads_folder,
    visitor_folder,
    writable,
)


def test_the_demo_opens_first_and_the_last_choice_after_that(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    assert first_name(settings) == "demo"
    remember(settings, "shop")
    assert first_name(settings) == "shop"
    (tmp_path / "active").write_text("../../etc")
    assert first_name(settings) == "demo"


def test_a_store_named_in_the_settings_is_the_one_that_opens(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, store_url=f"duckdb:///{tmp_path}/own")
    assert first_name(settings) == "shop"
    place = choose(settings, visitor=None, name="shop")
    assert place.store_url == settings.store_url
    assert choose(settings, visitor=None, name="demo").is_demo


def test_two_visitors_share_the_demo_and_nothing_else(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, records_url="sqlite:///elsewhere.sqlite")
    ann, bo = (choose(settings, visitor=name, name="demo") for name in ("ann", "bo"))
    assert ann.store_url == bo.store_url
    assert ann.records_url != bo.records_url
    assert ann.shop_url != bo.shop_url
    assert ann.private
    assert "elsewhere" not in ann.records_url
    own = choose(settings, visitor="ann", name="shop")
    assert own.store_url == ann.shop_url
    assert "elsewhere" not in own.records_url


def test_a_shop_filled_from_the_demo_decides_for_itself(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    for visitor in (None, "ann"):
        demo = choose(settings, visitor=visitor, name="demo")
        shop = choose(settings, visitor=visitor, name="shop")
        assert demo.records_of(demo.store_url) == demo.records_url
        assert demo.records_of(demo.shop_url) == shop.records_url != demo.records_url
        assert shop.records_of(shop.shop_url) == shop.records_url


def test_what_a_visitor_uploads_expires_with_the_visitor(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    place = choose(settings, visitor="ann", name="demo")
    assert uploads_folder(settings, place).parent == visitor_folder(settings, "ann")


def test_a_visitor_decides_on_a_copy(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    alone = choose(settings, visitor=None, name="demo")
    original = open_records(alone.records_url)
    secret = original.secret("url_key")
    place = choose(settings, visitor="ann", name="demo")
    copy_for_visitor(settings, place)
    copy_for_visitor(settings, place)
    copy = open_records(place.records_url)
    assert copy.secret("url_key") == secret
    original.close()
    copy.close()


def test_what_a_visitor_left_is_gone_after_a_day(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    for name, age in (("old", 90_000), ("new", 10)):
        folder = visitor_folder(settings, name)
        folder.mkdir(parents=True)
        os.utime(folder, (1_000_000 - age, 1_000_000 - age))
    uploads = uploads_folder(settings, choose(settings, visitor=None, name="demo")) / "old"
    uploads.mkdir(parents=True)
    os.utime(uploads, (910_000, 910_000))
    assert expire(settings, now=1_000_000) == 2
    assert not uploads.exists()
    assert visitor_folder(settings, "new").exists()
    assert not visitor_folder(settings, "old").exists()


def test_a_disk_that_cannot_be_written_is_replaced_and_told(tmp_path: Path) -> None:
    assert writable(Settings(var=tmp_path)) == (Settings(var=tmp_path), True)
    blocked = tmp_path / "file"
    blocked.touch()
    moved, lasting = writable(Settings(var=blocked / "var"))
    assert not lasting
    assert moved.var.is_dir()
    moved.var.rmdir()


def test_only_a_real_shops_records_on_a_temporary_disk_do_not_last(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    for visitor, name, expected in (
        (None, "demo", True),
        ("ann", "demo", True),
        ("ann", "shop", True),
        (None, "shop", False),
    ):
        place = choose(settings, visitor=visitor, name=name)
        assert lasts(settings, place.records_url) is expected
    for url in ("postgresql+psycopg://db/shop", f"sqlite:///{tmp_path}/kept.sqlite"):
        named = Settings(var=tmp_path, records_url=url)
        assert lasts(named, choose(named, visitor=None, name="shop").records_url)
