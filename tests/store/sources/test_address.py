"""Only a database server on a host that the admin named can be asked."""

from __future__ import annotations

import pytest

from crm_core.errors import CrmError
from crm_core.store.sources import checked_address

HOSTS = ("db.shop.example", "127.0.0.1:3307")


def test_a_named_host_is_let_through_and_only_it_is_shown() -> None:
    address = checked_address("mysql://ann:s3cret@db.shop.example/shop", hosts=HOSTS)
    assert (address.host, address.dialect) == ("db.shop.example", "mysql")
    assert "s3cret" not in repr(address)


def test_the_port_belongs_to_the_host() -> None:
    assert checked_address("mariadb://a:b@127.0.0.1:3307/shop", hosts=HOSTS).url.port == 3307
    with pytest.raises(CrmError, match="source_host"):
        checked_address("mysql://a:b@127.0.0.1/shop", hosts=HOSTS)


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "localhost", "db.shop.example.evil.example", "[::1]"]
)
def test_a_host_nobody_named_is_refused_without_its_password(host: str) -> None:
    with pytest.raises(CrmError, match="source_host") as refused:
        checked_address(f"postgresql://ann:s3cret@{host}/shop", hosts=HOSTS)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////etc/passwd",
        "duckdb:///var/shop",
        "postgresql:///shop?host=/var/run/postgresql",
        "postgresql://a:b@db.shop.example/shop?host=10.0.0.1",
        "mysql://a:b@db.shop.example/shop?local_infile=1",
        "mysql://a:b@db.shop.example/shop?read_default_file=/etc/my.cnf",
        "mysql://a:b@db.shop.example",
        "nonsense",
    ],
)
def test_what_is_no_plain_server_address_is_refused(url: str) -> None:
    with pytest.raises(CrmError, match="source_url"):
        checked_address(url, hosts=HOSTS)


def test_without_named_hosts_nothing_can_be_asked() -> None:
    with pytest.raises(CrmError, match="source_host"):
        checked_address("postgresql://a:b@db.shop.example/shop", hosts=())
