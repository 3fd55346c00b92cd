"""One condition of a rule as fields: what is asked, how, and against which value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any as Anything

import streamlit as st

from crm_core.audiences import FIELDS
from crm_core.rules import SHAPES, Condition, Event, Field
from crm_core.rules import value_words as part_words
from crm_core.ui.segment_words import value_words
from crm_core.ui.session import Session, current
from crm_core.ui.show import show
from crm_core.views.audiences import GROUPS, field_values, part_values

#: What the builder offers of each type, most usual first.
OPERATORS: dict[str, tuple[str, ...]] = {
    "number": (">=", "<=", "between", "=", "!=", ">", "<", "is_known", "is_unknown"),
    "text": ("in", "not_in", "contains", "starts_with", "is_known", "is_unknown"),
    "date": ("in_last_days", "on_or_after", "before", "between", "is_known", "is_unknown"),
    "bool": ("is_true", "is_false", "is_unknown"),
}
_SIGNS = {
    "=": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "at_most",
    ">": "more",
    ">=": "at_least",
}
_AS_LIST = {"is": "in", "is_not": "not_in"}
_HIGHEST = 1e12


@dataclass(frozen=True)
class Menu:
    """What a row may ask about: fields by name, their labels, the values of those of text, and
    how a value is worded. `key` sets its rows apart from those of other menus."""

    key: str
    fields: Mapping[str, Field]
    label: Callable[[str], str]
    values: Callable[[str], Sequence[str]]
    word: Callable[[str, str], str]
    first: str
    title: str = "audiences.field"


def field_menu() -> Menu:
    """Every field of customers, by theme."""
    session = current()
    themes = {name: theme for theme, names in GROUPS.items() for name in names}

    def label(name: str) -> str:
        theme = session.t(f"customer.group.{themes[name]}")
        return f"{theme} · {session.t(FIELDS[name].label)}"

    return Menu(
        "audience",
        {name: FIELDS[name] for name in themes},
        label,
        lambda name: show(field_values, session.selection, field=name),
        value_words,
        "orders",
    )


def part_menu(event: Event) -> Menu:
    """The parts of an event."""
    session = current()
    fields = event.fields
    return Menu(
        f"audience_{event.name}",
        fields,
        lambda name: session.t(fields[name].label),
        lambda name: show(part_values, session.selection, event=event.name, part=name),
        lambda name, value: part_words(fields[name], value, session.language),
        next(iter(fields)),
        "builder.detail",
    )


def condition_row(
    place: int, given: Condition | None, menu: Menu, remove: Callable[[int], None]
) -> Condition | None:
    """Draws the row numbered `place`, beginning with `given`; None while its value is missing."""
    session = current()
    given = _listed(given) if given and given.field in menu.fields else None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        field = _field(place, given, menu, session)
        operator = _operator(place, field, given, menu, session)
        start = given if given and (given.field, given.operator) == (field.name, operator) else None
        key = f"{menu.key}_{place}_{field.name}_{operator}"
        value = _value(key, field, operator, start, menu)
        remove_button(place, remove)
    if value is None and SHAPES[operator] != "none":
        return None
    return Condition(field.name, operator, value)


def remove_button(place: int, remove: Callable[[int], None]) -> None:
    """A small cross that takes out what stands at a place."""
    st.button(
        "",
        key=f"audience_remove_{place}",
        icon=":material/close:",
        type="tertiary",
        help=current().t("audiences.remove"),
        on_click=remove,
        args=(place,),
    )


def _listed(condition: Condition) -> Condition:
    """`is` one value as `in` a list of one, which is how the row asks for texts."""
    if condition.operator not in _AS_LIST:
        return condition
    values = (condition.value,)
    return Condition(condition.field, _AS_LIST[condition.operator], values)  # pyright: ignore


def _field(place: int, given: Condition | None, menu: Menu, session: Session) -> Field:
    names = list(menu.fields)
    start = given.field if given else menu.first
    chosen = st.selectbox(
        session.md(menu.title),
        names,
        index=names.index(start),
        format_func=menu.label,
        key=f"{menu.key}_{place}_field",
        persist_state="session",
        width=290,
    )
    return menu.fields[chosen if chosen in menu.fields else start]


def _operator(
    place: int, field: Field, given: Condition | None, menu: Menu, session: Session
) -> str:
    offered = [code for code in OPERATORS[field.type] if code in field.operators]
    is_same = given is not None and given.field == field.name and given.operator in offered
    chosen = st.selectbox(
        session.md("audiences.operator"),
        offered,
        index=offered.index(given.operator) if given and is_same else 0,
        format_func=lambda code: session.t(f"rules.menu.{_SIGNS.get(code, code)}"),
        key=f"{menu.key}_{place}_{field.name}_operator",
        persist_state="session",
        width=180,
    )
    return chosen if chosen in offered else offered[0]


def _value(key: str, field: Field, operator: str, start: Condition | None, menu: Menu) -> Anything:
    session = current()
    value: Anything = start.value if start else None
    match (SHAPES[operator], field.type):
        case ("none", _):
            return None
        case ("days", _):
            return days_field(key, value or 30, session)
        case ("list", _):
            return _several(key, field, value or (), menu)
        case ("pair", kind):
            one = _number if kind == "number" else _day
            low, high = value or (None, None)
            least: Anything = one(f"{key}_low", field, low, "low", session)
            most: Anything = one(f"{key}_high", field, high, "high", session)
            if least is None or most is None:
                return None
            return (least, most) if least <= most else (most, least)
        case (_, "number"):
            return _number(key, field, value, "value", session)
        case (_, "date"):
            return _day(key, field, value, "value", session)
        case _:
            words = st.text_input(
                session.md("audiences.value"),
                value=value or "",
                key=key,
                max_chars=200,
                persist_state="session",
                width=220,
            )
            return words.strip() or None


def _number(
    key: str, field: Field, value: float | None, name: str, session: Session
) -> float | None:
    """A number; shares are typed as percentages."""
    share = field.unit == "rate"
    label = {"value": "percent", "low": "low_percent", "high": "high_percent"}[name]
    typed = st.number_input(
        session.md(f"audiences.{label if share else name}"),
        value=_typed(value, field),
        min_value=-_HIGHEST,
        max_value=_HIGHEST,
        step=1.0,
        format="%.10g",
        key=key,
        persist_state="session",
        width=150,
    )
    return None if typed is None else round(typed / 100, 6) if share else float(typed)


def _typed(value: float | None, field: Field) -> float | None:
    if value is None:
        return None
    return float(value) * 100 if field.unit == "rate" else float(value)


def _day(key: str, field: Field, value: date | None, name: str, session: Session) -> date | None:
    del field
    return day_field(key, name, value, session)


def day_field(key: str, name: str, start: date | None, session: Session) -> date | None:
    """A day to be typed or picked; None while there is none."""
    typed = st.date_input(
        session.md(f"audiences.{name}"),
        value=start,
        min_value=date(1980, 1, 1),
        max_value=date(2100, 12, 31),
        key=key,
        format="YYYY-MM-DD",
        persist_state="session",
        width=150,
    )
    return typed if isinstance(typed, date) else None


def days_field(
    key: str, start: int, session: Session, label_key: str = "audiences.days"
) -> int | None:
    """A number of days to be typed; None while there is none."""
    typed: int | None = st.number_input(
        session.md(label_key),
        value=start,
        min_value=1,
        max_value=36_500,
        step=1,
        key=key,
        persist_state="session",
        width=150,
    )
    return typed or None


def _several(key: str, field: Field, values: tuple[str, ...], menu: Menu) -> tuple[str, ...] | None:
    """Some of the values the shop has."""
    session = current()
    known = menu.values(field.name)
    chosen = st.multiselect(
        session.md("audiences.values"),
        list(dict.fromkeys((*known, *values))),
        default=list(values),
        format_func=lambda code: menu.word(field.name, code),
        placeholder=session.t("builder.values_hint"),
        select_all=False,  # else Enter after some letters takes all that look alike
        key=key,
        persist_state="session",
        width=320,
    )
    return tuple(chosen) or None
