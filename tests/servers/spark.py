"""Spark as others run it: a master with two workers, or a server for Spark Connect."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

_SECONDS = 120
_BIN = Path(pyspark.__file__).parent / "bin"
_LOCAL = "127.0.0.1"


@contextmanager
def cluster(logs: Path) -> Iterator[str]:
    """The address of a master with two workers of one core each."""
    port = _free_port()
    address = f"spark://{_LOCAL}:{port}"
    master = ("--host", _LOCAL, "--port", str(port), "--webui-port", "0")
    worker = ("--host", _LOCAL, "--cores", "1", "--memory", "1g", "--webui-port", "0", address)
    with ExitStack() as running:
        running.enter_context(_class(logs, "master", "master.Master", *master))
        _wait_for(port)
        for number in (1, 2):
            more = ("--work-dir", str(logs / f"work{number}"), *worker)
            running.enter_context(_class(logs, f"worker{number}", "worker.Worker", *more))
        _wait_until(lambda: (logs / "master.log").read_text().count("Registering worker") == 2)
        yield address


@contextmanager
def connect_server(logs: Path) -> Iterator[str]:
    """The address of a Spark Connect server."""
    port = _free_port()
    submit = (
        str(_BIN / "spark-submit"),
        "--class",
        "org.apache.spark.sql.connect.service.SparkConnectServer",
        *("--master", "local[2]", "--conf", f"spark.connect.grpc.binding.port={port}"),
        *("--conf", f"spark.connect.grpc.binding.address={_LOCAL}"),
        *("--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=4"),
        "spark-internal",
    )
    with _running(logs, "connect", submit):
        _wait_for(port)
        yield f"sc://{_LOCAL}:{port}"


@contextmanager
def _class(logs: Path, name: str, kind: str, *more: str) -> Iterator[None]:
    with _running(
        logs, name, (str(_BIN / "spark-class"), f"org.apache.spark.deploy.{kind}", *more)
    ):
        yield


@contextmanager
def _running(logs: Path, name: str, command: tuple[str, ...]) -> Iterator[None]:
    environment = {**os.environ, "SPARK_LOCAL_IP": _LOCAL, "SPARK_NO_DAEMONIZE": "1"}
    with (logs / f"{name}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            yield
        finally:
            process.terminate()
            process.wait(_SECONDS)


def _wait_for(port: int) -> None:
    def answers() -> bool:
        with socket.socket() as asking:
            return asking.connect_ex((_LOCAL, port)) == 0

    _wait_until(answers)


def _wait_until(ready: object) -> None:
    assert callable(ready)
    deadline = time.monotonic() + _SECONDS
    while not ready():
        assert time.monotonic() < deadline, "Spark did not start"
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((_LOCAL, 0))
        return int(free.getsockname()[1])
