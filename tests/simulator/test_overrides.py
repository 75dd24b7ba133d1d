import pytest

from callrouter.simulator.overrides import ConnectionOverrides, read_overrides

URL = "https://calls.example.com/twilio/legs/1?d=acme-east"


def test_without_a_fragment_only_a_failed_connection_is_tried_again_once() -> None:
    overrides = read_overrides(URL)

    assert overrides == ConnectionOverrides(5_000, 15_000, 15_000, 1, frozenset({"ct"}))
    assert overrides.retries_on("ct")
    assert not any(overrides.retries_on(word) for word in ("rt", "4xx", "5xx", "broken"))


def test_every_key_of_a_fragment_is_read() -> None:
    overrides = read_overrides(f"{URL}#ct=2000&rt=4000&rc=2&rp=ct,rt,5xx&tt=10000&sni=y&e=dublin")

    assert overrides == ConnectionOverrides(2_000, 4_000, 10_000, 2, frozenset({"ct", "rt", "5xx"}))
    assert not overrides.retries_on("4xx")


def test_the_policy_all_covers_every_trouble() -> None:
    overrides = read_overrides(f"{URL}#rc=3&rp=all")

    assert all(overrides.retries_on(word) for word in ("ct", "rt", "4xx", "5xx", "broken"))


@pytest.mark.parametrize(
    "fragment",
    [
        "rc=6",
        "rc=-1",
        "rc=",
        "rc=²",
        "ct=99",
        "rt=15001",
        "tt=99999",
        "rp=",
        "rp=6xx",
        "zz=1",
        "sni=maybe",
    ],
)
def test_an_override_out_of_range_is_refused_by_name(fragment: str) -> None:
    with pytest.raises(ValueError, match=fragment.partition("=")[0]):
        read_overrides(f"{URL}#{fragment}")
