"""Debian's MariaDB on a free port of this machine, its files in a folder that goes away."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

_SECONDS = 60


@dataclass(frozen=True)
class MariaDb:
    """A running server: `url` is for a user who may only read database `shop`."""

    url: str
    owner: Engine
    port: int


@contextmanager
def mariadb() -> Iterator[MariaDb]:
    """A server with an empty database `shop`, stopped at the end."""
    folder = Path(tempfile.mkdtemp(prefix="clientele-mariadb-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        options = [f"--datadir={folder / 'data'}", "--user=root", "--no-defaults"]
        made = ["mariadb-install-db", options[2], *options[:2], "--auth-root-authentication-method=normal",
                "--skip-test-db"]  # fmt: skip
        subprocess.run(made, check=True, capture_output=True, timeout=_SECONDS)
        port = _free_port()
        process = subprocess.Popen(
            [_daemon(), "--no-defaults", *options[:2], f"--port={port}", "--bind-address=127.0.0.1",
             f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}",
             "--innodb-buffer-pool-size=16M", "--skip-log-bin"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        owner = create_engine(f"mysql+pymysql://root@127.0.0.1:{port}/mysql?charset=utf8mb4")
        _wait(owner)
        word = secrets.token_hex(8)
        with owner.begin() as connection:
            connection.execute(text("create database shop character set utf8mb4"))
            connection.execute(text(f"create user reader@'127.0.0.1' identified by '{word}'"))
            connection.execute(text("grant select on shop.* to reader@'127.0.0.1'"))
        owner.dispose()
        owner = create_engine(f"mysql+pymysql://root@127.0.0.1:{port}/shop?charset=utf8mb4")
        yield MariaDb(f"mysql://reader:{word}@127.0.0.1:{port}/shop", owner, port)
        owner.dispose()
    finally:
        if process is not None:
            process.terminate()
            process.wait(_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _daemon() -> str:
    return shutil.which("mariadbd") or "/usr/sbin/mariadbd"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(owner: Engine) -> None:
    deadline = time.monotonic() + _SECONDS
    while True:
        try:
            with owner.connect():
                return
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
