"""Starts the app as a person would, on a free port and with a store of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
#: What a server may hold after every page, to fit a small host.
MOST_MB = 690


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running_app(
    var: Path, log: Path, *, port: int | None = None, secrets: Path | None = None, **env: str
) -> Iterator[str]:
    """The address of a server whose writes go to `var` and whose output goes to `log`."""
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    flags = {"server.address": "127.0.0.1", "server.port": port, "server.fileWatcherType": "none"}
    flags |= {"secrets.files": secrets} if secrets else {}
    command += [f"--{name}={value}" for name, value in flags.items()]
    given = {"CLIENTELE_SINGLE_USER": "1", **os.environ, "CLIENTELE_VAR": str(var), **env}
    with log.open("wb") as out:
        server = subprocess.Popen(command, cwd=ROOT, env=given, stdout=out, stderr=out)
    try:
        url = f"http://127.0.0.1:{port}"
        _await_health(url, server, log)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def resident_mb(url: str) -> float:
    """What the server of this address holds in memory, with what it started."""
    port = int(url.rsplit(":", 1)[1])
    (owner,) = {
        connection.pid
        for connection in psutil.net_connections("tcp")
        if connection.laddr.port == port and connection.status == psutil.CONN_LISTEN
    }
    server = psutil.Process(owner)
    family = [server, *server.children(recursive=True)]
    return sum(process.memory_info().rss for process in family) / 2**20


def _await_health(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"The server ended: {log.read_text(errors='replace')[-2000:]}")
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"No answer in {START_SECONDS} s: {log.read_text(errors='replace')[-2000:]}")
