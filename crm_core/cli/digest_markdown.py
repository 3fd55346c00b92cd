"""The digest as Markdown that shows customers' words letter by letter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from crm_core.cli.digest_letter import Letter, Line, Section
from crm_core.privacy.escape import plain

_LONG = 600
_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~&$@])")
# A backslash keeps what looks like an address from becoming a link.
_ADDRESSES = re.compile(r"(?<=:)//|(?<=www)\.", re.IGNORECASE)


def inert(text: str) -> str:
    r"""Words that no reader of Markdown takes for marks, links or tags.

    >>> inert("**[x](http://evil.example)**")
    '\\*\\*\\[x\\](http:\\//evil.example)\\*\\*'
    """
    marked = _MARKS.sub(r"\\\1", plain(text, _LONG))
    return _ADDRESSES.sub(lambda found: "\\" + found[0], marked)


def markdown(letter: Letter) -> str:
    """The whole digest."""
    return "\n".join(_lines(letter)) + "\n"


def _lines(letter: Letter) -> Iterator[str]:
    yield f"# {inert(letter.title)}"
    yield ""
    yield inert(letter.subtitle)
    for section in letter.sections:
        yield ""
        yield f"## {inert(section.heading)}"
        yield ""
        yield from _section(section, letter)
    yield ""
    yield f"_{inert(letter.foot)}_"


def _section(section: Section, letter: Letter) -> Iterator[str]:
    if not section.lines:
        yield inert(section.none)
    for line in section.lines:
        yield from _line(line, letter)
    if section.note:
        yield ""
        yield inert(section.note)


def _line(line: Line, letter: Letter) -> Iterator[str]:
    said = (
        f"- {inert(line.title)}: **{inert(line.value)}**"
        if line.value
        else f"- **{inert(line.title)}**"
    )
    about = f" {inert(line.about)}" if line.about else ""
    link = f" [{inert(letter.link)}](<{line.href}>)" if line.href else ""
    yield said + about + link
