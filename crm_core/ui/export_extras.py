"""What a list tells beside facts: the next products of each customer with reasons, and preferences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crm_core.audiences import EXTRAS, has_offers
from crm_core.privacy.platforms import FEED
from crm_core.ui.export_choice import FormatChoice
from crm_core.ui.fields import switch_field
from crm_core.ui.session import current
from crm_core.ui.show import show
from crm_core.views.offers import export_extras


def choose_extras(chosen: FormatChoice, *, key: str) -> tuple[str, ...]:
    """Switches for what a format may tell beside facts; a feed begins with all of it."""
    is_feed = chosen.file_format == FEED
    if not (chosen.takes_facts or is_feed):
        return ()
    offered = [name for name in EXTRAS if name != "products" or has_offers(current().store)]
    return tuple(
        name
        for name in offered
        if switch_field(
            f"offer.extra.{name}",
            key=f"{key}_extra_{name}_{is_feed}",
            value=is_feed,
            help_key=f"offer.extra.{name}_about",
        )
    )


def extra_headings(extras: Sequence[str]) -> Mapping[str, str]:
    """The columns of these extras, each with its heading."""
    session = current()
    found: dict[str, str] = {}
    for column in show(export_extras, session.selection, extras=tuple(extras)):
        name, _, rest = column.partition("_")
        if name == "prefers":
            found[column] = session.t(f"offer.prefers.{rest}")
        else:
            place, _, part = rest.partition("_")
            found[column] = session.t(f"offer.column.{name}_{part}", place=place)
    return found
