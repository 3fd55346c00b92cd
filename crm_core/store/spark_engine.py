"""A store that Spark reads: Parquet files that were written out of another, for shops outgrown.

Read-only on purpose: imports, undo and erasure happen where the files came from.
"""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crm_core.errors import CrmError
from crm_core.settings import Settings
from crm_core.store.connection import connect, quoted
from crm_core.store.engines import Deciders, Decisions, Progress, Views
from crm_core.store.folder_engine import mirror_file
from crm_core.store.parquet_folder import CURRENT, FORM, MANIFEST
from crm_core.store.snapshots import Pointer
from crm_core.store.spark_reader import SparkReader, add_files, ddl, spark, understood
from crm_core.store.tables import Store, meta_of
from crm_core.store.write import Change

_LOCAL = "spark-local:///"
_MIRRORED = {"BIGINT": "int64", "VARCHAR": "string", "DATE": "date", "BOOLEAN": "boolean"}


class SparkEngine:
    """`spark-local:///FOLDER`, `spark://MASTER:7077?folder=…` or `sc://HOST:15002?folder=…`.

    The folder is read by the master's workers, or by the server of `sc://`.
    """

    def __init__(self, url: str, settings: Settings) -> None:
        self._master, self._place = _parts(url)
        self._settings = settings
        self._session_made: Any = None
        self._guard = threading.Lock()
        digest = hashlib.sha256(self._place.encode()).hexdigest()[:16]
        self._name = f"clientele_{digest}"
        self.folder = settings.var / "workshops" / digest
        self.shown = url.split("?")[0].split(";")[0]
        self.records_url = f"sqlite:///{self.folder.absolute() / 'records.sqlite'}"

    def pointer(self) -> Pointer:
        """The current version of the folder; scores are part of it."""
        version = self._version()
        return Pointer(version, version)

    def version(self) -> int | None:
        """The schema version the files were written by."""
        version = self._version()
        return int(self._manifest(version)["facts"]["schema_version"]) if version else None

    def open(self, decisions: Decisions | None = None) -> Store:
        """The current version's files as views of a session."""
        version = self._version()
        if version is None:
            raise CrmError("store_empty")
        told = self._manifest(version)
        session = self._session()
        prefix = f"{self._name}_{version}"
        views = add_files(session, prefix, f"{self._place}/{version}", told["tables"])
        revision = {}
        if decisions:
            more, revision = _decided(session, prefix, Path(decisions))
            views |= more
        return Store(
            SparkReader(session, views),
            meta_of(told["facts"], version),
            scores_snapshot=version if told["scores"] else None,
            scores={**told["scores"], "facts": version} if told["scores"] else None,
            decisions=revision,
        )

    def facts_file(self) -> Path:
        """Nothing is made of what lies in Spark."""
        raise CrmError("store_read_only_engine")

    def writing(
        self, *, views: Views | None = None, progress: Progress | None = None
    ) -> AbstractContextManager[Change]:
        """Nothing is written by way of Spark."""
        raise CrmError("store_read_only_engine")

    def mirrored(self, records: Deciders, folder: Path) -> Decisions:
        """A small file here, whose rows are handed to the session."""
        return mirror_file(records, folder)

    def forget_mirrors(self, folder: Path) -> None:
        """Nobody is erased by way of Spark."""
        raise CrmError("store_read_only_engine")

    def pending(self) -> bool:
        """Nothing was ever begun here."""
        return False

    def set_pending(self, pending: bool) -> None:
        """Nothing is written by way of Spark."""
        raise CrmError("store_read_only_engine")

    def _version(self) -> str | None:
        try:
            return str(self._document(CURRENT)["version"])
        except CrmError as error:
            if error.code != "store_moved_on":
                raise
            return None

    def _manifest(self, version: str) -> dict[str, Any]:
        told = self._document(f"{version}/{MANIFEST}")
        if told.get("form") != FORM:
            raise CrmError("store_version", found=told.get("form"), needed=FORM)
        return told

    def _document(self, name: str) -> dict[str, Any]:
        """A small file of the folder: read here where this machine sees it, else by Spark."""
        here = Path(self._place) / name
        try:
            if here.parent.is_dir():
                text = here.read_text(encoding="utf-8")
            else:
                with understood():
                    rows = self._session().read.text(f"{self._place}/{name}", wholetext=True)
                    text = rows.first()[0]
            return json.loads(text)
        except FileNotFoundError:
            raise CrmError("store_moved_on") from None
        except (ValueError, KeyError, OSError):
            raise CrmError("store_damaged", file=name) from None

    def _session(self) -> Any:
        with self._guard:
            if self._session_made is None:
                builder = spark().SparkSession.builder.appName("clientele")
                with understood():
                    self._session_made = _started(builder, self._master, self._settings)
            return self._session_made


def _started(builder: Any, master: str, settings: Settings) -> Any:
    if master.startswith("sc://"):
        session = builder.remote(master).getOrCreate()
        session.conf.set("spark.sql.session.timeZone", "UTC")
        return session
    builder = builder.master(master or f"local[{settings.threads}]")
    chosen = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.driver.memory": f"{max(settings.memory_limit_mb, 1024)}m",
        "spark.sql.shuffle.partitions": str(settings.threads * 4),
        "spark.log.level": "ERROR",
    }
    if not master:
        chosen |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    for name, value in chosen.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _parts(url: str) -> tuple[str, str]:
    """The master (empty for this machine) and the folder.

    Raises: CrmError("store_url").

    >>> _parts("spark://master:7077?folder=/srv/shop")
    ('spark://master:7077', '/srv/shop')
    >>> _parts("spark-local:////srv/shop")
    ('', '/srv/shop')
    """
    if url.startswith(_LOCAL):
        folder = url.removeprefix(_LOCAL)
        if not folder:
            raise CrmError("store_url", scheme="spark-local")
        return "", str(Path(folder).absolute())
    scheme, netloc, path, query, _ = urlsplit(url)
    told = dict(parse_qsl(query))
    folder = told.pop("folder", "")
    if not folder or not netloc:
        raise CrmError("store_url", scheme=scheme)
    return urlunsplit((scheme, netloc, path, urlencode(told), "")), folder.rstrip("/")


def _decided(
    session: Any, prefix: str, mirror: Path
) -> tuple[dict[str, tuple[str, dict[str, str]]], dict[str, str]]:
    """Views over the rows of a mirror of decisions, and what it says of itself."""
    views: dict[str, tuple[str, dict[str, str]]] = {}
    with closing(connect()) as root:
        root.execute(f"ATTACH {quoted(str(mirror))} AS decisions (READ_ONLY)")
        pairs = dict(root.execute("SELECT key, value FROM decisions.main.meta").fetchall())
        names = root.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'decisions' "
            "AND table_name <> 'meta'"
        ).fetchall()
        for (name,) in names:
            described = root.execute(f"DESCRIBE decisions.main.{name}").fetchall()
            columns = {str(row[0]): _MIRRORED[str(row[1])] for row in described}
            rows = root.execute(f"SELECT * FROM decisions.main.{name}").to_arrow_table()
            view = f"{prefix}_{pairs['revision']}_{name}"
            with understood():
                decided = session.createDataFrame(rows, ddl(columns))  # an empty one says no kinds
                decided.createOrReplaceTempView(view)
            views[name] = (view, columns)
    if beside := pairs.get("members"):
        views |= _decided(session, f"{prefix}_members", mirror.with_name(beside))[0]
    return views, pairs
