"""Both languages are complete, and every word the code asks for is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from string import Formatter

from crm_core.text import catalogue
from tests.contracts.tree import called, nodes, place, python_files, source

EN, ZH = catalogue("en"), catalogue("zh")
ESCAPED = frozenset(map(re.escape, EN))
APP = ("pages/", "crm_core/")
SPEAKERS = {"t", "md"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# The same in both languages: names, units, formats and symbols.
NAMES = {
    "Adobe Commerce", "Amazon", "App", "CDNOW", "Clientele", "Complete Journey", "Etsy",
    "Excel (XLSX)", "Judge.me", "Klaviyo", "Mailchimp", "Olist", "Pareto/NBD", "Prophet", "Shopify", "Superstore",
    "UCI Online Retail", "WooCommerce", "Yotpo", "Zendesk", "Gorgias",
}  # fmt: skip
ALIKE = re.compile(r"^[^a-z]*$|^[\W\d_]*(?:\{[a-z_]+\}[\W\d_]*)+$")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    assert sorted(set(EN) ^ set(ZH)) == []


def test_both_languages_fill_in_the_same_facts() -> None:
    differing = [key for key in set(EN) & set(ZH) if placeholders(EN[key]) != placeholders(ZH[key])]
    assert sorted(differing) == []


def test_no_text_is_empty_or_left_to_do() -> None:
    unfinished = re.compile(r"^\s*$|TODO|FIXME|XXX|lorem ipsum", re.IGNORECASE)
    found = [key for texts in (EN, ZH) for key, text in texts.items() if unfinished.search(text)]
    assert found == []


def test_the_closest_name_is_asked_about_in_one_place() -> None:
    """A text that words it itself would read badly where no name is close."""
    asking = [key for key in EN if "match" in placeholders(EN[key])]
    assert asking == ["error.did_you_mean"]


def test_chinese_is_chinese_and_english_is_english() -> None:
    untranslated = [
        key
        for key, text in ZH.items()
        if not CHINESE.search(text) and text not in NAMES and not ALIKE.match(text)
    ]
    assert untranslated == []
    assert [key for key, text in EN.items() if CHINESE.search(text)] == []


def asked_keys() -> Iterator[tuple[str, str]]:
    """Each key the code asks for; the pieces of an f-string that vary may be any word."""
    for name in python_files(*APP):
        for node in nodes(name, ast.Call):
            if called(node) in SPEAKERS and node.args:
                for pattern in key_patterns(node.args[0]):
                    yield place(name, node), pattern


def key_patterns(argument: ast.expr) -> list[str]:
    if isinstance(argument, ast.IfExp):
        return key_patterns(argument.body) + key_patterns(argument.orelse)
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return [re.escape(argument.value)]
    if isinstance(argument, ast.JoinedStr):
        pieces = [
            re.escape(str(piece.value)) if isinstance(piece, ast.Constant) else "[a-z0-9_.]+"
            for piece in argument.values
        ]
        return ["".join(pieces)]
    return []


@cache
def is_key(pattern: str) -> bool:
    return pattern in ESCAPED or any(re.fullmatch(pattern, key) for key in EN)


def test_every_key_asked_for_exists() -> None:
    missing = [f"{where} {pattern}" for where, pattern in asked_keys() if not is_key(pattern)]
    assert missing == []


def test_every_key_named_on_a_page_exists() -> None:
    """A page hands keys, or the beginnings of keys, to what draws them."""
    dotted = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
    missing = [
        f"{place(name, node)} {node.value}"
        for name in python_files("pages/")
        for node in nodes(name, ast.Constant)
        if isinstance(node.value, str)
        and dotted.fullmatch(node.value)
        and not any(key == node.value or key.startswith(f"{node.value}.") for key in EN)
    ]
    assert missing == []


def error_codes() -> Iterator[tuple[str, str, set[str] | None]]:
    """Each failure the code names, with the facts it states (None when they are passed on)."""
    for name in python_files(*APP):
        if "CrmError" not in source(name):
            continue
        for node in nodes(name, ast.Call):
            if called(node) != "CrmError" or not node.args:
                continue
            code = node.args[0]
            if isinstance(code, ast.Constant):
                named = {word.arg for word in node.keywords if word.arg}
                passed_on = any(word.arg is None for word in node.keywords)
                yield place(name, node), str(code.value), None if passed_on else named


def error_key(code: str) -> str | None:
    """The text key of a failure, as `error_text` finds it."""
    room, _, rest = code.partition("_")
    keys = (f"error.{code}", f"error_{room}.{rest}", f"error_{room}.{code}")
    return next((key for key in keys if key in EN), None)


def test_every_failure_is_worded_from_facts_it_states() -> None:
    wrong: list[str] = []
    for where, code, facts in error_codes():
        key = error_key(code)
        if key is None:
            wrong.append(f"{where} {code}: no words")
        elif facts is not None and placeholders(EN[key]) - facts:
            wrong.append(f"{where} {code}: lacks {sorted(placeholders(EN[key]) - facts)}")
    assert wrong == []
