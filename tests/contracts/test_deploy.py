"""What a deploying team copies fits this program: files, settings, commands, ports, sizes."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from streamlit import config as streamlit_config

from crm_core.cli import _parser  # pyright: ignore[reportPrivateUsage]
from crm_core.settings import Settings
from tests.contracts.test_settings import config
from tests.contracts.tree import ROOT, repository_files

DEPLOY = [name for name in repository_files() if name.startswith("deploy/")]
GUIDES = ["docs/guide/deploy.md", "docs/guide/zh/deploy.md", "docs/guide/access.md"]


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def described(name: str) -> Any:
    return yaml.safe_load(text(name))


def steps() -> list[list[str]]:
    """The Dockerfile's instructions, words apart, continued lines joined."""
    joined = text("deploy/Dockerfile").replace("\\\n", " ")
    return [line.split() for line in joined.splitlines() if line and line[0] not in "# "]


def copied() -> list[str]:
    return [word for step in steps() if step[0] == "COPY" for word in step[1:-1]]


class Asked(dict[str, str]):
    """An environment that remembers which names it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.names.add(key)
        return default


def settings_names() -> set[str]:
    asked = Asked()
    Settings.from_env(asked)
    return asked.names


def server_options() -> Mapping[str, str]:
    """Streamlit's options, each with the name it has in the environment."""
    return {
        option.env_var: key for key, option in streamlit_config._config_options_template.items()
    }


def test_the_image_copies_what_the_app_reads_and_no_secret() -> None:
    files = repository_files()
    for name in copied():
        assert any(file == name or file.startswith(f"{name.rstrip('/')}/") for file in files), name
    wanted = {"app.py", "crm_core", "data", "pages", "static", ".streamlit/config.toml"}
    assert wanted <= set(copied())
    assert not {".streamlit", ".", "var"} & set(copied())


def test_the_builder_is_sent_exactly_what_the_image_copies() -> None:
    lines = [line for line in text(".dockerignore").splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    assert sorted(line[1:] for line in lines if line[0] == "!") == sorted(copied())


def test_the_image_has_a_python_the_readme_names_and_only_the_apps_packages() -> None:
    (image,) = [step[1] for step in steps() if step[0] == "FROM"]
    found = re.fullmatch(r"python:3\.(\d+)-slim-\w+", image)
    least = re.search(r"Python 3\.(\d+) or newer", text("README.md"))
    assert found
    assert least
    assert int(found[1]) >= int(least[1])
    installs = re.findall(r"pip install.*", text("deploy/Dockerfile"))
    assert installs == ["pip install --no-cache-dir -r requirements.txt"]
    versions = set(re.findall(r"Python (3\.\d+)", text("docs/guide/deploy.md")))
    assert f"3.{found[1]}" in versions


def test_nobody_runs_the_app_as_root() -> None:
    assert [step[1] for step in steps() if step[0] == "USER"] == ["clientele"]
    assert "User=clientele" in text("deploy/clientele@.service").splitlines()
    app = described("deploy/compose.yaml")["services"]["app"]
    assert app["read_only"] is True
    assert app["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", [*DEPLOY, *GUIDES])
def test_every_variable_is_a_setting(name: str) -> None:
    named = set(re.findall(r"\b(?:CLIENTELE|STREAMLIT)_[A-Z_]+\b", text(name)))
    assert named - settings_names() - set(server_options()) == set()


@pytest.mark.parametrize("name", [*DEPLOY, *GUIDES])
def test_every_option_of_the_server_exists(name: str) -> None:
    named = set(re.findall(r"--((?:server|secrets|browser|logger)\.\w+)", text(name)))
    assert named - set(server_options().values()) == set()


@pytest.mark.parametrize("name", [*DEPLOY, *GUIDES])
def test_every_command_can_be_asked(name: str) -> None:
    """What stands after the program's name, up to the end of the command, is understood."""
    written = text(name).replace("\\\n", " ")
    if name.endswith(".md"):
        written = "\n".join(re.findall(r"^```sh\n(.*?)^```", written, re.MULTILINE | re.DOTALL))
    for line in re.findall(r"(?:python -m crm_core|/bin/clientele) ([a-z].*)", written):
        plain = re.sub(r"\$\([^)]*\)", "1", line)
        command = re.split(r" (?:&&|\|\||\||>|<|#)(?: |$)", plain)[0]
        _parser().parse_args(shlex.split(command))


def test_no_secret_stands_in_the_files() -> None:
    services = described("deploy/compose.yaml")["services"]
    for service in services.values():
        for value in service["environment"].values():
            for secret in re.findall(r"://\w+:([^@]+)@", value):
                assert secret.startswith("${DB_PASSWORD:?")
    assert services["db"]["environment"]["POSTGRES_PASSWORD"].startswith("${DB_PASSWORD:?")
    for name in ("deploy/.env", ".streamlit/secrets.toml"):
        assert not subprocess.run(["git", "check-ignore", "-q", name], cwd=ROOT).returncode


def test_only_this_machine_reaches_the_app_directly() -> None:
    services = described("deploy/compose.yaml")["services"]
    assert [port.split(":")[0] for port in services["app"]["ports"]] == ["127.0.0.1"]
    assert "ports" not in services["db"]
    assert "--server.address 127.0.0.1" in text("deploy/clientele@.service")


def test_the_proxy_keeps_a_browser_at_one_process_and_takes_whole_uploads() -> None:
    proxy = text("deploy/nginx.conf")
    assert "hash $clientele_process consistent;" in proxy
    assert "proxy_set_header Upgrade $http_upgrade;" in proxy
    size = re.search(r"client_max_body_size (\d+)m;", proxy)
    assert size
    assert int(size[1]) > config()["server"]["maxUploadSize"]


def test_the_night_leaves_nobody_in_an_artefact() -> None:
    steps = described("deploy/nightly.yml")["jobs"]["nightly"]["steps"]
    kept = [step["with"]["path"] for step in steps if "upload-artifact" in step.get("uses", "")]
    assert kept == ["${{ runner.temp }}/digest.html"]
    said = [line for step in steps for line in step.get("run", "").splitlines()]
    lists = [
        line for line in said if re.search(r"crm_core (export|predict|campaign|subject)", line)
    ]
    assert lists
    assert [line for line in lists if not line.endswith("> /dev/null")] == []
