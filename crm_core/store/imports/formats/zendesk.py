"""Zendesk's ticket export: a row a ticket, with the time to the first reply and the rating.

Source: Zendesk help, columns of a CSV view export.
"""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_TICKETS = Mapping(
    name="zendesk_tickets",
    table="contacts",
    date_order="ymd",
    decimal="dot",
    columns={
        "contact_id": "Id",
        "email": "Requester email",
        "occurred_at": "Created at",
        "contact_channel": "Channel",
        "topic": "Topic",
        "reply_minutes": "First reply time in minutes",
        "resolved": "Solved",
        "resolved_minutes": "Full resolution time in minutes",
        "reopened": "Again",
        "agent": "Assignee",
        "message": "Subject",
        "rating": "Stars",
    },
    constants={"direction": "in"},
)
_USES = (
    "Via",
    "Ticket type",
    "Tags",
    "Status",
    "Satisfaction Score",
    "First reply time in minutes",
    "Full resolution time in minutes",
    "Reopens",
    "Assignee",
)


def _tickets(job: Job) -> str:
    """A rating is good or bad: five stars or one. Of customers' words only the subject is read."""
    del job
    return """
        select *, case lower(trim("Via")) when 'mail' then 'email' when 'web form' then 'web'
                       when 'phone call (incoming)' then 'phone' when 'web service (api)' then 'web'
                       else lower(trim("Via")) end as "Channel",
               coalesce(nullif(nullif(trim("Ticket type"), ''), '-'),
                        nullif(split_part(trim("Tags"), ' ', 1), '')) as "Topic",
               case when lower("Status") in ('solved', 'closed') then 'yes' else 'no' end
                   as "Solved",
               case when try_cast("Reopens" as double) > 0 then 'yes'
                    when try_cast("Reopens" as double) = 0 then 'no' end as "Again",
               case lower(trim("Satisfaction Score")) when 'good' then '5' when 'bad' then '1' end
                   as "Stars"
        from file_rows
    """


FORMAT = Mapped(
    "zendesk",
    60,
    (
        Kind(
            "tickets",
            ("Id", "Requester", "Requester email", "Created at", "Status"),
            (Reading(_TICKETS, _tickets, uses=_USES),),
        ),
    ),
)
