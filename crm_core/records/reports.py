"""Reports that were made: of which month and snapshot, with which numbers, to be held against later ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, Index, String, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.records.connection import reading, writing
from crm_core.records.models import Base, RowNumber, UtcTime
from crm_core.records.repository import Repository, checked_moment


class ReportRow(Base):
    """One report: `asked` are its filters as parts of an address, `numbers` metric -> value."""

    __tablename__ = "reports"
    __table_args__ = (Index("reports_by_month", "month"),)

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True)
    month: Mapped[date] = mapped_column(Date)
    asked: Mapped[Any] = mapped_column(JSON)
    snapshot: Mapped[str] = mapped_column(String(120))
    numbers: Mapped[Any] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    user: Mapped[str] = mapped_column(String(320))


@dataclass(frozen=True)
class Reported:
    """A report that was made: `month` is its first day, `asked` its filters, `numbers` what it told."""

    month: date
    asked: Mapping[str, Sequence[str]]
    snapshot: str
    numbers: Mapping[str, float | None]
    made_at: datetime
    user: str


class Reports(Repository):
    """Reports, for saying later what has changed since."""

    def keep_report(self, report: Reported) -> None:
        """Remembers a report that leaves."""
        row: dict[str, Any] = {
            "month": report.month,
            "asked": {name: list(codes) for name, codes in report.asked.items()},
            "snapshot": report.snapshot,
            "numbers": dict(report.numbers),
            "made_at": checked_moment(report.made_at),
            "user": report.user,
        }
        with writing(self._engine) as connection:
            connection.execute(insert(ReportRow).values(**row))

    def reports_of(self, month: date, asked: Mapping[str, Sequence[str]]) -> list[Reported]:
        """The reports of a month under these filters, the latest first."""
        wanted = {name: list(codes) for name, codes in asked.items()}
        mine = select(*ReportRow.__table__.c).where(ReportRow.month == month)
        with reading(self._engine) as connection:
            rows = connection.execute(mine.order_by(ReportRow.id.desc())).all()
        return [
            Reported(row.month, row.asked, row.snapshot, row.numbers, row.made_at, row.user)
            for row in rows
            if row.asked == wanted
        ]
