from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.policy_files.terms_file import read_agreement_file
from callrouter.domain.billing.party import Party, Side
from callrouter.domain.billing.terms import (
    Agreement,
    Band,
    Clock,
    Credit,
    Cycle,
    Operator,
    PerMinute,
    Rounding,
    Share,
    Terms,
    TheirTime,
    TieOutTerms,
)
from callrouter.domain.clocks.hours import Hours, Window
from callrouter.domain.errors import FileProblem, PolicyFileError

USD = 1_000_000
WHOLE = """\
buyer = "acme"
name = "Acme Restoration"
email = "billing@acme.example"
address = ["1 Main Street", "Albany, NY 12207"]
zone = "America/New_York"
currency = "USD"
cycle = "half_month"
net_days = 15
credit_limit = "5000.00"

[[terms]]
from = 2026-10-01
until = 2026-12-01
threshold_s = 120
price = "75.00"

[[terms]]
from = 2026-12-01T05:00:00Z
campaign = "flood-repair"
destination = "acme-east"
clock = "total"
operator = ">"
rounding = "nearest"
hours = { weekdays = "08:00-17:00", weekend = [] }
duplicate_window = "30d"
most_per_day = 50

[[terms.bands]]
after_s = 120
price = "10"

[[terms.bands]]
after_s = 300
price = "20.50"

[tie_out]
tolerance_s = 2
dispute_days = 14
zone = "America/Chicago"
their_time = "talk"
"""


def read_terms(lines: str) -> Terms:
    text = f'publisher = "radio-kx"\nzone = "UTC"\n[[terms]]\nfrom = 2026-10-01\n{lines}'
    return read_agreement_file(text, "radio.toml").terms[0]


def test_every_key_is_read() -> None:
    assert read_agreement_file(WHOLE, "acme.toml", version=4) == Agreement(
        party=Party(Side.BUYER, "acme"),
        version=4,
        zone="America/New_York",
        cycle=Cycle.HALF_MONTH,
        net_days=15,
        credit=Credit(5000 * USD, "USD"),
        name="Acme Restoration",
        email="billing@acme.example",
        address=("1 Main Street", "Albany, NY 12207"),
        tie_out=TieOutTerms(
            tolerance_ms=2000,
            dispute_days=14,
            zone="America/Chicago",
            their_time=TheirTime.TALK,
        ),
        terms=(
            Terms(
                starts_at=datetime(2026, 10, 1, 4, tzinfo=UTC),  # midnight in New York, in summer
                ends_at=datetime(2026, 12, 1, 5, tzinfo=UTC),  # and in winter
                currency="USD",
                bands=(Band(120, 75 * USD),),
            ),
            Terms(
                starts_at=datetime(2026, 12, 1, 5, tzinfo=UTC),
                ends_at=None,
                currency="USD",
                campaign_id="flood-repair",
                destination_id="acme-east",
                clock=Clock.TOTAL,
                operator=Operator.MORE_THAN,
                rounding=Rounding.NEAREST,
                bands=(Band(120, 10 * USD), Band(300, 20_500_000)),
                hours=Hours(
                    tuple(Window(day, 480, 1020) for day in range(5)), zone="America/New_York"
                ),
                duplicate_window_s=30 * 86_400,
                most_per_day=50,
            ),
        ),
    )


def test_what_is_left_out_has_plain_defaults() -> None:
    agreement = read_agreement_file(
        'buyer = "acme"\nzone = "UTC"\n[[terms]]\nfrom = "2026-10-01"\nprice = "75.00"', "a.toml"
    )

    assert agreement == Agreement(
        party=Party(Side.BUYER, "acme"),
        version=0,
        zone="UTC",
        terms=(
            Terms(
                starts_at=datetime(2026, 10, 1, tzinfo=UTC),
                ends_at=None,
                currency="USD",
                bands=(Band(0, 75 * USD),),
            ),
        ),
    )


def test_a_buyer_may_pay_in_advance() -> None:
    text = WHOLE.replace('credit_limit = "5000.00"', "prepaid = true")
    credit = read_agreement_file(text, "acme.toml").credit

    assert credit is not None
    assert credit.is_prepaid


def test_there_are_other_kinds_of_price() -> None:
    minutes = 'per_minute = { price = "0.50", first_s = 30, next_s = 6, after_s = 10 }'

    assert read_terms(minutes).per_minute == PerMinute(USD // 2, 30, 6, 10)
    assert read_terms('per_attempt = "1.00"').per_attempt_micros == USD
    assert read_terms('share = "40 %"').share == Share(400_000)
    assert read_terms('share = "33.3333%"').share == Share(333_333)
    assert read_terms('share = "100 %"').share == Share(1_000_000)


@pytest.mark.parametrize(
    ("old", "new", "problems"),
    [
        (
            '"75.00"',
            '"75.005"',
            ["terms[1].price: '75.005' has more decimals than USD, which has 2"],
        ),
        (
            '"75.00"',
            '"-75.00"',
            ['terms[1].price: must be an amount in quotes, as in "35.00", found "-75.00"'],
        ),
        (
            '"75.00"',
            '"75,00"',
            ['terms[1].price: must be an amount in quotes, as in "35.00", found "75,00"'],
        ),
        (
            '"75.00"',
            "75.00",
            [
                'terms[1].price: must be an amount in quotes, as in "35.00", found 75.0; put it '
                "in quotes"
            ],
        ),
        (
            '"USD"',
            '"DOLLAR"',
            [
                'currency: must be "USD" or "CAD" or "EUR" or "GBP" or "AUD" or "MXN" or "NZD", '
                'found "DOLLAR"'
            ],
        ),
        (
            '"20.50"',
            '"20.505"',
            ["terms[2].bands[2].price: '20.505' has more decimals than USD, which has 2"],
        ),
        (
            '"5000.00"',
            '"5000.001"',
            ["credit_limit: '5000.001' has more decimals than USD, which has 2"],
        ),
        (
            '"5000.00"',
            '"0.00"',
            ["credit_limit: is no credit at all; write prepaid = true instead"],
        ),
        (
            "net_days = 15",
            "net_days = 15\nprepaid = true",
            [
                "credit_limit: says nothing with prepaid = true, which spends what was paid; "
                "keep one of them"
            ],
        ),
        (
            'zone = "America/New_York"',
            'zone = "EST"',
            [
                'zone: must be an IANA time zone, area and city, found "EST"; did you mean '
                "America/New_York?"
            ],
        ),
        (
            '"billing@acme.example"',
            '"billing"',
            ['email: must be one e-mail address, found "billing"'],
        ),
        (
            "until = 2026-12-01",
            "until = 2026-10-01",
            ["terms[1].until: must be after from, 2026-10-01; found 2026-10-01"],
        ),
        (
            "2026-12-01T05:00:00Z",
            "2026-12-01T05:00:00",
            [
                "terms[2].from: has no offset from UTC: write 2026-12-01T05:00:00Z, or with "
                "-05:00 and the like; or only the date, which begins at midnight in the party's "
                "zone"
            ],
        ),
        (
            "from = 2026-10-01",
            "from = 1926-10-01",
            [
                "terms[1].from: must be in a year from 2000 to 2100, found the date or time "
                "1926-10-01"
            ],
        ),
        (
            "from = 2026-10-01",
            'from = "October"',
            ['terms[1].from: must be a date as in 2026-10-01, found "October"'],
        ),
        (
            "from = 2026-10-01\n",
            "",
            ["terms[1].from: is missing; write for example from = 2026-10-01"],
        ),
        (
            "after_s = 300",
            "after_s = 120",
            ["terms[2].bands[2].after_s: must be above 120, that of the band before; found 120"],
        ),
        (
            'price = "20.50"',
            'price = "9.99"',
            [
                "terms[2].bands[2].price: is below 10, the band before's: no call costs less for "
                "lasting"
            ],
        ),
        (
            'price = "75.00"',
            'share = "40 %"',
            [
                "terms[1].threshold_s: says nothing with share, which asks for no time; leave it "
                "out",
                "terms[1].share: is for publishers, who have a share of what buyers pay; write a "
                "price",
            ],
        ),
        (
            'price = "75.00"',
            'price = "75.00"\nper_attempt = "1.00"',
            ["terms[1].per_attempt: can't stand beside price; terms have one kind of price"],
        ),
        (
            'price = "75.00"',
            "",
            [
                "terms[1]: has no price; write one of price, bands, per_minute, per_attempt, "
                'share, as in price = "35.00"'
            ],
        ),
        (
            "most_per_day = 50",
            'price = "1.00"',
            ["terms[2].bands: can't stand beside price; terms have one kind of price"],
        ),
        (
            "most_per_day = 50",
            "threshold_s = 60",
            [
                "terms[2].threshold_s: is for price; bands and per_minute have an after_s of "
                "their own"
            ],
        ),
        (
            "most_per_day = 50",
            "most_per_day = 0",
            ["terms[2].most_per_day: must be a whole number of calls from 1 to 1000000, found 0"],
        ),
        (
            '"30d"',
            '"a month"',
            [
                'terms[2].duplicate_window: must be a number with s, m, h, d or w, from "1m" to '
                '"365d", found "a month"'
            ],
        ),
        (
            '"total"',
            '"talk"',
            ['terms[2].clock: must be "connected" or "answered" or "total", found "talk"'],
        ),
        ('">"', '"=>"', ['terms[2].operator: must be ">=" or ">", found "=>"']),
        (
            "08:00-17:00",
            "08:00-08:00",
            [
                'terms[2].hours.weekdays: "08:00-08:00" ends when it begins: write "00:00-24:00" '
                "for a whole day, or [] for a day that is closed"
            ],
        ),
        (
            'buyer = "acme"\n',
            "",
            [
                '(file): says of nobody whose terms these are; write buyer = "acme" or publisher '
                '= "…"'
            ],
        ),
        (
            'buyer = "acme"\n',
            'buyer = "acme"\npublisher = "radio-kx"\n',
            [
                "publisher: can't stand beside buyer; write a file for each",
                "credit_limit: is for buyers; a publisher owes nothing",
                "tie_out: is for buyers; a publisher's records aren't tied out",
            ],
        ),
        (
            'buyer = "acme"',
            'publisher = "radio-kx"',
            [
                "credit_limit: is for buyers; a publisher owes nothing",
                "tie_out: is for buyers; a publisher's records aren't tied out",
            ],
        ),
        (
            'buyer = "acme"',
            "buyer = 5",
            [
                "buyer: must be an id of lower-case letters, digits and hyphens, at most 60, no "
                "dots or spaces, found 5; put it in quotes"
            ],
        ),
        (
            "threshold_s = 120",
            "treshold_s = 120",
            ['terms[1].treshold_s: isn\'t a key of [[terms]]; did you mean "threshold_s"?'],
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_what_would_be_right(
    old: str, new: str, problems: list[str]
) -> None:
    text = WHOLE.replace(old, new, 1)
    with pytest.raises(PolicyFileError) as refused:
        read_agreement_file(text, "acme.toml")

    assert text != WHOLE
    assert [f"{each.key}: {each.message}" for each in refused.value.problems] == problems
    for each in refused.value.problems:
        line = text.splitlines()[each.line - 1]
        key = each.key.rsplit(".", 1)[-1]
        assert f"{key} = " in line or line.startswith(("[[", f"[{key}]")) or key == "(file)"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("bands = []", "terms[1].bands: has no band; write one or more sections headed "
                       "[[terms.bands]]"),
        ("per_minute = {}", "terms[1].per_minute.first_s: is missing; write for example"),
        ('per_minute = "0.50"', 'terms[1].per_minute: must be a table as in { price = "0.50", '
         'first_s = 30, next_s = 6 }, found "0.50"'),
        ('share = "101 %"', 'terms[1].share: must be a percentage in quotes, as in "40 %", found '
         '"101 %"'),
        ("share = 40", 'terms[1].share: must be a percentage in quotes, as in "40 %", found 40; '
         "put it in quotes"),
        ('price = "1"\ntariff = 5', "terms[1].tariff: isn't a key of [[terms]], which has"),
        ("from = 2026-10-02", "from: this key is already written above; keep one of the two"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_price_is_said(line: str, problem: str) -> None:
    with pytest.raises(PolicyFileError) as refused:
        read_terms(line)

    assert any(str(each).split(": ", 1)[1].startswith(problem) for each in refused.value.problems)


@pytest.mark.parametrize("lines", ['"1 Main Street"', str(["line"] * 9).replace("'", '"')])
def test_an_address_is_a_list_of_a_few_lines(lines: str) -> None:
    text = WHOLE.replace('["1 Main Street", "Albany, NY 12207"]', lines)
    with pytest.raises(PolicyFileError, match="address: must be a list of lines as in"):
        read_agreement_file(text, "acme.toml")


LINES = WHOLE.splitlines()
WORDS = st.sampled_from(
    ["", "[]", "{}", "0", "-1", "true", '"x"', '"1.00"', "2026-10-01", "07:00:00", "1e400", "[[1]]"]
)


@given(st.sampled_from(range(len(LINES))), WORDS)
@settings(max_examples=150)
def test_whatever_stands_in_a_file_it_is_read_or_refused_by_line(place: int, word: str) -> None:
    key = LINES[place].partition("=")[0]
    changed = f"{key}= {word}" if "=" in LINES[place] else word
    text = "\n".join((*LINES[:place], changed, *LINES[place + 1 :]))

    problems: tuple[FileProblem, ...] = ()
    try:
        read_agreement_file(text, "acme.toml")
    except PolicyFileError as refused:
        problems = refused.problems
    assert all(0 < each.line <= len(LINES) for each in problems)


def test_terms_that_overlap_in_time_for_the_same_calls_are_refused() -> None:
    text = WHOLE.replace('destination = "acme-east"\n', "").replace(
        'campaign = "flood-repair"\n', ""
    )
    read_agreement_file(text, "acme.toml")

    with pytest.raises(PolicyFileError) as refused:
        read_agreement_file(text.replace("until = 2026-12-01", "until = 2026-12-02"), "acme.toml")

    assert str(refused.value) == (
        "acme.toml:18: terms[2].from: begins while the terms on line 11 for any call are still in"
        " force: write until there, no later than this date"
    )
