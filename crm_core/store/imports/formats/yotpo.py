"""Yotpo's review file, by the columns of its import template.

Source: a converter made for that template, which writes published, review_title, review_content,
review_score, date, product_id, display_name, email, comment_content
(gist.github.com/johanlantz/943a15e9c19d700055dbdb7fa70db060).
"""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_REVIEWS = Mapping(
    name="yotpo",
    table="reviews",
    columns={
        "product_id": "product_id",
        "email": "email",
        "reviewed_at": "date",
        "stars": "review_score",
        "body": "Words",
    },
)


def _reviews(job: Job) -> str:
    del job
    return """
        select *, nullif(trim(concat_ws(E'\\n', nullif("review_title", ''),
                                        nullif("review_content", ''))), '') as "Words"
        from file_rows
    """


FORMAT = Mapped(
    "yotpo",
    62,
    (
        Kind(
            "reviews",
            ("product_id", "review_content", "review_score", "date", "email"),
            (Reading(_REVIEWS, _reviews, uses=("review_title",)),),
        ),
    ),
)
