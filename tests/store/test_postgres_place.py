"""The one writer's place of a database is free the moment its writer is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from crm_core.store.postgres_link import AnyConnection, Link
from crm_core.store.postgres_shelf import writer_place

pytestmark = pytest.mark.xdist_group("postgres")


class Lingering(Link):
    """A link whose connections the server has not yet noticed to be closed."""

    @contextmanager
    def connected(self, *, read_only: bool = False) -> Iterator[AnyConnection]:
        made = super().connected(read_only=read_only)
        self.held = made
        yield made.__enter__()


def test_the_next_writer_need_not_wait_until_the_server_sees_a_connection_closed(
    database: str,
) -> None:
    first = Lingering(database)
    with writer_place(first):
        pass
    with writer_place(Link(database)):
        pass
    first.held.__exit__(None, None, None)
