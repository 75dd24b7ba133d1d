"""Text messages through Twilio's Messages resource."""

from urllib.parse import parse_qs

import pytest
import requests
import responses

from callrouter.adapters.twilio.texter import TwilioTexter
from callrouter.domain.errors import DeliveryFailedError
from callrouter.workflows.ports import Texter

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token-that-nobody-may-see"
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
BASE = "https://api.twilio.com"


@pytest.fixture
def texter() -> Texter:
    return TwilioTexter(ACCOUNT, TOKEN, timeout_s=3)


def text(texter: Texter) -> None:
    texter.text("+18005550100", "+14155550123", "acme-east is down")


@responses.activate
@pytest.mark.parametrize("api_url", [None, "http://127.0.0.1:9400"])
def test_a_message_is_handed_to_the_seller_s_account(api_url: str | None) -> None:
    timed = [responses.matchers.request_kwargs_matcher({"timeout": 3.0})]
    base = api_url or BASE
    responses.post(base + MESSAGES, json={"sid": "SM1"}, status=201, match=timed)

    text(TwilioTexter(ACCOUNT, TOKEN, api_url=api_url, timeout_s=3))

    form = parse_qs(str(responses.calls[0].request.body))
    assert form == {
        "To": ["+14155550123"],
        "From": ["+18005550100"],
        "Body": ["acme-east is down"],
    }


@responses.activate
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(
            {
                "status": 400,
                "json": {"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400},
            },
            "refused the message (error 21211): Unable to create record: Invalid 'To' Phone Number",
            id="refused",
        ),
        pytest.param({"status": 401, "json": {"code": 20003}}, "refused the credentials", id="401"),
        pytest.param({"status": 429, "json": {}}, "had too many requests (429)", id="busy"),
        pytest.param({"status": 503, "body": "<html>"}, "is failing (503)", id="failing"),
        pytest.param({"status": 201, "body": "<html>"}, "gave an answer that can't be", id="html"),
        pytest.param({"status": 302, "headers": {"Location": "/"}}, "(302)", id="redirect"),
        pytest.param(
            {"body": requests.ConnectTimeout("slow")},
            "can't be reached (ConnectTimeout): check the network",
            id="timeout",
        ),
    ],
)
def test_when_twilio_does_not_take_it_the_failure_says_why(
    texter: Texter, answer: dict[str, object], said: str
) -> None:
    responses.add(responses.POST, BASE + MESSAGES, **answer)  # type: ignore[arg-type]

    with pytest.raises(DeliveryFailedError) as failed:
        text(texter)

    assert str(failed.value).startswith("Twilio's REST API ")
    assert said in str(failed.value)
    assert failed.value.__cause__ is None
    assert TOKEN not in repr(failed.value) + repr(texter)
    assert repr(texter) == f"TwilioTexter({ACCOUNT})"
