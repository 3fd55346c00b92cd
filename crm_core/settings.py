"""Where things lie and how much they may use: read once from the environment, then frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crm_core.errors import CrmError

_TRUE = {"1", "true", "yes", "on"}


@dataclass(frozen=True)
class Settings:
    """One process's settings.

    `var` receives every write. `store_url` None means the bundled demo store.
    `single_user` is an explicit choice of whoever starts the server, never inferred.
    `sources` is a TOML file with the addresses of the shop's own databases (secrets);
    `source_hosts` are the only hosts that may be asked. A sign-in lasts `sign_in_hours`;
    `role_claim` is the claim of the sign-in provider that tells a role, in the words that
    `claimed_roles` (each `word=role`) lead to roles. `without_set_aside` opens stores without the
    orders and reviews that were set aside: asked for by a command, never by the environment.
    """

    var: Path
    store_url: str | None = None
    records_url: str | None = None
    single_user: bool = False
    memory_limit_mb: int = 512
    threads: int = 2
    max_upload_mb: int = 50
    sources: Path | None = None
    source_hosts: tuple[str, ...] = ()
    erasure_key: str | None = field(default=None, repr=False)
    sign_in_hours: int = 10
    role_claim: str | None = None
    claimed_roles: tuple[str, ...] = ()
    without_set_aside: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Settings named in the environment, defaults for the rest.

        Raises: CrmError("setting_not_a_number") naming the variable.

        >>> Settings.from_env({"CLIENTELE_SINGLE_USER": "1"}).single_user
        True
        """
        return cls(
            var=Path(env.get("CLIENTELE_VAR") or "var").absolute(),
            store_url=env.get("CLIENTELE_STORE") or None,
            records_url=env.get("CLIENTELE_RECORDS") or None,
            single_user=env.get("CLIENTELE_SINGLE_USER", "").strip().lower() in _TRUE,
            memory_limit_mb=_number(env, "CLIENTELE_MEMORY_MB", cls.memory_limit_mb),
            threads=_number(env, "CLIENTELE_THREADS", cls.threads),
            max_upload_mb=_number(env, "CLIENTELE_MAX_UPLOAD_MB", cls.max_upload_mb),
            sources=Path(env["CLIENTELE_SOURCES"]) if env.get("CLIENTELE_SOURCES") else None,
            erasure_key=env.get("CLIENTELE_ERASURE_KEY") or None,
            source_hosts=_several(env, "CLIENTELE_SOURCE_HOSTS"),
            sign_in_hours=_number(env, "CLIENTELE_SIGN_IN_HOURS", cls.sign_in_hours),
            role_claim=env.get("CLIENTELE_ROLE_CLAIM", "").strip() or None,
            claimed_roles=_several(env, "CLIENTELE_CLAIMED_ROLES"),
        )


def _several(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in env.get(name, "").split(",") if part.strip())


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name, "").strip()
    if not value:
        return default
    if not value.isdigit() or int(value) == 0:
        raise CrmError("setting_not_a_number", name=name)
    return int(value)
