"""Run by `killing.Warm`: loads the program, then forks once for each job that it is told."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any

# What a command loads only when it needs it.
_LATE = (
    "crm_core.store.folder_engine",
    "crm_core.store.postgres_engine",
    "sqlalchemy.dialects.postgresql.psycopg",
    "ibis.backends.sql.compilers.duckdb",
    "ibis.backends.sql.compilers.postgres",
)


def main() -> None:
    """A job is a line of JSON. Answers its process's number; on the next line, how it ended."""
    for name in ("crm_core.cli", *_LATE):
        importlib.import_module(name)
    for told in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os._exit(_run(json.loads(told)))
        print(pid, flush=True)
        sys.stdin.readline()  # not waited for before, so that the number stays its own
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _run(job: dict[str, Any]) -> int:
    from crm_core.cli import main as command

    os.environ.update(job["environment"])
    said = os.open(job["said"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    return command(job["arguments"])


if __name__ == "__main__":
    main()
