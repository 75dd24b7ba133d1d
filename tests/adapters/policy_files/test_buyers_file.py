from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.policy_files.buyers_file import read_buyers, write_buyers
from callrouter.domain.errors import PolicyFileError
from callrouter.domain.health.circuit_breaker import BreakerKeys
from callrouter.domain.tables.directory import Buyer, Destination

WHOLE = """\
[[buyers]]
id = "acme"
name = "Acme Restoration"
zone = "America/New_York"

[[buyers.destinations]]
id = "acme-east"
dial = "+12125550171"

[[buyers.destinations]]
id = "acme-sip"
dial = "sip:intake@pbx.example.com"
enabled = false
note = "Moving house."

[[buyers]]
id = "bolt"
name = "Bolt Solar"
zone = "UTC"

[[buyers.destinations]]
id = "bolt-main"
dial = "+14155550174"
"""


def test_every_buyer_and_destination_is_read() -> None:
    buyers, destinations = read_buyers(WHOLE, "b.toml")
    assert buyers == {
        "acme": Buyer("acme", "Acme Restoration", "America/New_York"),
        "bolt": Buyer("bolt", "Bolt Solar", "UTC"),
    }
    assert destinations == {
        "acme-east": Destination("acme-east", "acme", "+12125550171"),
        "acme-sip": Destination(
            "acme-sip", "acme", "sip:intake@pbx.example.com", enabled=False, note="Moving house."
        ),
        "bolt-main": Destination("bolt-main", "bolt", "+14155550174"),
    }


def test_a_buyer_may_have_no_destination() -> None:
    buyers, destinations = read_buyers(WHOLE[: WHOLE.index("[[buyers.dest")], "b.toml")
    assert list(buyers) == ["acme"]
    assert destinations == {}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            'id = "bolt"',
            'id = "acme"',
            "b.toml:17: buyers[2].id: the same as on line 2; each may stand only once",
            id="a-buyer-twice",
        ),
        pytest.param(
            '"bolt-main"',
            '"acme-sip"',
            "b.toml:22: buyers[2].destinations[1].id: the same as on line 11; "
            "each may stand only once",
            id="a-destination-of-another-buyer",
        ),
        pytest.param(
            '"acme-sip"',
            '"acme-east"',
            "b.toml:11: buyers[1].destinations[2].id: the same as on line 7; "
            "each may stand only once",
            id="a-destination-twice",
        ),
        pytest.param(
            '"bolt-main"',
            '"bolt.main"',
            "b.toml:22: buyers[2].destinations[1].id: must be an id of lower-case letters, digits "
            'and hyphens, at most 60, no dots or spaces, found "bolt.main"; try "bolt-main"',
            id="id-with-a-dot",
        ),
        pytest.param(
            "America/New_York",
            "America/New_Yrok",
            "b.toml:4: buyers[1].zone: must be an IANA time zone, area and city, found "
            '"America/New_Yrok"; did you mean America/New_York?',
            id="misspelt-zone",
        ),
        pytest.param(
            "America/New_York",
            "america/new_york",
            "b.toml:4: buyers[1].zone: must be an IANA time zone, area and city, found "
            '"america/new_york"; did you mean America/New_York?',
            id="zone-in-lower-case",
        ),
        pytest.param(
            "America/New_York",
            "New York",
            "b.toml:4: buyers[1].zone: must be an IANA time zone, area and city, found "
            '"New York"; did you mean America/New_York?',
            id="only-the-city",
        ),
        pytest.param(
            "America/New_York",
            "EST",
            "b.toml:4: buyers[1].zone: must be an IANA time zone, area and city, found "
            '"EST"; did you mean America/New_York?',
            id="zone-without-daylight-saving-time",
        ),
        pytest.param(
            "America/New_York",
            "Mountain",
            "b.toml:4: buyers[1].zone: must be an IANA time zone, area and city, found "
            '"Mountain"; did you mean America/Denver?',
            id="common-word-for-a-zone",
        ),
        pytest.param(
            "America/New_York",
            "../../etc/passwd",
            "b.toml:4: buyers[1].zone: must be an IANA time zone, area and city, found "
            '"../../etc/passwd"',
            id="path-for-a-zone",
        ),
        pytest.param(
            "America/New_York",
            "",
            'b.toml:4: buyers[1].zone: must be an IANA time zone, area and city, found ""',
            id="empty-zone",
        ),
        pytest.param(
            "Bolt Solar",
            "  ",
            'b.toml:18: buyers[2].name: must be a text of 1 to 100 characters, found "  "',
            id="blank-name",
        ),
        pytest.param(
            "Moving house.",
            "x" * 501,
            "b.toml:14: buyers[1].destinations[2].note: must be a text of 0 to 500 characters, "
            "found 501 characters",
            id="endless-note",
        ),
        pytest.param(
            "Moving house.",
            "\\u001b[31mred",
            "b.toml:14: buyers[1].destinations[2].note: has the control character U+001B; "
            "leave it out",
            id="note-that-would-colour-a-terminal",
        ),
        pytest.param(
            "+14155550174",
            "415-555-0174",
            "b.toml:23: buyers[2].destinations[1].dial: "
            "'415-555-0174' isn't E.164: write it like +18005550100",
            id="dial-that-is-not-e164",
        ),
        pytest.param(
            "sip:intake@pbx.example.com",
            "sip:pbx.example.com",
            "b.toml:12: buyers[1].destinations[2].dial: "
            "'sip:pbx.example.com' isn't a SIP address: sip:user@host",
            id="half-a-sip-address",
        ),
        pytest.param(
            "sip:intake@pbx.example.com",
            "sip:in\\u0000take@pbx.example.com",
            "b.toml:12: buyers[1].destinations[2].dial: has the control character U+0000; "
            "leave it out",
            id="nul-in-a-sip-address",
        ),
        pytest.param(
            "sip:intake@pbx.example.com",
            f"sip:{'x' * 300}@pbx.example.com",
            "b.toml:12: buyers[1].destinations[2].dial: must be a number in E.164 or a sip: "
            f'address, at most 255 characters, found "sip:{"x" * 36}…"',
            id="endless-sip-address",
        ),
        pytest.param(
            "enabled = false",
            'enabled = "no"',
            "b.toml:13: buyers[1].destinations[2].enabled: must be true or false, without quotes, "
            'found "no"; leave the quotes out',
            id="enabled-in-quotes",
        ),
        pytest.param(
            "enabled = false",
            "enable = false",
            "b.toml:13: buyers[1].destinations[2].enable: isn't a key of "
            '[[buyers.destinations]]; did you mean "enabled"?',
            id="typo-in-a-key",
        ),
        pytest.param(
            'dial = "+14155550174"',
            "",
            "b.toml:21: buyers[2].destinations[1].dial: is missing; write for example "
            'dial = "+13125550171"',
            id="destination-without-an-address",
        ),
        pytest.param(
            'name = "Bolt Solar"',
            'name = "Bolt Solar"\ndial = "+14155550174"',
            "b.toml:19: buyers[2].dial: isn't a key of [[buyers]]; it belongs to "
            "[[buyers.destinations]]",
            id="key-under-the-wrong-header",
        ),
    ],
)
def test_a_bad_buyers_file_is_refused_with_file_line_key_and_what_was_expected(
    old: str, new: str, expected: str
) -> None:
    assert WHOLE.count(old) == 1
    with pytest.raises(PolicyFileError) as refused:
        read_buyers(WHOLE.replace(old, new), "b.toml")
    assert [str(problem) for problem in refused.value.problems] == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "",
            "b.toml:1: buyers: is missing; write one or more sections headed [[buyers]], "
            "in double brackets",
            id="empty-file",
        ),
        pytest.param(
            '[buyers]\nid = "a"\n',
            "b.toml:1: buyers: must be one or more sections headed [[buyers]], "
            "in double brackets, found a table",
            id="single-brackets",
        ),
        pytest.param(
            '[[buyers]]\nid = "a"\nname = "A"\nzone = "UTC"\ndestinations = "x"\n',
            "b.toml:5: buyers[1].destinations: must be one or more sections headed "
            '[[buyers.destinations]], in double brackets, found "x"',
            id="destinations-that-are-a-text",
        ),
    ],
)
def test_a_buyers_file_of_the_wrong_shape_is_refused(text: str, expected: str) -> None:
    with pytest.raises(PolicyFileError) as refused:
        read_buyers(text, "b.toml")
    assert str(refused.value) == expected


BREAKERS = """\
[[buyers]]
id = "acme"
name = "Acme"
zone = "UTC"
health_url = "https://status.example.com/lines?of=acme"

[buyers.breaker]
cool_down_s = 300

[[buyers.destinations]]
id = "acme-east"
dial = "+12125550171"

[buyers.destinations.breaker]
enabled = false
early_drop_s = 0
"""


def test_a_breaker_and_a_health_url_are_read() -> None:
    buyers, destinations = read_buyers(BREAKERS, "b.toml")

    assert buyers["acme"].health_url == "https://status.example.com/lines?of=acme"
    assert buyers["acme"].breaker == BreakerKeys(cool_down_s=300)
    assert destinations["acme-east"].breaker == BreakerKeys(enabled=False, early_drop_s=0)


def test_an_empty_health_url_asks_nobody() -> None:
    buyers, _ = read_buyers(
        BREAKERS.replace("https://status.example.com/lines?of=acme", ""), "b.toml"
    )
    assert buyers["acme"].health_url == ""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            "cool_down_s = 300",
            "cool_down_s = 5",
            "b.toml:8: buyers[1].breaker.cool_down_s: must be a whole number of seconds from 10 to "
            "604800, found 5",
            id="cool-down-too-short",
        ),
        pytest.param(
            "cool_down_s = 300",
            "cooldown_s = 300",
            "b.toml:8: buyers[1].breaker.cooldown_s: isn't a key of [buyers.breaker]; did you mean "
            '"cool_down_s"?',
            id="typo",
        ),
        pytest.param(
            "enabled = false",
            "carrier_percent = 0",
            "b.toml:15: buyers[1].destinations[1].breaker.carrier_percent: must be a whole number "
            "from 1 to 100, found 0",
            id="a-share-of-nothing",
        ),
        *(
            pytest.param(
                "https://status.example.com/lines?of=acme",
                url,
                "b.toml:5: buyers[1].health_url: must be an http or https address without a "
                f'password, at most 500 characters, found "{url[:40]}{"…" if url[40:] else ""}"',
                id=name,
            )
            for name, url in {
                "another-scheme": "ftp://status.example.com/",
                "a-file": "file:///etc/passwd",
                "no-host": "https:///lines",
                "not-an-address": "status.example.com",
                "a-password": "https://me:secret@status.example.com/",
                "a-port-that-cant-be": "https://status.example.com:99999/",
                "a-host-that-cant-be": "https://[::1/lines",
                "a-blank": "https://status.example.com/a b",
                "endless": "https://status.example.com/" + "x" * 500,
            }.items()
        ),
    ],
)
def test_a_bad_breaker_or_health_url_is_refused(old: str, new: str, expected: str) -> None:
    assert BREAKERS.count(old) == 1
    with pytest.raises(PolicyFileError) as refused:
        read_buyers(BREAKERS.replace(old, new), "b.toml")
    assert [str(problem) for problem in refused.value.problems] == [expected]


_BREAKERS = st.none() | st.builds(
    BreakerKeys,
    enabled=st.none() | st.booleans(),
    minimum_sample=st.none() | st.integers(1, 1000),
    early_drop_s=st.none() | st.integers(0, 300),
)
_SLUGS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)
_TEXTS = st.text(
    alphabet=st.characters(
        codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff"
    ),
    max_size=40,
)
_BUYERS = st.builds(
    Buyer,
    buyer_id=_SLUGS,
    name=_TEXTS.filter(lambda text: text.strip() != ""),
    zone=st.sampled_from(["UTC", "America/Chicago", "Etc/GMT+6", "US/Eastern"]),
    breaker=_BREAKERS,
    health_url=st.sampled_from(["", "http://10.0.0.1:8080/up", "https://a.example/?q=%22"]),
)
_DIALS = st.sampled_from(["+13125550171", "sip:intake@pbx.example.com", "sips:a'b\\c@pbx.example"])


@settings(max_examples=60)
@given(
    st.lists(_BUYERS, min_size=1, max_size=3, unique_by=lambda buyer: buyer.buyer_id),
    st.lists(
        st.tuples(_SLUGS, _DIALS, st.booleans(), _TEXTS, _BREAKERS), unique_by=lambda row: row[0]
    ),
    st.randoms(use_true_random=False),
)
def test_buyers_that_are_written_are_read_back_as_they_were(
    buyers: list[Buyer], rows: list[tuple[str, str, bool, str, BreakerKeys | None]], owners: Random
) -> None:
    by_id = {buyer.buyer_id: buyer for buyer in buyers}
    destinations = {
        slug: Destination(slug, owners.choice(buyers).buyer_id, dial, enabled, note, breaker)
        for slug, dial, enabled, note, breaker in rows
    }
    assert read_buyers(write_buyers(by_id, destinations), "b.toml") == (by_id, destinations)
