"""Where a source may be: a database server on a host that the shop's admin named, nothing else.

The address comes from a secret. It is never shown, logged or put into an error: a source is
spoken of by its name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from crm_core.errors import CrmError

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
}
_PORTS = {"postgresql+psycopg": 5432, "mysql+pymysql": 3306}
# What else an address may say. Anything more could name files or another host to the driver.
_OPTIONS = {"sslmode": {"require", "verify-full", "prefer", "disable"}, "charset": {"utf8mb4"}}
_CONNECT_SECONDS = 10


@dataclass(frozen=True)
class SourceAddress:
    """A checked address; `host` is all of it that may be shown."""

    url: URL = field(repr=False)
    host: str

    @property
    def dialect(self) -> str:
        """`postgresql` or `mysql` (which MariaDB speaks)."""
        return self.url.get_backend_name()

    def engine(self) -> Engine:
        """An engine that keeps no connection open; it reads, and has ten seconds to get through."""
        arguments: dict[str, object] = {"connect_timeout": _CONNECT_SECONDS}
        if self.dialect == "mysql":
            arguments |= {"local_infile": False, "init_command": "SET time_zone = '+00:00'"}
        return create_engine(self.url, poolclass=NullPool, connect_args=arguments)


def checked_address(url: str, *, hosts: Iterable[str]) -> SourceAddress:
    """The address of a source, if its host is one of those named by the admin.

    `hosts` are names or addresses, with `:port` where it is not the usual one.
    Raises: CrmError("source_url") for what is no address of a known database server,
    ("source_host") for a host that nobody named.
    """
    try:
        given = make_url(url)
    except ArgumentError:
        raise CrmError("source_url") from None
    driver = _DRIVERS.get(given.drivername)
    if driver is None or not given.host or not given.database or not _plain(given):
        raise CrmError("source_url")
    port = given.port or _PORTS[driver]
    allowed = {_with_port(host, driver) for host in hosts if host.strip()}
    if (given.host.lower(), port) not in allowed:
        raise CrmError("source_host", host=given.host)
    query = {name: given.query[name] for name in given.query}
    if driver == "mysql+pymysql":
        query.setdefault("charset", "utf8mb4")
    return SourceAddress(given.set(drivername=driver, port=port, query=query), given.host)


def _plain(url: URL) -> bool:
    """Whether the address says nothing beyond the few options that are harmless."""
    return all(url.query[name] in _OPTIONS.get(name, set()) for name in url.query)


def _with_port(host: str, driver: str) -> tuple[str, int]:
    """A named host and its port; `[::1]:5432` and `::1` are told apart."""
    text = host.strip().lower()
    if text.startswith("["):
        name, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        name, _, port = text.partition(":")
    else:
        name, port = text, ""
    return name, int(port) if port.isdecimal() else _PORTS[driver]
