"""The rule builder: groups in cards within cards, each condition a row, and how they join."""

from __future__ import annotations

import streamlit as st

from crm_core.privacy.escape import md_escape
from crm_core.rules import All, Any, InAudience, InList, InOffer, Not, Rule
from crm_core.text import error_text
from crm_core.ui.behaviour_card import behaviour_card
from crm_core.ui.condition_row import condition_row, field_menu, remove_button
from crm_core.ui.rule_tree import (
    AUDIENCES,
    JOINTS,
    MOST_NESTED,
    Node,
    add,
    bring_back,
    can_bring_back,
    desk,
    new_node,
    remove,
    sit_at,
    tree,
)
from crm_core.ui.session import Session, current
from crm_core.ui.words import note

_ADD = ("field", "did", "listed", "group")


def built_rule(at: str = AUDIENCES) -> Rule | None:
    """Draws a desk's tree and returns the rule it says; None while it is incomplete."""
    sit_at(at)
    root = tree()
    rule = _group(root, 1)
    if can_bring_back():
        st.button(
            current().md("builder.bring_back"),
            key="builder_bring_back",
            icon=":material/undo:",
            type="tertiary",
            on_click=bring_back,
        )
    if rule is None:
        note("audiences.incomplete")
    return rule


def _group(node: Node, depth: int) -> Rule | None:
    """A group with its conditions; an empty one within another is not complete."""
    session = current()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        node.joint = _joint(node, session)
        if depth > 1:
            remove_button(node.place, remove)
    made = [_part(part, depth) for part in node.parts]
    with st.container(horizontal=True, gap="small"):
        for kind in _ADD:
            if kind == "group" and depth > MOST_NESTED:
                continue
            st.button(
                session.md(f"builder.add.{kind}"),
                key=f"audience_add_{kind}_{node.place}",
                icon=":material/add:",
                type="tertiary",
                on_click=lambda kind=kind: add(node.place, new_node(kind)),
            )
    parts = tuple(rule for rule in made if rule is not None)
    if len(parts) < len(made) or (depth > 1 and not parts):
        return None
    if node.joint == "all" or not parts:
        return All(parts)
    return Any(parts) if node.joint == "any" else Not(Any(parts))


def _joint(node: Node, session: Session) -> str:
    key = f"audience_joint_{node.place}"
    chosen = st.segmented_control(
        session.md("audiences.match"),
        JOINTS,
        default=node.joint,
        required=True,
        format_func=lambda code: session.t(f"audiences.joint.{code}"),
        key=key,
        persist_state="session",
    )
    return chosen or node.joint


def _part(node: Node, depth: int) -> Rule | None:
    if node.kind == "group":
        with st.container(border=True, key=f"audience_group_{node.place}"):
            return _group(node, depth + 1)
    if node.kind == "did":
        return behaviour_card(node)
    if node.kind == "listed":
        return _listed(node)
    if node.kind == "broken":
        return _broken(node)
    return condition_row(node.place, node.given, field_menu(), remove)


def _listed(node: Node) -> Rule | None:
    """In a list or an audience, or given by an offer rule: one menu of all."""
    session = current()
    choices: dict[str, tuple[Rule, str]] = {}
    for audience in session.records.audiences():
        words = session.t("builder.audience_named", name=audience.name)
        choices[f"audience:{audience.id}"] = InAudience(audience.id), words
    for kept in session.records.id_lists():
        words = session.t("builder.list_named", name=kept.name)
        choices[f"list:{kept.id}"] = InList(kept.id), words
    # An offer rule cannot ask who gets an offer.
    for offer in session.records.offer_book().rules if desk() == AUDIENCES else ():
        words = session.t("builder.offer_named", name=offer.name)
        choices[f"offer:{offer.id}"] = InOffer(offer.id), words
    codes = list(choices)
    start = next((code for code in codes if choices[code][0] == node.given), None)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        chosen = st.selectbox(
            session.md("builder.listed"),
            codes,
            index=codes.index(start) if start else None,
            format_func=lambda code: choices[code][1],
            key=f"audience_{node.place}_listed",
            placeholder=session.t("builder.listed_hint" if codes else "builder.listed_none"),
            persist_state="session",
            width=400,
        )
        remove_button(node.place, remove)
    return choices[chosen][0] if chosen in choices else None


def _broken(node: Node) -> None:
    """A condition that cannot be asked any more: why, and the way to take it out."""
    session = current()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if node.error is not None:
            words = md_escape(error_text(node.error, session.language))
            st.warning(session.md("builder.broken") + " " + words, icon=":material/warning:")
        remove_button(node.place, remove)
