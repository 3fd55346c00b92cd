"""The base of the platforms' formats: files known by their column names, read by mappings.

A platform is a `Mapped` with one `Kind` for each file it exports. A kind has one or more
`Reading`s (a mapping and, where rows must first be rewritten, SQL); its mapping is a bundled TOML
file or made in Python.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from crm_core.store.imports.contract import Facts, Job, Part, SourceFile
from crm_core.store.imports.header import spelt_as, text_of
from crm_core.store.imports.mapped_file import Reading, stage_file
from crm_core.store.imports.order_tables import link_returns, open_returns
from crm_core.store.imports.staging import name as identifier
from crm_core.store.imports.textfile import TextFile

__all__ = ["Kind", "Mapped", "Reading"]


@dataclass(frozen=True)
class Kind:
    """One file of a platform: `fingerprint` are columns that its header must have.

    `without` are columns it must not have (those of a richer file of the same platform).
    `keep`: its rows, with `columns` by name, stay in the temporary table `kept_<name>` (empty
    when no such file was given) for the readings of later kinds. A kind without readings is only
    kept: a list beside the others.
    """

    name: str
    fingerprint: tuple[str, ...]
    readings: tuple[Reading, ...] = ()
    keep: bool = False
    columns: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def knows(self, header: tuple[str, ...]) -> bool:
        """Whether a header is that of this kind, whatever its case and its order."""
        seen = {column.casefold() for column in header}
        return all(column.casefold() in seen for column in self.fingerprint) and not any(
            column.casefold() in seen for column in self.without
        )

    @property
    def known(self) -> tuple[str, ...]:
        """Every column the kind speaks of."""
        told = [*self.fingerprint, *self.columns]
        for reading in self.readings:
            told += [*reading.mapping.columns.values(), *reading.mapping.id_columns, *reading.uses]
        return tuple(dict.fromkeys(told))


@dataclass(frozen=True)
class Mapped:
    """A platform's format. Kinds are staged in their order: what is joined later comes first."""

    name: str
    rank: int
    kinds: tuple[Kind, ...]
    told: Facts = field(default_factory=Facts)
    has_repeats: bool = True

    def facts(self, part: Part) -> Facts:
        """What the platform is known for, else what the mappings of the part's files say."""
        said = [self.told]
        for text in part.texts:
            kind = self._kind(text)
            said += [
                Facts(r.mapping.currency, r.mapping.timezone, r.mapping.starts_with_shop)
                for r in (kind.readings if kind else ())
            ]
        return Facts(
            next((each.currency for each in said if each.currency), None),
            next((each.timezone for each in said if each.timezone), None),
            next((e.starts_with_shop for e in said if e.starts_with_shop is not None), None),
        )

    def claim(self, files: tuple[SourceFile, ...]) -> tuple[Part, ...]:
        """All the platform's files as one part, in the order of their kinds."""
        seen = [text for text in map(text_of, files) if text is not None]
        texts = tuple(
            spelt_as(text, kind.known)
            for kind in self.kinds
            for text in seen
            if self._kind(text) is kind
        )
        if not any(self._kind_of(text).readings for text in texts):
            return ()
        return (Part(self.name, tuple(text.source for text in texts), texts),)

    def stage(self, job: Job, part: Part) -> None:
        """Every file by the readings of its kind."""
        open_returns(job)
        for kind in self.kinds:
            if kind.keep:
                columns = ", ".join(f"{identifier(each)} varchar" for each in kind.known)
                job.con.execute(
                    f"create or replace temp table kept_{kind.name} (source_row bigint, {columns})"
                )
        for place, text in enumerate(part.texts):
            kind = self._kind_of(text)
            stage_file(
                job,
                text,
                kind.readings,
                job.first_file + place,
                keep=f"kept_{kind.name}" if kind.keep else "",
                columns=kind.known,
            )
            job.progress("stage", (place + 1) / len(part.texts))
        link_returns(job)
        for kind in self.kinds:
            if kind.keep:
                job.con.execute(f"drop table kept_{kind.name}")

    def _kind(self, text: TextFile) -> Kind | None:
        return next((kind for kind in self.kinds if kind.knows(text.header)), None)

    def _kind_of(self, text: TextFile) -> Kind:
        kind = self._kind(text)
        if kind is None:
            raise LookupError(text.source.name)
        return kind
