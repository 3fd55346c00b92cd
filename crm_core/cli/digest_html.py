"""The digest as one HTML page for mail and browsers: one column, no request, light and dark.

Styles stand at each element, for mail programs that drop a sheet; the sheet only turns colours
round in the dark.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from crm_core.cli.digest_letter import Letter, Line, Section
from crm_core.privacy.escape import plain

_LONG = 600
_FONT = "font-family:system-ui,-apple-system,'Segoe UI','PingFang SC','Noto Sans CJK SC','Microsoft YaHei',sans-serif"
_STYLES = {
    "page": f"margin:0;padding:0;background:#f4f5f8;color:#1d2333;{_FONT};font-size:16px;line-height:1.45",
    "column": "max-width:600px;margin:0 auto;padding:20px 14px",
    "title": "margin:0 0 4px;font-size:22px;line-height:1.25",
    "quiet": "color:#5b6478;font-size:14px",
    "box": "background:#ffffff;border:1px solid #e1e4ec;border-radius:10px;padding:14px 16px;margin:14px 0",
    "heading": "margin:0 0 6px;font-size:16px",
    "line": "padding:9px 0;border-top:1px solid #e1e4ec;overflow-wrap:anywhere",
    "value": "float:right;margin-left:12px;font-weight:600;font-variant-numeric:tabular-nums",
    "said": "font-weight:600",
    "good": "color:#17704a;font-size:14px",
    "bad": "color:#b3261e;font-size:14px",
    "link": "color:#3d50d0;font-size:14px;text-decoration:underline",
}  # fmt: skip
_DARK = {
    "page": "background:#12151d;color:#e9ebf2",
    "box": "background:#1b1f2a;border-color:#303646",
    "line": "border-color:#303646",
    "quiet": "color:#a5adc0",
    "good": "color:#6fd3a3",
    "bad": "color:#ff9b93",
    "link": "color:#a9b6ff",
}


def html(letter: Letter) -> str:
    """The whole digest."""
    return "\n".join(_page(letter)) + "\n"


def _page(letter: Letter) -> Iterator[str]:
    title = _words(letter.title)
    yield "<!doctype html>"
    yield f'<html lang="{"zh-Hans" if letter.language == "zh" else "en"}">'
    yield '<head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{title}</title>"
    yield f"<style>{_sheet()}</style></head>"
    yield f"<body{_look('page')}><div{_look('column')}>"
    yield f"<h1{_look('title')}>{title}</h1>"
    yield f"<div{_look('quiet')}>{_words(letter.subtitle)}</div>"
    for section in letter.sections:
        yield from _section(section, letter)
    yield f"<div{_look('quiet')}>{_words(letter.foot)}</div>"
    yield "</div></body></html>"


def _section(section: Section, letter: Letter) -> Iterator[str]:
    yield f"<div{_look('box')}><h2{_look('heading')}>{_words(section.heading)}</h2>"
    if not section.lines:
        yield f"<div{_look('quiet')}>{_words(section.none)}</div>"
    for line in section.lines:
        yield from _line(line, letter)
    if section.note:
        yield f"<div{_look('line')}><span{_look('quiet')}>{_words(section.note)}</span></div>"
    yield "</div>"


def _line(line: Line, letter: Letter) -> Iterator[str]:
    yield f"<div{_look('line')}>"
    if line.value:
        yield f"<span{_look('value')}>{_words(line.value)}</span><span>{_words(line.title)}</span>"
    else:
        yield f"<span{_look('said')}>{_words(line.title)}</span>"
    if line.about:
        yield f"<div{_look(line.tone or 'quiet')}>{_words(line.about)}</div>"
    if line.href:
        address = escape(line.href, quote=True)
        yield f'<a href="{address}"{_look("link")}>{_words(letter.link)}</a>'
    yield "</div>"


def _words(text: str) -> str:
    return escape(plain(text, _LONG), quote=True)


def _look(name: str) -> str:
    """The class and style of an element."""
    return f' class="{name}" style="{escape(_STYLES[name], quote=True)}"'


def _sheet() -> str:
    rules = " ".join(
        f".{name}{{{';'.join(f'{each} !important' for each in style.split(';'))}}}"
        for name, style in _DARK.items()
    )
    return f"@media (prefers-color-scheme: dark){{{rules}}}"
