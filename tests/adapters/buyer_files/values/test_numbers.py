import phonenumbers
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callrouter.adapters.buyer_files.values.numbers import read_callers, read_numbers
from callrouter.domain.tie_out.frames import CallerKind

WHOLE = "+14155550132"


def read(text: str, country: str = "US") -> tuple[str, str, str]:
    caller, kind, pattern = read_callers(pl.Series([text]), country).row(0)
    return caller, kind, pattern


@pytest.mark.parametrize(
    "text",
    [
        "4155550132",
        "14155550132",
        "+14155550132",
        "(415) 555-0132",
        "415.555.0132",
        "1-415-555-0132",
        "+1 415 555 0132",
        "0014155550132",
        "01114155550132",
        "4155550132.0",
        '="4155550132"',
        "'4155550132",
        " 4155550132 ",
        "4.155550132E+09",
        "tel:+14155550132",
        "tel:415-555-0132",
        "sip:+14155550132@pbx.example",
        "sip:4155550132;npdi@pbx.example",
        '"Unknown" <4155550132>',
        "Sales (+1 415 555 0132)",
        "1234#14155550132",
        "*674155550132",
        "4155550132x55",
        "+1 415 555 0132 ext. 7",
    ],
)
def test_a_number_in_any_dress_is_the_same_number(text: str) -> None:
    assert read(text) == (WHOLE, CallerKind.NUMBER, "")


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("415555XXXX", "+1415555????"),
        ("415-555-****", "+1415555????"),
        ("+1415555xxxx", "+1415555????"),
        ("(415) 555-####", "+1415555????"),
        ("415555…", "+1415555????"),
        ("415555...", "+1415555????"),
        ("XXXXXX0132", "+1??????0132"),
        ("1415555**32", "+1415555??32"),
        ("5550132", "+1???5550132"),
        ("4.15556E+09", "+141555?????"),
        ("4.1555E+09", "+14155??????"),
        ("1.41556E+10", "+14155??????"),
    ],
)
def test_digits_that_can_be_trusted_are_kept(text: str, pattern: str) -> None:
    assert read(text) == ("", CallerKind.PARTLY, pattern)


@settings(max_examples=50, deadline=None)
@given(st.integers(2_000_000_000, 9_999_999_999), st.integers(1, 8))
def test_a_number_rounded_by_a_spreadsheet_fits_its_pattern(number: int, decimals: int) -> None:
    _, kind, pattern = read(f"{number:.{decimals}E}")

    if kind == CallerKind.PARTLY:
        whole = f"+1{number}"
        assert len(pattern) == len(whole)
        assert all(mark in ("?", digit) for mark, digit in zip(pattern, whole, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        *("", "Anonymous", "RESTRICTED", "unknown", "Private Number", "No Caller ID", "+266696687"),
        *("[None]", "NULL", "-no value-", "0", "0000000000", "XXXXXXXXXX", "Unavailable"),
        *("anonymous@anonymous.invalid", "sip:anonymous@anonymous.invalid", "266696687"),
    ],
)
def test_a_hidden_caller_is_withheld_in_any_spelling(text: str) -> None:
    assert read(text) == ("", CallerKind.WITHHELD, "")


def test_a_sentinel_of_the_mapping_is_withheld() -> None:
    read_both = read_callers(pl.Series(["Nobody", "4155550132"]), "US", ("nobody",))

    assert read_both["caller_kind"].to_list() == [CallerKind.WITHHELD, CallerKind.NUMBER]


@pytest.mark.parametrize("text", ["114", "x114", "ext. 55", "4151", "sip:114@pbx.example"])
def test_a_few_digits_are_an_extension(text: str) -> None:
    assert read(text) == ("", CallerKind.EXTENSION, "")


@pytest.mark.parametrize(
    "text",
    [
        "client1",
        "PJSIP/105-00000001",
        "-1",
        "garbage 12 text",
        "9.1E+30",
        "41555501",
        "1790845212.17",
    ],
)
def test_anything_else_is_unreadable_and_stays(text: str) -> None:
    assert read(text) == ("", CallerKind.UNREADABLE, "")


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("+442079460018", "US", "+442079460018"),
        ("011 44 20 7946 0018", "US", "+442079460018"),
        ("442079460018", "US", "+442079460018"),
        ("0044 20 7946 0018", "US", "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("+14155550132", "GB", WHOLE),
        ("+1 415 555 0132", "GB", WHOLE),
    ],
)
def test_a_number_without_a_country_code_is_one_of_the_mappings_country(
    text: str, country: str, number: str
) -> None:
    assert read(text, country) == (number, CallerKind.NUMBER, "")


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("+415-555-0132", "US"),
        ("415-555-0132", "GB"),
        ("155-555-0132", "US"),
        ("415.5550132", "US"),
    ],
)
def test_dashes_and_dots_alone_make_no_american_number(text: str, country: str) -> None:
    assert read(text, country)[0] != WHOLE


def test_masked_numbers_of_another_country_get_its_code() -> None:
    assert read("020 7946 0XXX", "GB") == ("", CallerKind.PARTLY, "+442079460???")


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("8005550142", "+18005550142"),
        ("(800) 555-0142", "+18005550142"),
        ("sip:+18005550142@pbx.example", "sip:+18005550142@pbx.example"),
        ("SIP:sales@pbx.example", "SIP:sales@pbx.example"),
        ("114", "114"),
        (" queue-7 ", "queue-7"),
        ("[None]", ""),
        ("", ""),
        ("800555XXXX", "800555XXXX"),
    ],
)
def test_what_was_called_is_a_number_or_stays_as_written(text: str, called: str) -> None:
    assert read_numbers(pl.Series([text]), "US").to_list() == [called]
    assert read_numbers(pl.Series([text, "8005550100"]), "US").to_list()[1] == "+18005550100"


_DIGITS = st.integers(2_000_000_000, 9_999_999_999).map(str)
_DRESSES = st.sampled_from(
    [
        *("{0}", "1{0}", "+1{0}", "({a}) {b}-{c}", "{a}.{b}.{c}", "+1 {a} {b} {c}"),
        *("1-{a}-{b}-{c}", "0111{0}", "tel:+1{0}", "{a} {b}{c}"),
    ]
)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(_DIGITS, _DRESSES), min_size=1, max_size=30))
def test_common_forms_come_out_as_phonenumbers_has_them(cases: list[tuple[str, str]]) -> None:
    texts = [
        dress.format(digits, a=digits[:3], b=digits[3:6], c=digits[6:]) for digits, dress in cases
    ]

    parsed = [phonenumbers.parse(text, "US") for text in texts]
    assert all(phonenumbers.is_possible_number(number) for number in parsed)
    assert read_callers(pl.Series(texts), "US")["caller"].to_list() == [
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) for number in parsed
    ]


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(st.text(max_size=40), max_size=30), country=st.sampled_from(["US", "GB"]))
def test_any_text_is_of_some_kind_and_no_row_is_lost(texts: list[str], country: str) -> None:
    read_back = read_callers(pl.Series(texts, dtype=pl.String), country)

    assert read_back.height == len(texts)
    assert read_back.null_count().sum_horizontal().item() == 0
    is_number = read_back["caller_kind"] == CallerKind.NUMBER.value
    assert ((read_back["caller"] != "") == is_number).all()
    is_partly = read_back["caller_kind"] == CallerKind.PARTLY.value
    assert ((read_back["caller_pattern"] != "") == is_partly).all()
