"""In which tool's form a list leaves, and what the shop has to say for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm_core.audiences import FIELDS
from crm_core.privacy.gate import IDENTITY_COLUMNS
from crm_core.privacy.list_names import sensitive_words
from crm_core.privacy.plan import CODE_COLUMN
from crm_core.privacy.platforms import FEED, PLAIN, PLATFORMS, formats_for
from crm_core.privacy.policy import CHANNEL_COLUMNS
from crm_core.ui.fields import switch_choice, switch_field
from crm_core.ui.session import current
from crm_core.ui.words import caption, warning

# Shops mail with many a tool: a plain file first, the two that have a form of their own beside it.
_MANY_TOOLS = "email"


@dataclass(frozen=True)
class FormatChoice:
    """A format, whether columns of the audience may follow the tool's own, and whether what
    customers agreed to for ads covers what Google asks."""

    file_format: str
    takes_facts: bool
    ads_consent_covers_use: bool = False

    @property
    def code(self) -> str:
        """What tells this choice from another, for keys."""
        return f"{self.file_format}|{self.ads_consent_covers_use}"


def choose_format(contact_channel: str | None, *, key: str) -> FormatChoice:
    """One of the formats of a channel, what its file holds, and the switches it has."""
    codes = formats_for(contact_channel)
    # Another key a channel: what was chosen for one may not exist for the next.
    name = switch_choice(
        "exports.file_format",
        codes,
        key=f"{key}_format_{contact_channel}",
        prefix="exports.format",
        value=PLAIN[0] if contact_channel == _MANY_TOOLS else codes[0],
    )
    caption(f"exports.holds.{name}")
    platform = PLATFORMS.get(name)
    if platform is None:
        return FormatChoice(name, takes_facts=name != FEED)  # scores belong on no web page
    covers = False
    if platform.digits and not switch_field(
        "exports.plus", key=f"{key}_plus_{name}", value=True, help_key="exports.plus_about"
    ):
        name = platform.digits
    if platform.split == "region":
        covers = switch_field(
            "exports.covers", key=f"{key}_covers_{name}", help_key="exports.covers_about"
        )
    return FormatChoice(name, platform.facts, covers)


def list_headings(
    contact_channel: str | None, chosen: FormatChoice, facts: Sequence[str]
) -> dict[str, str]:
    """The columns of a list, each with its heading; a tool's own come by themselves."""
    session = current()
    told = [name for name in IDENTITY_COLUMNS if name in CHANNEL_COLUMNS[contact_channel]]
    own = (CODE_COLUMN, *told) if chosen.file_format in (*PLAIN, FEED) else ()
    named = {name: session.t(f"privacy.column.{name}") for name in own}
    return {**named, **{name: session.t(FIELDS[name].label) for name in facts}}


def warn_of_name(name: str) -> None:
    """Says which words of a list's name will not leave with it."""
    words = sensitive_words(name, current().records.shop_settings().sensitive_categories)
    if words:
        warning("exports.name_words", words=", ".join(words))
