"""Every page in a real browser: it draws, fits, can be read, and asks nobody but the app."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from crm_core.pipeline.workspace import demo_url, open_workspace, workspace
from crm_core.privacy.gate import customer_code
from crm_core.records.customer_codes import SECRET
from crm_core.settings import Settings
from crm_core.ui.navigation import PAGES
from tests.browser.conftest import ARTEFACTS, Watched
from tests.browser.screens import MODES, Mode, picture, visit

# Streamlit's own: the drawing inside a metric has no name.
NAMELESS = ("svg-img-alt", "stMetric")
# Streamlit's own: words on the primary colour are always white, while the same colour must be
# read as text on the dark page. No colour does both at 4.5; large text and controls ask 3.
WHITE, CONTROLS = "#ffffff", 3.0
#: What every change is looked at in; the other modes are among the slow tests.
AT_ONCE = ("light",)
SERIOUS = {"serious", "critical"}
_OVERFLOW = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  return main.scrollWidth - main.clientWidth;
}"""


#: The first page at the gate (the journey goes through others), the rest among the slow tests.
AT_THE_GATE = {"overview"}
STEMS = [
    pytest.param(spec.stem, marks=[] if spec.stem in AT_THE_GATE else pytest.mark.slow)
    for spec in PAGES
]


@pytest.mark.slow
def test_the_first_screen_shows_the_revenue_to_date_in_full(
    tab: Callable[[Mode], Watched],
) -> None:
    laptop = Mode("laptop", width=1280, height=860)
    watched = tab(laptop)
    visit(watched.page, watched.url, "overview", laptop.language)
    for key in ("overview_revenue", "overview_segments"):
        drawn = watched.page.locator(f".st-key-chart_{key}").bounding_box()
        assert drawn is not None
        assert drawn["y"] + drawn["height"] < laptop.height


@pytest.mark.parametrize(
    "mode",
    [
        pytest.param(mode, marks=[] if name in AT_ONCE else pytest.mark.slow)
        for name, mode in MODES.items()
    ],
    ids=list(MODES),
)
@pytest.mark.parametrize("stem", STEMS)
def test_page(stem: str, mode: Mode, tab: Callable[[Mode], Watched], app_var: Path) -> None:
    watched = tab(mode)
    query = f"&id={a_customer(app_var)}" if stem == "customer" else ""
    visit(watched.page, watched.url, stem, mode.language, query)
    folder = ARTEFACTS / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    picture(watched.page, folder / f"{stem}-{mode.name}.png", mode)
    assert watched.page.get_by_test_id("stAlertContentError").all_inner_texts() == []
    assert watched.page.get_by_test_id("stException").count() == 0
    assert watched.foreign == []
    assert watched.complaints == []
    if mode.name == "narrow":
        assert watched.page.evaluate(_OVERFLOW) <= 0
    if mode.name in ("light", "dark"):
        assert violations(watched) == []


def a_customer(var: Path) -> str:
    """The code of who has ordered most: there is something on every card of theirs."""
    settings = Settings(var=var, single_user=True)
    store, records = open_workspace(settings, workspace(settings, demo_url(settings)))
    with closing(store), closing(records):
        orders = store.table("order_facts").filter(lambda row: row.customer_key.notnull())
        each = orders.group_by("customer_key").agg(orders=orders.count())
        first = store.fetch(each.order_by(each.orders.desc(), each.customer_key).limit(1))
        return customer_code(records.secret(SECRET), int(first["customer_key"].iloc[0]))


def violations(watched: Watched) -> list[str]:
    """Serious accessibility failures that are ours."""
    found = Axe().run(watched.page).response["violations"]
    return [
        f"{rule['id']}: {node['target']} {node['html'][:160]}"
        for rule in found
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
        if not is_known(rule["id"], node, watched)
    ]


def is_known(rule: str, node: dict[str, Any], watched: Watched) -> bool:
    """Whether a failure is one of the framework's that we cannot mend."""
    if rule == "color-contrast":
        seen = node["any"][0]["data"]
        return seen["fgColor"] == WHITE and seen["contrastRatio"] >= CONTROLS
    selector = node["target"][-1]
    inside = "(element, id) => element.closest(`[data-testid=${id}]`) !== null"
    place = watched.page.locator(str(selector)).first
    return rule == NAMELESS[0] and bool(place.evaluate(inside, NAMELESS[1]))
