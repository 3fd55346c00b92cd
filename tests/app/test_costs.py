"""What a shop says on the costs page is kept, and asks for the numbers anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crm_core.pipeline.workspace import demo_url, workspace
from crm_core.records import open_records
from crm_core.settings import Settings
from crm_core.ui import costs_form
from tests.app.conftest import Open


def test_the_day_refunds_count_on_is_the_managers_choice(
    copy_demo: Callable[[Path], Path],
    shops: dict[str, Path],
    tmp_path: Path,
    open_page: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shops["own"] = copy_demo(tmp_path / "var")
    jobs: list[Any] = []
    monkeypatch.setattr(costs_form, "run_job", lambda arguments, **_: jobs.append(arguments))
    test = open_page("costs", shop="own").test
    choice = next(each for each in test.segmented_control if "Refunds" in each.label)
    assert (choice.value, choice.options) == (
        "refund",
        ["the day of the refund", "the day of the order"],
    )
    choice.set_value("order")
    next(each for each in test.button if each.label == "Save and recalculate").click().run()
    assert not test.exception
    assert jobs == [["refresh"]]
    settings = Settings(var=shops["own"])
    records = open_records(workspace(settings, demo_url(settings)).records_url)
    assert records.shop_settings().refund_date == "order"
    records.close()
