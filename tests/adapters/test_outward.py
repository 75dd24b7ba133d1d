import pytest

from callrouter.adapters.outward import find_forbidden


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_what_the_internet_reaches_is_free_to_be_asked(address: str) -> None:
    assert find_forbidden(address, allows_private=False) is None


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.7",
        "::1",
        "::",
        "fd12:3456::1",
        "::ffff:10.1.2.3",
        "64:ff9b::10.1.2.3",
        "2002:a01:203::1",
    ],
)
def test_a_private_address_is_refused_unless_it_is_allowed(address: str) -> None:
    refused = find_forbidden(address, allows_private=False)
    assert refused is not None
    assert "CALLROUTER_PRIVATE_URLS=allow" in refused
    assert find_forbidden(address, allows_private=True) is None


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
    ],
)
@pytest.mark.parametrize("allows_private", [False, True])
def test_link_local_addresses_and_those_of_credentials_are_refused_always(
    address: str, allows_private: bool
) -> None:
    refused = find_forbidden(address, allows_private=allows_private)
    assert refused is not None
    assert "where nothing is sent" in refused
