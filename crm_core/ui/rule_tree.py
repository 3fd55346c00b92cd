"""The rule being built, as a tree of places on the page: groups, conditions, what was taken out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any as Anything
from typing import Final, Literal, cast

import streamlit as st

from crm_core.audiences import FIELDS
from crm_core.errors import CrmError
from crm_core.rules import (
    Condition,
    Did,
    InAudience,
    InList,
    InOffer,
    Rule,
    from_document,
    to_document,
)

Kind = Literal["group", "field", "did", "part", "then", "listed", "broken"]
JOINTS: Final = ("all", "any", "none")
#: Groups within groups that can be added; deeper ones that were saved are shown and changed too.
MOST_NESTED: Final = 3
#: Each page that builds rules has a tree of its own, its desk.
AUDIENCES: Final = "audience"
_DESK = "_builder_desk"
_LAST = "_audience_last"
_REMOVED = "_shop_condition_removed"
_FIRST = Condition("orders", ">=", 2)
NEXT: Final = Condition("recency_days", ">=", 90)


@dataclass
class Node:
    """A place of the tree. `place` names its fields and is never given again; `given` is what
    they begin with. `parts` are a group's conditions, or the details of an event; `then` is what
    followed it. A broken condition holds its document and why it cannot be asked."""

    place: int
    kind: Kind
    joint: str = "all"
    given: Anything = None
    parts: list[Node] = field(default_factory=list["Node"])
    then: Node | None = None
    error: CrmError | None = None


@dataclass
class _Taken:
    """A condition that was removed, and from where."""

    parent: int
    index: int
    node: Node


def sit_at(desk: str) -> None:
    """Says whose tree is drawn, and changed by what is pressed on this page."""
    st.session_state[_DESK] = desk


def desk() -> str:
    """Whose tree is drawn."""
    return str(st.session_state.get(_DESK, AUDIENCES))


def _tree_key(whose: str) -> str:
    return f"_{whose}_tree"


def tree() -> Node:
    """The tree of this session and desk; a new one asks for two orders."""
    key = _tree_key(desk())
    root = st.session_state.get(key)
    if not isinstance(root, Node):
        root = Node(fresh(), "group", parts=[_leaf(_FIRST)])
        st.session_state[key] = root
    return root


def edit_document(document: Mapping[str, Anything], *, at: str = AUDIENCES) -> None:
    """Puts a rule's document into a desk's builder; what cannot be asked any more is marked."""
    root = _node(document)
    if root.kind != "group":
        root = Node(fresh(), "group", parts=[root])
    st.session_state[_tree_key(at)] = root
    st.session_state.pop(_REMOVED, None)


def edit_rule(rule: Rule) -> None:
    """Puts a rule into the builder, to be changed there."""
    edit_document(to_document(rule))


def fresh() -> int:
    """A place no condition of this session has had, so that its fields begin empty."""
    last = int(st.session_state.get(_LAST, -1)) + 1
    st.session_state[_LAST] = last
    return last


def add(parent: int, node: Node) -> None:
    """Adds a condition, a group or a detail at the end of a group or an event."""
    found = _find(tree(), parent)
    if found is not None:
        found.parts.append(node)


def add_then(parent: int) -> None:
    """Lets an event be followed by another."""
    found = _find(tree(), parent)
    if found is not None:
        found.then = Node(fresh(), "then")


def remove(place: int) -> None:
    """Takes a condition out; it can be brought back."""
    for parent in _all(tree()):
        if parent.then is not None and parent.then.place == place:
            parent.then = None
            return
        for index, part in enumerate(parent.parts):
            if part.place == place:
                st.session_state[_REMOVED] = _Taken(parent.place, index, part)
                del parent.parts[index]
                return


def can_bring_back() -> bool:
    """Whether a condition was taken out last, and where it was is still there."""
    taken = st.session_state.get(_REMOVED)
    return isinstance(taken, _Taken) and _find(tree(), taken.parent) is not None


def bring_back() -> None:
    """Puts the condition that was taken out last where it was."""
    taken = st.session_state.pop(_REMOVED, None)
    parent = _find(tree(), taken.parent) if isinstance(taken, _Taken) else None
    if taken is not None and parent is not None:
        parent.parts.insert(min(taken.index, len(parent.parts)), taken.node)


def new_node(kind: str) -> Node:
    """A condition of a kind as it begins."""
    if kind == "group":
        return Node(fresh(), "group", joint="any", parts=[_leaf(NEXT)])
    if kind == "did":
        return _leaf(Did("purchase"))
    return Node(fresh(), cast("Kind", kind), given=NEXT if kind == "field" else None)


def _all(node: Node) -> Iterator[Node]:
    yield node
    for part in node.parts:
        yield from _all(part)
    if node.then is not None:
        yield from _all(node.then)


def _find(root: Node, place: int) -> Node | None:
    return next((node for node in _all(root) if node.place == place), None)


def _node(document: Mapping[str, Anything]) -> Node:
    """A part of a document as a place; a part that is no rule any more is a broken one."""
    for joint in ("all", "any"):
        if set(document) == {joint} and isinstance(document[joint], list):
            return _group(joint, document[joint])
    if set(document) == {"not"}:
        inner = document["not"]
        if isinstance(inner, dict) and set(inner) == {"any"}:
            return _group("none", cast("dict[str, Anything]", inner)["any"])
        return _group("none", [inner])
    try:
        return _leaf(from_document(dict(document), FIELDS))
    except CrmError as error:
        return Node(fresh(), "broken", given=dict(document), error=error)


def _group(joint: str, parts: list[Anything]) -> Node:
    return Node(fresh(), "group", joint=joint, parts=[_node(part) for part in parts])


def _leaf(rule: Rule) -> Node:
    match rule:
        case Did(where=where, then=then):
            node = Node(fresh(), "did", given=rule, parts=_details(where))
            if then is not None:
                node.then = Node(fresh(), "then", given=then, parts=_details(then.where))
            return node
        case InList() | InAudience() | InOffer():
            return Node(fresh(), "listed", given=rule)
        case _:
            return Node(fresh(), "field", given=rule)


def _details(where: tuple[Condition, ...]) -> list[Node]:
    return [Node(fresh(), "part", given=part) for part in where]
