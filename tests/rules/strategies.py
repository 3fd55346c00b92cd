"""Rules of every shape, for properties."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from crm_core.rules import OPERATORS, SHAPES, All, Any, Condition, Not, Rule
from tests.rules.conftest import FIELDS

_texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
_values = {
    "number": st.one_of(st.integers(-1000, 1000), st.floats(-1e6, 1e6, allow_nan=False)),
    "text": st.one_of(st.sampled_from(["DE", "a_b", "%", "' OR 1=1--", "_"]), _texts),
    "date": st.dates(date(2020, 1, 1), date(2030, 1, 1)),
}


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    field = FIELDS[draw(st.sampled_from(sorted(FIELDS)))]
    operator = draw(st.sampled_from(OPERATORS[field.type]))
    shape = SHAPES[operator]
    if shape == "none":
        return Condition(field.name, operator)
    if shape == "days":
        return Condition(field.name, operator, draw(st.integers(1, 400)))
    value = _values[field.type]
    if shape == "one":
        return Condition(field.name, operator, draw(value))
    if shape == "pair":
        low, high = sorted((draw(value), draw(value)))
        return Condition(field.name, operator, (low, high))
    return Condition(field.name, operator, tuple(draw(st.lists(value, min_size=1, max_size=6))))


def rules() -> st.SearchStrategy[Rule]:
    return st.recursive(
        conditions(),
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(All, st.lists(inner, max_size=3).map(tuple)),
            st.builds(Any, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        ),
        max_leaves=6,
    ).filter(lambda rule: _depth(rule) <= 8)


def _depth(rule: Rule) -> int:
    match rule:
        case Condition():
            return 1
        case Not(part):
            return 1 + _depth(part)
        case All(parts) | Any(parts):
            return 1 + max((_depth(part) for part in parts), default=0)
