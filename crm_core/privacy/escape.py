r"""Makes text from customers harmless where it is shown and where it is opened.

Cells of exported files: `escape_cell` puts an apostrophe before text that a spreadsheet would
run, `unescape` takes it off again: `unescape(escape_cell(text)) == one_line(text)` for any text.
Text on pages: `md_escape` for everything Streamlit reads as Markdown, `plot_escape` for labels
in charts, `plain` for places that show text as it is.
"""

from __future__ import annotations

import re
import unicodedata

PLOT_LENGTH = 120
MARKDOWN_LENGTH = 200

_BREAKS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_RUNS = ("=", "+", "-", "@")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
# A word joiner is invisible and keeps Streamlit from reading what follows its own replacements
# (links, `:material/…:`, `:emoji:`, arrows), which look at the text after backslashes are gone.
_JOINER = "\u2060"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&=^\"'/@:])")
_LINKED = re.compile(r"(:(?=[\w+/-])|www(?=\.)|(?<=[-.\w+])(?=@))", re.IGNORECASE)
_ARROWS = re.compile(r"(?:(?<=\s)|^)(<->|->|<-|--|>=|<=|~=)(?=\s|$)")


def one_line(text: str) -> str:
    r"""The text with each run of line breaks and control characters as one space; tabs stay.

    >>> one_line("x\r=1+1")
    'x =1+1'
    """
    return _BREAKS.sub(" ", text)


def escape_cell(text: str) -> str:
    """The text of a cell that no spreadsheet runs as a formula.

    Inspected after white space, quotes, invisible and control characters, and in plain width; so
    is what follows a semicolon, which is where many a spreadsheet cuts a line. A plain number
    (`-5.00`, `+8613800000000`) cannot run and stays as it is.

    >>> escape_cell("=1+1"), escape_cell("-5.00"), escape_cell("O'Brien")
    ("'=1+1", '-5.00', "O'Brien")
    """
    parts = one_line(text).split(";")
    return ";".join(f"'{part}" if _would_run(part) else part for part in parts)


def unescape(cell: str) -> str:
    """The text that `escape_cell` was given, on one line.

    >>> unescape("'=1+1"), unescape("'t Hooft")
    ('=1+1', "'t Hooft")
    """
    parts = cell.split(";")
    return ";".join(
        part[1:] if part.startswith("'") and _would_run(part) else part for part in parts
    )


def would_run(text: str) -> bool:
    """Whether a spreadsheet would run a cell's text, or a part of it.

    >>> would_run(" =1+1"), would_run("x;@y"), would_run("+4930123456")
    (True, True, False)
    """
    line = one_line(text)
    return escape_cell(line) != line


def _would_run(part: str) -> bool:
    """Whether a spreadsheet could run it, also once the quotes before it were taken off."""
    for char in part:
        if char not in "'\"" and not char.isspace() and unicodedata.category(char)[0] not in "CZ":
            starts = unicodedata.normalize("NFKC", char)[0] in _RUNS
            return starts and not _NUMBER.fullmatch(part.lstrip("'"))
    return False


def plain(text: object, limit: int) -> str:
    r"""One line of visible text, at most `limit` characters: no controls, no direction marks.

    >>> plain("gpj\u202e.exe\n", 20)
    'gpj.exe'
    """
    line = one_line("" if text is None else str(text)).replace("\t", " ")
    shown = "".join(char for char in line if not _hidden(char)).strip()
    return shown if len(shown) <= limit else shown[: limit - 1].rstrip() + "…"


def _hidden(char: str) -> bool:
    # Zero-width joiners stay: emoji and several scripts are spelled with them.
    return unicodedata.category(char) in ("Cf", "Cs", "Co", "Cn") and char not in "\u200c\u200d"


def md_escape(text: object, limit: int = MARKDOWN_LENGTH) -> str:
    r"""The text as Streamlit's Markdown shows it letter by letter: no link, image, icon, maths.

    >>> md_escape("[a](b)")
    '\\[a\\]\\(b\\)'
    """
    line = _LINKED.sub(rf"\1{_JOINER}", plain(text, limit))
    line = _ARROWS.sub(lambda found: found[0][0] + _JOINER + found[0][1:], line)
    return _MARKDOWN.sub(r"\\\1", line)


def plot_escape(text: object, limit: int = PLOT_LENGTH) -> str:
    """The text as a chart's label shows it: no tags, no links, no placeholders.

    >>> plot_escape('<a href="x">R&D</a>')
    '&lt;a href="x"&gt;R&amp;D&lt;/a&gt;'
    """
    line = plain(text, limit).replace("%{", f"%{_JOINER}{{").replace("$", f"${_JOINER}")
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
