"""Who may see and do what with the data that names a person. The rules are the table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from crm_core.errors import CrmError, close_match

Role = Literal["single_user", "viewer", "care", "marketer", "admin"]
Purpose = Literal[
    "view",  # who a row on screen is about, wherever one is shown; never a contact of many
    "analyse",  # numbers about the shop and tables of customers: value, margins, risk, reasons
    "search",  # find a customer by name, e-mail, phone or number
    "call",  # open one customer's record in full: a reveal that the log tells of
    "note",
    "plan",
    "set_aside",  # say which orders and reviews do not count
    "export",
    "consent",  # change what a customer agreed to, and see the proof
    "import",
    "quarantine",
    "settings",
    "people",  # invite, give another role, remove
    "erase",  # a person's rights: access, rectification, erasure, restriction
]
Treatment = Literal["clear", "mask", "drop"]

# The tag of each column that names a person; every other column names nobody. `note` is what
# people wrote about a customer, which may say anything.
TAGS: Mapping[str, str] = {
    "name": "name",
    "email": "email",
    "phone": "phone",
    "address": "address",
    "postal_code": "postal_code",
    "city": "city",
    "birth_date": "birth",
    "source_id": "source_id",
    "note": "note",
}


def _all(treatment: Treatment) -> Mapping[str, Treatment]:
    return dict.fromkeys(TAGS.values(), treatment)


_MASKED: Mapping[str, Treatment] = {
    **_all("drop"),
    "name": "mask",
    "email": "mask",
    "phone": "mask",
    "source_id": "mask",
}
_WORKING: Mapping[str, Treatment] = {**_all("clear"), "birth": "drop"}
# Enough to tell which of two people of one name is meant, before one of them is opened.
_NAMED: Mapping[str, Treatment] = {
    **_MASKED,
    "name": "clear",
    "city": "clear",
    "source_id": "clear",
}

# role -> purpose -> tag -> treatment. A purpose that is missing is not allowed.
POLICY: Mapping[Role, Mapping[Purpose, Mapping[str, Treatment]]] = {
    "single_user": {
        "view": _all("clear"),
        "analyse": {},
        "search": _all("clear"),
        "call": _all("clear"),
        "note": _all("clear"),
        "plan": {},
        "set_aside": {},
        "export": _all("clear"),
        "consent": {},
        "import": {},
        "quarantine": _all("clear"),
        "settings": {},
        "people": {},
        "erase": _all("clear"),
    },
    "admin": {
        "view": _NAMED,
        "analyse": {},
        "search": _NAMED,
        "call": _WORKING,
        "note": _WORKING,
        "plan": {},
        "set_aside": {},
        "export": _WORKING,
        "consent": {},
        "import": {},
        "quarantine": _all("clear"),
        "settings": {},
        "people": {},
        "erase": _all("clear"),
    },
    "marketer": {
        "view": _NAMED,
        "analyse": {},
        "search": _NAMED,
        "call": _WORKING,
        "note": _WORKING,
        "plan": {},
        "set_aside": {},
        "export": _WORKING,
        "consent": {},
    },
    "care": {
        "view": _MASKED,
        "search": _NAMED,
        "call": _WORKING,
        "note": _WORKING,
        "consent": {},
    },
    "viewer": {
        "view": _MASKED,
        "analyse": {},
    },
}

#: What ends in a file or a screen of clear identities: stopped while others watch.
_CLEAR_FILES: frozenset[Purpose] = frozenset({"export", "quarantine", "erase"})

# What a list for a contact channel may tell of a person; a list for none names nobody.
CHANNEL_COLUMNS: Mapping[str | None, tuple[str, ...]] = {
    "email": ("name", "email"),
    "sms": ("name", "phone"),
    "phone": ("name", "phone", "city"),
    "post": ("name", "address", "postal_code", "city"),
    "ads": ("email", "phone"),
    None: (),
}


@dataclass(frozen=True)
class Access:
    """Who is asking. `present` masks every identity, whatever the role: others see the screen.

    >>> Access("viewer", "ann@example.com").role
    'viewer'
    """

    role: Role
    user: str
    present: bool = False

    @property
    def signed_in(self) -> bool:
        """Whether somebody vouches for who this is; else it is whoever sits at the screen."""
        return self.user != "single_user" and not self.user.startswith("visitor-")

    def __post_init__(self) -> None:
        if self.role not in POLICY:
            raise CrmError("privacy_role_unknown", match=close_match(str(self.role), POLICY))


def allowed(access: Access, action: Purpose) -> bool:
    """Whether this person may do this, for hiding what they may not.

    >>> allowed(Access("viewer", "ann"), "export")
    False
    """
    if access.present and action in _CLEAR_FILES:
        return False
    return action in POLICY[access.role]


def require(access: Access, action: Purpose) -> None:
    """Stops who may not do this.

    Raises: CrmError("privacy_denied", action), CrmError("privacy_denied_present") for an export
    while identities are masked for a presentation.
    """
    if action not in POLICY[access.role]:
        raise CrmError("privacy_denied", action=action)
    if not allowed(access, action):
        raise CrmError("privacy_denied_present", action=action)


def treatment(access: Access, purpose: Purpose, column: str) -> Treatment:
    """What happens to a column before this person sees it. Columns without a tag are clear.

    >>> treatment(Access("viewer", "ann"), "view", "email")
    'mask'
    """
    tag = TAGS.get(column)
    if tag is None:
        return "clear"
    rule = POLICY[access.role].get(purpose, {}).get(tag, "drop")
    return "mask" if access.present and rule == "clear" else rule


def mask(tag: str, value: object) -> str | None:
    """A value as it may be shown to who must not know it. Nothing stays nothing.

    >>> mask("email", "mary@example.com"), mask("phone", "+8613800001234"), mask("name", "Ann Lee")
    ('m•••@example.com', '•••34', 'A. L.')
    """
    text = _tidy(value)
    if not text:
        return None
    return _MASKS.get(tag, _hide)(text)


_HIDDEN = "•••"
# Showing the part after the @ tells nothing where millions share it; one's own domain is a name.
_SHARED_MAIL = re.compile(
    r"(example\.(com|org|net)|[a-z0-9-]+\.example|gmail\.com|googlemail\.com|outlook\.com"
    r"|hotmail\.com|live\.com|yahoo\.(com|co\.uk|de|fr|co\.jp)|icloud\.com|me\.com|aol\.com"
    r"|gmx\.(de|net|at|com)|web\.de|t-online\.de|proton\.me|protonmail\.com|orange\.fr|free\.fr"
    r"|qq\.com|vip\.qq\.com|foxmail\.com|163\.com|126\.com|yeah\.net|sina\.(com|cn)|sohu\.com"
    r"|aliyun\.com|139\.com|189\.cn|naver\.com|mail\.ru|yandex\.(ru|com))"
)
_LETTERS_TO_MASK = 3
_DIGITS_TO_MASK = 7


def _tidy(value: object) -> str:
    if value is None or value != value:  # a missing value of a frame is not equal to itself
        return ""
    return " ".join(unicodedata.normalize("NFKC", str(value)).split())


def _hide(_: str) -> str:
    return _HIDDEN


def _mask_email(text: str) -> str:
    local, _, domain = text.rpartition("@")
    if len(local) < _LETTERS_TO_MASK or not local[0].isalnum():
        return f"{_HIDDEN}@{_HIDDEN}"
    known = _SHARED_MAIL.fullmatch(domain.casefold())
    return f"{local[0]}{_HIDDEN}@{domain.casefold() if known else _HIDDEN}"


def _mask_phone(text: str) -> str:
    digits = [char for char in text if char.isdecimal()]
    return _HIDDEN + "".join(digits[-2:]) if len(digits) >= _DIGITS_TO_MASK else _HIDDEN


def _mask_name(text: str) -> str:
    words = [word for word in text.split(" ") if word[0].isalpha()]
    if not words or any(char.isdecimal() or char == "@" for char in text):
        return _HIDDEN
    if len(words) == 1:
        return f"{words[0][0]}{_HIDDEN}" if len(words[0]) > 1 else _HIDDEN
    if all(len(word) == 1 for word in words):
        return _HIDDEN
    return f"{words[0][0].upper()}. {words[-1][0].upper()}."


_MASKS = {"email": _mask_email, "phone": _mask_phone, "name": _mask_name}
