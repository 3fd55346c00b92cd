"""The files that ad and mail tools take, one small description each: nothing here runs.

Where each was read, and what the tools say of it: docs/guide/exports.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Source = Literal[
    "", "email", "phone", "name", "first_name", "last_name",
    "address", "postal_code", "city", "country",
]  # fmt: skip
Split = Literal["", "region", "texts", "contact"]


@dataclass(frozen=True)
class Cell:
    """One column: its heading, what of a person it tells, in which form (`normalise.FORMS`).

    Without a source it stays empty: the tool's template has it, this program does not know it.
    """

    heading: str
    source: Source = ""
    form: str = "text"
    hashed: bool = False


@dataclass(frozen=True)
class Platform:
    """One tool's file.

    `contacts`: who has none of them usable is left out. `together`: sources that are told only
    when all are known. `facts`: whether columns of the audience may follow. `split`: a file each
    by region and consent ("region"), by whether text messages were agreed to ("texts"), or one
    for each kind of contact ("contact"); such files leave as one zip with the manifest.
    `for_people`: a spreadsheet that people open. `least_rows`: below it the tool serves nobody.
    `most_mb`, `most_bytes`: limits of a file and of a cell. `digits`: the variant of this file
    with phones as digits alone, where the tool's own texts disagree.
    """

    contact_channel: str
    cells: tuple[Cell, ...]
    contacts: tuple[str, ...]
    together: tuple[str, ...] = ()
    facts: bool = False
    split: Split = ""
    for_people: bool = False
    least_rows: int = 0
    most_mb: int = 0
    most_bytes: int = 0
    digits: str = ""

    @property
    def suffix(self) -> str:
        """How the name of what leaves ends."""
        return "zip" if self.split else "xlsx" if self.for_people else "csv"

    @property
    def identity_columns(self) -> tuple[str, ...]:
        """What it reads of identities."""
        names = {"first_name": "name", "last_name": "name"}
        read = (names.get(cell.source, cell.source) for cell in self.cells)
        return tuple(dict.fromkeys(name for name in read if name and name != "country"))

    def cell(self, source: str) -> Cell:
        """The column that tells this of a person."""
        return next(cell for cell in self.cells if cell.source == source)


def _hashed(heading: str, source: Source, form: str) -> Cell:
    return Cell(heading, source, form, hashed=True)


_META = (
    _hashed("email", "email", "email"),
    Cell("email"),
    Cell("email"),
    _hashed("phone", "phone", "digits"),
    Cell("phone"),
    Cell("phone"),
    Cell("madid"),
    _hashed("fn", "first_name", "bare_name"),
    _hashed("ln", "last_name", "bare_name"),
    _hashed("zip", "postal_code", "bare_code"),
    _hashed("ct", "city", "bare_place"),
    Cell("st"),
    _hashed("country", "country", "lower"),
    Cell("dob"),
    Cell("doby"),
    Cell("gen"),
    Cell("age"),
    Cell("uid"),
)
_GOOGLE = (
    _hashed("Email", "email", "email_undotted"),
    _hashed("Phone", "phone", "e164"),
    _hashed("First Name", "first_name", "lower"),
    _hashed("Last Name", "last_name", "lower"),
    Cell("Country", "country", "upper"),
    Cell("Zip", "postal_code", "postal_code"),
)
_NAMES = (Cell("First Name", "first_name"), Cell("Last Name", "last_name"))
_TIKTOK_EMAIL = _hashed("Email_SHA256", "email", "email")
_BOTH = ("email", "phone")

PLATFORMS: Mapping[str, Platform] = {
    "meta": Platform("ads", _META, _BOTH, least_rows=100),
    "google": Platform(
        "ads",
        _GOOGLE,
        _BOTH,
        together=("first_name", "last_name", "country", "postal_code"),
        split="region",
    ),
    "tiktok": Platform(
        "ads",
        (_TIKTOK_EMAIL, _hashed("Phone_SHA256", "phone", "e164")),
        _BOTH,
        least_rows=1_000,
        digits="tiktok_digits",
    ),
    "tiktok_digits": Platform(
        "ads",
        (_TIKTOK_EMAIL, _hashed("Phone_SHA256", "phone", "digits")),
        _BOTH,
        least_rows=1_000,
    ),
    "snap": Platform(
        "ads",
        (_hashed("email", "email", "email"), _hashed("phone", "phone", "digits")),
        _BOTH,
        split="contact",
        least_rows=1_000,
    ),
    "klaviyo": Platform(
        "email",
        (
            Cell("Email Address", "email", "email_mailed"),
            Cell("Phone Number", "phone", "e164"),
            *_NAMES,
        ),
        ("email",),
        facts=True,
        split="texts",
        most_mb=50,
    ),
    "mailchimp": Platform(
        "email",
        (Cell("Email Address", "email", "email_ascii"), *_NAMES),
        ("email",),
        facts=True,
        most_bytes=255,
    ),
    "call_list": Platform(
        "phone",
        (Cell("name", "name"), Cell("phone", "phone", "e164"), Cell("city", "city")),
        ("phone",),
        facts=True,
        for_people=True,
    ),
    "mail_merge": Platform(
        "post",
        (
            Cell("name", "name"),
            Cell("address", "address"),
            Cell("postal_code", "postal_code"),
            Cell("city", "city"),
            Cell("country", "country", "upper"),
        ),
        ("post",),
        facts=True,
        for_people=True,
    ),
}
#: Files for any channel, or none, that people open.
PLAIN = ("csv", "xlsx")
#: What templates of mails and web pages read, for any channel or none: columns go by their codes.
FEED = "json_feed"
FORMATS = (*PLAIN, FEED, *PLATFORMS)


def suffix_of(file_format: str) -> str:
    """How the name of a file in this format ends.

    >>> suffix_of("csv"), suffix_of("google"), suffix_of("json_feed")
    ('csv', 'zip', 'json')
    """
    if file_format == FEED:
        return "json"
    return PLATFORMS[file_format].suffix if file_format in PLATFORMS else file_format


def formats_for(contact_channel: str | None) -> tuple[str, ...]:
    """The formats of a contact channel, the tools' own first; a variant hides behind its main.

    >>> formats_for("email"), formats_for(None)
    (('klaviyo', 'mailchimp', 'csv', 'xlsx', 'json_feed'), ('csv', 'xlsx', 'json_feed'))
    """
    variants = {platform.digits for platform in PLATFORMS.values()}
    own = [
        name
        for name, platform in PLATFORMS.items()
        if platform.contact_channel == contact_channel and name not in variants
    ]
    return (*own, *PLAIN, FEED)


def columns_read(contact_channel: str | None) -> tuple[str, ...]:
    """What a plain list reads of identities to tell whether somebody can be reached."""
    needed: Mapping[str, tuple[str, ...]] = {
        "post": ("address", "postal_code", "city"),
        "ads": _BOTH,
        "email": ("email",),
    }
    if contact_channel is None:
        return ()
    return needed.get(contact_channel, ("phone",))
