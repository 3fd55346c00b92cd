"""The marts of a snapshot whose tables were copied from the one before, less what is to go."""

from __future__ import annotations

from collections.abc import Mapping

from crm_core.pipeline.facts import StoreFacts, build_marts, is_without_orders, leave_empty
from crm_core.pipeline.rules import account_rules, money_rules
from crm_core.records import ShopSettings
from crm_core.store import Build


def marts_anew(build: Build, before: Mapping[str, str], said: ShopSettings) -> None:
    """Makes every mart by what the shop says now, of a store that was `before` (its meta); one
    without orders stays one."""
    if is_without_orders(before):
        leave_empty(build, before, forget=False)
    else:
        facts = StoreFacts.of(before, said.starts_with_shop)
        build_marts(build, facts, money_rules(said, build), account_rules(said))
