"""What is held here of people, table by table: why, from where, for how long, who may see it.

Told by the schema and by the tables there are, so that none can be forgotten on the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm_core.pipeline.imports import batches
from crm_core.privacy.policy import POLICY, Access, Role, allowed, treatment
from crm_core.records.held import OF_CUSTOMERS, OF_STAFF, RECORDS
from crm_core.records.held import personal_columns as columns_of_records
from crm_core.schema import MARTS, SCORES
from crm_core.schema.held import CUSTOMER, LEADS, STORE, WORKED_OUT, Held, personal_columns
from crm_core.selection import Selection
from crm_core.store import Store
from crm_core.store.batches import Batch


@dataclass(frozen=True)
class HeldTable:
    """A table: what in it is about people (codes, each once), and how many rows it has; `tables`
    is how many it stands for. `roles` see it in clear."""

    name: str
    told: Held
    reveals: tuple[str, ...]
    roles: tuple[Role, ...]
    rows: int = 0
    tables: int = 1


@dataclass(frozen=True)
class Privacy:
    """What the store holds of people, and the imports whose originals may still be kept."""

    store: tuple[HeldTable, ...]
    log: tuple[Batch, ...]


def privacy(selection: Selection, *, store: Store, access: Access) -> Privacy:
    """Counts every table of the store that is about people and holds rows. Names nobody."""
    del selection, access
    found = [
        HeldTable(name, told, _reveals(personal_columns(name)), roles_of(told), _count(store, name))
        for name, told in STORE.items()
        if store.has(_stored(name))
    ]
    worked = [name for name in (*MARTS, *SCORES) if store.has(name) and is_of_people(store, name)]
    found.append(
        HeldTable(
            "worked_out", WORKED_OUT, ("customer",), roles_of(WORKED_OUT),
            _count(store, "customer_facts"), len(worked),
        )
    )  # fmt: skip
    return Privacy(tuple(each for each in found if each.rows), _log(store))


def held_in_records(rows: Mapping[str, int]) -> tuple[list[HeldTable], list[HeldTable]]:
    """What was decided about customers, and what names people who work here alone; `rows` are how
    many each table has. Tables without a row are left out."""
    held = {
        name: HeldTable(name, told, _reveals(columns_of_records(name)), roles_of(told), rows[name])
        for name, told in RECORDS.items()
        if rows.get(name)
    }
    return [held[n] for n in OF_CUSTOMERS if n in held], [held[n] for n in OF_STAFF if n in held]


def is_of_people(store: Store, name: str) -> bool:
    """Whether a table that was worked out is about single customers."""
    return bool({CUSTOMER, *LEADS} & set(store.table(name).columns))


def roles_of(told: Held) -> tuple[Role, ...]:
    """The roles that see such a table in clear, as the policy decides it."""
    if not told.seen:
        return ()
    found: list[Role] = []
    for role in POLICY:
        access = Access(role, role)
        clear = told.seen != "view" or treatment(access, "view", "name") == "clear"
        if role != "single_user" and clear and allowed(access, told.seen):
            found.append(role)
    return tuple(found)


def _reveals(columns: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(columns.values()))


def _stored(table: str) -> str:
    return "imported_consents" if table == "consents" else table


def _count(store: Store, table: str) -> int:
    expr = store.table(_stored(table))
    return int(store.fetch(expr.agg(rows=expr.count()))["rows"].iloc[0])


def _log(store: Store) -> tuple[Batch, ...]:
    return tuple(
        Batch(
            int(batch["batch_id"]),
            batch["imported_at"].to_pydatetime(),
            batch["files"],
            batch["format"],
            {"files": batch["report"].get("files", [])},
            undone_at=batch["undone_at"],
        )
        for batch in batches(store)
    )
