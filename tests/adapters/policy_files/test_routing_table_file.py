import pytest
from hypothesis import given
from hypothesis import strategies as st

from callrouter.adapters.policy_files.document import LARGEST_FILE_BYTES
from callrouter.adapters.policy_files.routing_table_file import read_table
from callrouter.adapters.policy_files.table_sections import RouteSection, RoutingTableFile
from callrouter.domain.errors import FileProblem, PolicyFileError
from callrouter.domain.tables.routing_table import (
    AdvertisedNumber,
    LastResort,
    Limits,
    NobodyLeft,
    Route,
    RoutingTable,
    Screening,
    WithheldCallers,
)

WHOLE = """\
campaign = "flood-repair"
withheld_callers = "refuse"
language = "es-MX"

[limits]
attempts = 3
ring_s = 75
call_s = 7200

[[dids]]
number = "+18005550100"
publisher = "radio-kx"

[[dids]]
number = "+18005550101"

[[routes]]
destination = "acme-east"
priority = 1
weight = 3
ring_s = 20
whisper = "Flood repair call."

[[routes]]
destination = "crest-desk"
priority = 2
screening = "Press 1."

[nobody_left]
say = "All busy."
overflow = "night-desk"
overflow_ring_s = 40
"""


def problems_of(text: str) -> list[str]:
    with pytest.raises(PolicyFileError) as refused:
        read_table(text, "t.toml")
    assert str(refused.value) == "\n".join(str(problem) for problem in refused.value.problems)
    return [str(problem) for problem in refused.value.problems]


def changed(*changes: tuple[str, str]) -> str:
    text = WHOLE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_every_key_of_a_table_is_read() -> None:
    assert read_table(WHOLE, "t.toml", version=7) == RoutingTable(
        campaign_id="flood-repair",
        numbers=(AdvertisedNumber("+18005550100", "radio-kx"), AdvertisedNumber("+18005550101")),
        routes=(
            Route("acme-east", priority=1, weight=3, ring_s=20, whisper="Flood repair call."),
            Route("crest-desk", priority=2, screening=Screening("Press 1.")),
        ),
        version=7,
        limits=Limits(attempts=3, ring_s=75, call_s=7200),
        nobody_left=NobodyLeft(
            LastResort.OVERFLOW,
            say="All busy.",
            overflow_destination_id="night-desk",
            overflow_ring_s=40,
        ),
        withheld_callers=WithheldCallers.REFUSE,
        language="es-MX",
    )


def test_what_a_table_leaves_out_is_the_domain_s_own_default() -> None:
    text = """
        campaign = "a"
        dids = [{ number = "+18005550100", publisher = "" }]
        routes = [{ destination = "b" }]
    """
    assert read_table(text, "t.toml") == RoutingTable(
        campaign_id="a", numbers=(AdvertisedNumber("+18005550100"),), routes=(Route("b"),)
    )


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        pytest.param("", NobodyLeft(), id="message"),
        pytest.param('say = "Bye."', NobodyLeft(say="Bye."), id="own-message"),
        pytest.param(
            "voicemail = true", NobodyLeft(LastResort.VOICEMAIL), id="voicemail-of-default-length"
        ),
        pytest.param(
            "voicemail = true\nvoicemail_max_s = 30",
            NobodyLeft(LastResort.VOICEMAIL, voicemail_max_s=30),
            id="short-voicemail",
        ),
        pytest.param(
            "voicemail = false\nvoicemail_max_s = 30", NobodyLeft(), id="voicemail-switched-off"
        ),
        pytest.param(
            'voicemail = false\noverflow = "x"',
            NobodyLeft(LastResort.OVERFLOW, overflow_destination_id="x"),
            id="overflow-and-voicemail-off",
        ),
    ],
)
def test_the_end_of_a_table_is_a_message_an_overflow_or_a_voicemail(
    end: str, expected: NobodyLeft
) -> None:
    text = WHOLE[: WHOLE.index("[nobody_left]")] + "[nobody_left]\n" + end
    assert read_table(text, "t.toml").nobody_left == expected


def test_a_screening_may_be_a_table_with_its_own_digit_and_wait() -> None:
    inline = changed(('"Press 1."', '{ prompt = "Press 5.", digit = "5", wait_s = 10 }'))
    headed = changed(
        ('screening = "Press 1."', '[routes.screening]\nprompt="Press 5."\ndigit="5"\nwait_s=10')
    )
    for text in (inline, headed):
        assert read_table(text, "t.toml").routes[1].screening == Screening("Press 5.", "5", 10)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            "weight = 3",
            "weigth = 3",
            't.toml:20: routes[1].weigth: isn\'t a key of [[routes]]; did you mean "weight"?',
            id="typo-in-a-key",
        ),
        pytest.param(
            "weight = 3",
            "colour = 3",
            "t.toml:20: routes[1].colour: isn't a key of [[routes]], which has "
            + ", ".join(RouteSection.model_fields),
            id="key-that-is-near-nothing",
        ),
        pytest.param(
            "call_s = 7200",
            'language = "en-US"',
            "t.toml:8: limits.language: isn't a key of [limits]; it belongs to the top of the "
            "file, above the first [header]",
            id="key-under-the-wrong-header",
        ),
        pytest.param(
            'publisher = "radio-kx"',
            'whisper = "x"',
            "t.toml:12: dids[1].whisper: isn't a key of [[dids]]; it belongs to [[routes]]",
            id="key-of-another-section",
        ),
        pytest.param(
            'language = "es-MX"',
            'langage = "es-MX"',
            't.toml:3: langage: isn\'t a key of this file; did you mean "language"?',
            id="typo-at-the-top",
        ),
        pytest.param(
            'language = "es-MX"',
            '"a \\u001b[31m" = 1',
            't.toml:3: "a \\u001b[31m": isn\'t a key of this file, which has '
            + ", ".join(RoutingTableFile.model_fields),
            id="key-that-would-colour-a-terminal",
        ),
        pytest.param(
            '"Press 1."',
            '{ promt = "x" }',
            "t.toml:27: routes[2].screening.promt: isn't a key of [routes.screening]; "
            'did you mean "prompt"?\n'
            "t.toml:27: routes[2].screening.prompt: is missing; write for example "
            'prompt = "Flood repair caller. Press 1 to take the call."',
            id="typo-in-an-inline-table",
        ),
        pytest.param(
            'campaign = "flood-repair"',
            "",
            't.toml:1: campaign: is missing; write for example campaign = "flood-repair"',
            id="no-campaign",
        ),
        pytest.param(
            'number = "+18005550101"',
            "",
            't.toml:14: dids[2].number: is missing; write for example number = "+18005550100"',
            id="did-without-a-number",
        ),
        pytest.param(
            'campaign = "flood-repair"',
            'campaign = "Flood Repair!"',
            "t.toml:1: campaign: must be an id of lower-case letters, digits and hyphens, at most "
            '60, no dots or spaces, found "Flood Repair!"; try "flood-repair"',
            id="id-with-a-space",
        ),
        pytest.param(
            'destination = "acme-east"',
            'destination = "acme.east"',
            "t.toml:18: routes[1].destination: must be an id of lower-case letters, digits and "
            'hyphens, at most 60, no dots or spaces, found "acme.east"; try "acme-east"',
            id="id-with-a-dot",
        ),
        pytest.param(
            'destination = "acme-east"',
            'destination = "…"',
            "t.toml:18: routes[1].destination: must be an id of lower-case letters, digits and "
            'hyphens, at most 60, no dots or spaces, found "…"',
            id="id-without-a-letter",
        ),
        pytest.param(
            'destination = "acme-east"',
            f'destination = "{"a" * 61}"',
            "t.toml:18: routes[1].destination: must be an id of lower-case letters, digits and "
            f'hyphens, at most 60, no dots or spaces, found "{"a" * 40}…"; try "{"a" * 60}"',
            id="id-of-61-letters",
        ),
        pytest.param(
            "+18005550101",
            "1-800-555-0101",
            "t.toml:15: dids[2].number: '1-800-555-0101' isn't E.164: write it like +18005550100",
            id="number-with-hyphens",
        ),
        pytest.param(
            "+18005550101",
            "+1800555010",
            "t.toml:15: dids[2].number: '+1800555010' has the wrong length for its country code",
            id="number-that-lacks-a-digit",
        ),
        pytest.param(
            "+18005550101",
            "9" * 10_000,
            f't.toml:15: dids[2].number: must be a number in E.164, found "{"9" * 40}…"',
            id="number-of-10000-digits",
        ),
        pytest.param(
            "+18005550101",
            "+18005550100",
            "t.toml:15: dids[2].number: the same as on line 11; each may stand only once",
            id="a-number-twice",
        ),
        pytest.param(
            '"crest-desk"',
            '"acme-east"',
            "t.toml:25: routes[2].destination: the same as on line 18; each may stand only once",
            id="a-destination-twice",
        ),
        pytest.param(
            "attempts = 3",
            "attempts = 11",
            "t.toml:6: limits.attempts: must be a whole number from 1 to 10, found 11",
            id="number-too-large",
        ),
        pytest.param(
            "ring_s = 75",
            "ring_s = -1",
            "t.toml:7: limits.ring_s: must be a whole number of seconds from 10 to 600, found -1",
            id="negative-seconds",
        ),
        pytest.param(
            "ring_s = 75",
            f"ring_s = 0x{'f' * 5000}",
            "t.toml:7: limits.ring_s: must be a whole number of seconds from 10 to 600, "
            "found a number of absurd size",
            id="number-that-python-would-not-print",
        ),
        pytest.param(
            "ring_s = 75",
            f"ring_s = 1{'0' * 5000}",
            "t.toml:7: ring_s: is a number with thousands of digits",
            id="number-that-python-would-not-read",
        ),
        pytest.param(
            "attempts = 3",
            'attempts = "3"',
            't.toml:6: limits.attempts: must be a whole number from 1 to 10, found "3"; '
            "leave the quotes out",
            id="number-in-quotes",
        ),
        pytest.param(
            "attempts = 3",
            "attempts = 3.5",
            "t.toml:6: limits.attempts: must be a whole number from 1 to 10, found 3.5",
            id="fraction",
        ),
        pytest.param(
            "attempts = 3",
            "attempts = true",
            "t.toml:6: limits.attempts: must be a whole number from 1 to 10, found true",
            id="truth-value-for-a-number",
        ),
        pytest.param(
            "attempts = 3",
            "attempts = 2026-05-01",
            "t.toml:6: limits.attempts: must be a whole number from 1 to 10, "
            "found the date or time 2026-05-01",
            id="date-for-a-number",
        ),
        pytest.param(
            'publisher = "radio-kx"',
            "publisher = 5",
            "t.toml:12: dids[1].publisher: must be an id of lower-case letters, digits and "
            "hyphens, at most 60, no dots or spaces, found 5; put it in quotes",
            id="number-for-a-text",
        ),
        pytest.param(
            '"refuse"',
            '"maybe"',
            't.toml:2: withheld_callers: must be "accept" or "refuse", found "maybe"',
            id="word-that-is-not-among-the-choices",
        ),
        pytest.param(
            '"es-MX"',
            '"es_MX"',
            't.toml:3: language: must be a language tag as in "en-US" or "es-MX", found "es_MX"',
            id="language-with-an-underscore",
        ),
        pytest.param(
            '"Flood repair call."',
            '" "',
            't.toml:22: routes[1].whisper: must be a text of 1 to 500 characters, found " "',
            id="blank-whisper",
        ),
        pytest.param(
            '"Flood repair call."',
            f'"""\n{"x" * 501}"""',
            "t.toml:22: routes[1].whisper: must be a text of 1 to 500 characters, "
            "found 501 characters",
            id="endless-whisper",
        ),
        pytest.param(
            '"Flood repair call."',
            '"a\\u0000b"',
            "t.toml:22: routes[1].whisper: has the control character U+0000; leave it out",
            id="nul-in-a-whisper",
        ),
        pytest.param(
            '"Press 1."',
            '""',
            't.toml:27: routes[2].screening: must be a text of 1 to 500 characters, found ""',
            id="empty-prompt-in-short",
        ),
        pytest.param(
            '"Press 1."',
            "1",
            "t.toml:27: routes[2].screening: must be a text (the prompt) or a table "
            '{ prompt = "…", digit = "1", wait_s = 8 }, found 1',
            id="screening-that-is-neither",
        ),
        pytest.param(
            '"Press 1."',
            '{ prompt = "x", digit = 5 }',
            't.toml:27: routes[2].screening.digit: must be one digit in quotes, "0" to "9", '
            "found 5; put it in quotes",
            id="digit-without-quotes",
        ),
        pytest.param(
            '"Press 1."',
            '{ prompt = "x", digit = "12" }',
            't.toml:27: routes[2].screening.digit: must be one digit in quotes, "0" to "9", '
            'found "12"',
            id="two-digits",
        ),
        pytest.param(
            'overflow = "night-desk"',
            'overflow = "night-desk"\nvoicemail = true',
            "t.toml:32: nobody_left.voicemail: can't be true while there is an overflow; "
            "keep one of the two",
            id="overflow-and-voicemail",
        ),
        pytest.param(
            'overflow = "night-desk"\n',
            "",
            "t.toml:31: nobody_left.overflow_ring_s: says nothing without overflow; write that "
            "too, or leave this out",
            id="ring-of-no-overflow",
        ),
        pytest.param(
            'overflow = "night-desk"\noverflow_ring_s = 40',
            "voicemail_max_s = 30",
            "t.toml:31: nobody_left.voicemail_max_s: says nothing without voicemail; write that "
            "too, or leave this out",
            id="length-of-no-voicemail",
        ),
        pytest.param(
            'overflow = "night-desk"\noverflow_ring_s = 40',
            'voicemail = "true"',
            "t.toml:31: nobody_left.voicemail: must be true or false, without quotes, "
            'found "true"; leave the quotes out',
            id="truth-value-in-quotes",
        ),
        pytest.param(
            "[nobody_left]",
            "[[nobody_left]]",
            "t.toml:29: nobody_left: must be a section headed [nobody_left], in single brackets, "
            "found a list",
            id="table-in-double-brackets",
        ),
    ],
)
def test_a_bad_table_is_refused_with_file_line_key_and_what_was_expected(
    old: str, new: str, expected: str
) -> None:
    assert set(problems_of(changed((old, new)))) == set(expected.split("\n"))


HEAD = 'campaign = "a"\n'
DID = '[[dids]]\nnumber = "+18005550100"\n'
ROUTE = '[[routes]]\ndestination = "b"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            HEAD + DID,
            "t.toml:1: routes: is missing; write one or more sections headed [[routes]], "
            "in double brackets",
            id="no-routes",
        ),
        pytest.param(
            HEAD + "routes = []\n" + DID,
            "t.toml:2: routes: is missing; write one or more sections headed [[routes]], "
            "in double brackets",
            id="empty-group-of-routes",
        ),
        pytest.param(
            HEAD + ROUTE,
            "t.toml:1: dids: is missing; write one or more sections headed [[dids]], "
            "in double brackets",
            id="no-numbers",
        ),
        pytest.param(
            HEAD + DID + '[routes]\ndestination = "b"\n',
            "t.toml:4: routes: must be one or more sections headed [[routes]], "
            "in double brackets, found a table",
            id="routes-in-single-brackets",
        ),
        pytest.param(
            HEAD + 'routes = [{ destination = "b" },\n 5]\n' + DID,
            "t.toml:3: routes[2]: must be one or more sections headed [[routes]], "
            "in double brackets, found 5",
            id="route-that-is-a-number",
        ),
        pytest.param(
            HEAD + "limits = 5\nnobody_left = 5\n" + DID + ROUTE,
            "t.toml:2: limits: must be a section headed [limits], in single brackets, found 5\n"
            "t.toml:3: nobody_left: must be a section headed [nobody_left], in single brackets, "
            "found 5",
            id="sections-that-are-numbers",
        ),
        pytest.param(
            HEAD + "currency = [[1]]\n" + DID + ROUTE + 'price = "35.001"\n',
            't.toml:2: currency: must be "USD" or "CAD" or "EUR" or "GBP" or "AUD" or "MXN" or '
            '"NZD", found a list',
            id="a list of currencies",
        ),
        pytest.param(
            HEAD + DID + ROUTE + 'destination = "c"\n',
            "t.toml:6: destination: this key is already written above; keep one of the two",
            id="key-twice",
        ),
    ],
)
def test_a_table_of_the_wrong_shape_is_refused_with_the_shape_it_should_have(
    text: str, expected: str
) -> None:
    assert problems_of(text) == expected.split("\n")


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = changed(
        ('campaign = "flood-repair"', 'campaign = "A"'),
        ("attempts = 3", "attempts = 0"),
        ("+18005550101", "+18005550100"),
        ("weight = 3", "weigth = 3"),
        ('overflow = "night-desk"', 'overflow = "night-desk"\nvoicemail = true'),
    )
    assert [problem.split(":")[1:3] for problem in problems_of(text)] == [
        ["1", " campaign"],
        ["6", " limits.attempts"],
        ["15", " dids[2].number"],
        ["20", " routes[1].weigth"],
        ["32", " nobody_left.voicemail"],
    ]


@given(st.data())
def test_a_table_with_any_line_spoilt_is_read_or_refused_with_a_line_of_the_file(
    data: st.DataObject,
) -> None:
    lines = WHOLE.splitlines()
    index = data.draw(st.integers(0, len(lines) - 1))
    lines[index] = data.draw(st.text(alphabet='abc_=[]{}".1+-#\\ é\n', max_size=30))
    text = "\n".join(lines)
    for problem in list_problems(text):
        assert 1 <= problem.line <= text.count("\n") + 1
        assert problem.message
        assert problem.key


def list_problems(text: str) -> tuple[FileProblem, ...]:
    try:
        read_table(text, "t.toml")
    except PolicyFileError as refused:
        return refused.problems
    return ()


def test_a_table_of_ten_thousand_numbers_fits_into_a_file() -> None:
    thousand = "".join(
        f'[[dids]]\nnumber = "+1{8005550000 + n}"\npublisher = "radio-kx"\n' for n in range(1000)
    )
    assert len((HEAD + 10 * thousand + ROUTE).encode()) < LARGEST_FILE_BYTES
    assert len(read_table(HEAD + thousand + ROUTE, "t.toml").numbers) == 1000
