"""A sign-in provider of its own: OpenID Connect, as a shop's identity service speaks it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.browser.server import free_port

START_SECONDS = 60


@contextmanager
def running_provider(log: Path, people: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The address of a provider that knows these people, by what they sign in as."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "oidc-provider-mock"), "--port", str(port)]
    for subject, told in people.items():
        command += ["--user-claims", json.dumps({"sub": subject, **told})]
    with log.open("wb") as out:
        provider = subprocess.Popen(command, stdout=out, stderr=out)
    url = f"http://localhost:{port}"
    try:
        _await(f"{url}/.well-known/openid-configuration", provider)
        yield url
    finally:
        provider.terminate()
        provider.wait(10)


def _await(url: str, provider: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and provider.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("The sign-in provider did not start.")


def secrets_file(path: Path, *, provider: str, app_port: int) -> Path:
    """What the app is told of the provider."""
    path.write_text(
        f"""[auth]
redirect_uri = "http://localhost:{app_port}/oauth2callback"
cookie_secret = "{"k" * 40}"
client_id = "clientele"
client_secret = "any"
server_metadata_url = "{provider}/.well-known/openid-configuration"
""",
        encoding="utf-8",
    )
    return path
