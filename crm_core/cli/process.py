"""What a command has of the process it runs in: the clock, its signals, the lines it says."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

ENDED = 128 + signal.SIGTERM


def now() -> datetime:
    """The moment it is."""
    return datetime.now(UTC)


def language() -> str:
    """The language messages are worded in."""
    return "zh" if os.environ.get("LANG", "").startswith("zh") else "en"


def user() -> str:
    """Who runs the command, for the log."""
    return os.environ.get("USER", "command line")


def progress(arguments: argparse.Namespace) -> Callable[[str, float], None]:
    """Progress as lines a parent process can read: `progress <step> <share>`."""

    def tell(step: str, share: float) -> None:
        print(f"progress {step} {share:.2f}", file=sys.stderr, flush=True)

    return tell if arguments.progress else lambda step, share: None


def end_in_order() -> None:
    """Lets a polite end of the process clean up: what was being built or copied is removed."""

    def ended(*_: object) -> None:
        raise SystemExit(ENDED)

    signal.signal(signal.SIGTERM, ended)


def document(answer: Mapping[str, Any]) -> str:
    """An answer as one line of JSON."""
    return json.dumps(answer, default=plain, ensure_ascii=False)


def plain(value: object) -> object:
    """What JSON has no word for, as text."""
    return value.isoformat() if isinstance(value, date) else str(value)
