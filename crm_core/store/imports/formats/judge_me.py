"""Judge.me's review export. Reviews of the shop as a whole (no product) are set aside as such."""

from __future__ import annotations

from crm_core.store.imports.contract import Job
from crm_core.store.imports.formats._mapped import Kind, Mapped, Reading
from crm_core.store.imports.mapping import Mapping

_REVIEWS = Mapping(
    name="judge_me",
    table="reviews",
    columns={
        "product_id": "Product",
        "email": "reviewer_email",
        "reviewed_at": "review_date",
        "stars": "rating",
        "body": "Words",
    },
)


def _reviews(job: Job) -> str:
    """The shop speaks of a product by its handle more often than by the platform's number."""
    del job
    return """
        select *, coalesce(nullif(trim("product_handle"), ''), nullif(trim("product_id"), ''))
                   as "Product",
               nullif(trim(concat_ws(E'\\n', nullif("title", ''), nullif("body", ''))), '') as "Words"
        from file_rows
    """


FORMAT = Mapped(
    "judge_me",
    61,
    (
        Kind(
            "reviews",
            ("title", "body", "rating", "review_date", "reviewer_email"),
            (Reading(_REVIEWS, _reviews, uses=("product_handle", "product_id")),),
        ),
    ),
)
