"""Gorgias' tickets as its programming interface gives them: one JSON object a ticket.

Source: the ticket object at developers.gorgias.com/reference/the-ticket-object. Times are UTC.
Of what customers wrote only the subject is read, spam is left out.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_TICKETS = Mapping(
    name="gorgias_tickets",
    table="contacts",
    date_order="ymd",
    decimal="dot",
    columns={
        "contact_id": "id",
        "email": "customer.email",
        "occurred_at": "Opened",
        "contact_channel": "channel",
        "direction": "Direction",
        "resolved": "Solved",
        "resolved_minutes": "Open minutes",
        "agent": "assignee_user.name",
        "message": "subject",
        "rating": "satisfaction_survey.score",
    },
)


def _tickets(job: Job) -> str:
    del job
    return """
        select *, case when regexp_matches("created_datetime", '(Z|[+-]\\d{2}:?\\d{2})$')
                       then "created_datetime" else "created_datetime" || 'Z' end as "Opened",
               case when lower("from_agent") = 'true' then 'out' else 'in' end as "Direction",
               case when lower("status") = 'closed' then 'yes' else 'no' end as "Solved",
               case when lower("status") = 'closed' then
                   date_diff('minute', try_cast(left("created_datetime", 19) as timestamp),
                             try_cast(left("closed_datetime", 19) as timestamp))
               end as "Open minutes"
        from file_rows where lower(coalesce("spam", '')) <> 'true'
    """


FORMAT = Mapped(
    "gorgias",
    61,
    (
        Kind(
            "tickets",
            ("id", "channel", "status", "created_datetime", "customer.email"),
            (
                Reading(
                    _TICKETS,
                    _tickets,
                    uses=("created_datetime", "closed_datetime", "from_agent", "status", "spam"),
                ),
            ),
        ),
    ),
)
