"""What people agreed to, from files that often do not say when.

Unknown means no, so a doubt may only ever take a consent away: a grant without a moment is put
at the beginning of time, where every denial comes after it; a denial without one is put at the
moment of the import. The merge drops such a denial when it is known already (`undated`).
"""

from __future__ import annotations

from crm_core.schema import PERSON
from crm_core.store.imports.contract import Job
from crm_core.store.imports.staging import add, quote

_NEVER = "timestamp '1970-01-01'"
_UNSAID = "import"  # the source of a consent whose file has no name of its own


def settle_undated(job: Job, mapping: str) -> dict[str, str]:
    """SQL for the columns of a consent row whose `at` and `source` may be unknown."""
    return {
        "at": f"""coalesce("at", case state when 'granted' then {_NEVER} else {_now(job)} end)""",
        "undated": '"at" is null',
        "source": f"coalesce(source, {quote(mapping or _UNSAID)})",
    }


def add_consents(job: Job, select: str, mapping: str) -> None:
    """Stage marketing consents out of rows with the person, contact_channel, agreed and said_at.

    Rows that do not say yes or no, or name nobody, say nothing.
    """
    person = ", ".join(PERSON)
    add(
        job,
        "consents",
        f"""
        select {person}, contact_channel, 'marketing' as purpose,
               case when agreed then 'granted' else 'denied' end as state,
               coalesce(said_at, case when agreed then {_NEVER} else {_now(job)} end) as "at",
               said_at is null as undated, {quote(mapping or _UNSAID)} as source,
               source_row, source_file
        from ({select}) where agreed is not null and coalesce({person}) is not null
        """,
    )


def _now(job: Job) -> str:
    return f"timestamp '{job.now.replace(tzinfo=None)}'"
