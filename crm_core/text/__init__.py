"""Every word the product says, by key and language: `t("overview.title", "zh")`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from crm_core.errors import CrmError, close_match

__all__ = ["catalogue", "error_text", "has", "t"]

_ROOT = Path(__file__).parent


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """All texts of a language: the file's stem, then the keys inside it, joined by dots."""
    texts: dict[str, str] = {}
    for path in sorted((_ROOT / language).glob("*.toml")):
        _flatten(path.stem, tomllib.loads(path.read_text(encoding="utf-8")), texts)
    return texts


def _flatten(prefix: str, node: object, into: dict[str, str]) -> None:
    if isinstance(node, dict):
        for name, child in node.items():  # pyright: ignore[reportUnknownVariableType]
            _flatten(f"{prefix}.{name}", child, into)
    else:
        into[prefix] = str(node)


def has(key: str, language: str) -> bool:
    """Whether a language words this key."""
    return key in catalogue(language)


def t(key: str, language: str, /, **facts: object) -> str:
    """The text of `key` with its placeholders filled from `facts`.

    Raises: CrmError("text_missing") for an unknown key or a missing fact.

    >>> t("app.name", "en")
    'Clientele'
    """
    texts = catalogue(language)
    if key not in texts:
        raise CrmError("text_missing", key=key, match=close_match(key, texts))
    if not facts:
        return texts[key]
    try:
        return texts[key].format(**facts)
    except (KeyError, IndexError) as missing:
        raise CrmError("text_missing", key=key, match=str(missing)) from None


def error_text(error: CrmError, language: str) -> str:
    """An expected failure in words: `error.<code>`, or `error_<room>.<rest>` of its room.

    A `match` among the facts, the known name most like one that is not, is asked about.

    >>> error_text(CrmError("unknown_metric", name="revenu", match="revenue"), "en")
    'There is no metric revenu. Did you mean “revenue”?'
    """
    room, _, rest = error.code.partition("_")
    for key in (f"error.{error.code}", f"error_{room}.{rest}", f"error_{room}.{error.code}"):
        if has(key, language):
            words = t(key, language, **{"": "", **error.facts})
            return " ".join([words, *_meant(error, language), *_short_of(error, language)])
    return t("error.unexpected", language, code=error.code)


def _meant(error: CrmError, language: str) -> list[str]:
    match = error.facts.get("match")
    return [t("error.did_you_mean", language, match=match)] if match else []


def _short_of(error: CrmError, language: str) -> list[str]:
    """What there is too little of: facts `buyers` and `buyers_needed` in words."""
    return [
        t(f"error.needed.{name}", language, have=have, needed=error.facts[f"{name}_needed"])
        for name, have in error.facts.items()
        if f"{name}_needed" in error.facts and has(f"error.needed.{name}", language)
    ]
