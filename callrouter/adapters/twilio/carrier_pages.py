"""Where Twilio shows what it has of a call, for who may sign in to its account; no key is in it."""

from dataclasses import dataclass

_API = "https://api.twilio.com/2010-04-01/Accounts"
_INSIGHTS = "https://insights.twilio.com/v1/Voice"


@dataclass(frozen=True, slots=True)
class CarrierPages:
    """A leg's own record, its recordings, the requests made for it, and how it went and ended.

    https://www.twilio.com/docs/voice/api/call-resource
    https://www.twilio.com/docs/voice/api/recording
    https://www.twilio.com/docs/voice/api/call-event-resource
    https://www.twilio.com/docs/voice/voice-insights/api/call/call-summary-resource
    """

    leg_sid: str
    record: str
    recordings: str
    requests: str
    summary: str


def find_pages(account_sid: str, leg_sid: str) -> CarrierPages:
    """The pages of one leg of a call in an account."""
    of_leg = f"{_API}/{account_sid}/Calls/{leg_sid}"
    return CarrierPages(
        leg_sid=leg_sid,
        record=f"{of_leg}.json",
        recordings=f"{of_leg}/Recordings.json",
        requests=f"{of_leg}/Events.json",
        summary=f"{_INSIGHTS}/{leg_sid}/Summary",
    )
