"""The webhooks that are measured: arrivals of new calls, and progress of their buyers' legs."""

from collections.abc import Iterator

from benchmarks.load import Webhook
from benchmarks.servers import SELLER, number_of


def make_arrivals(run: str, count: int, numbers: int) -> Iterator[Webhook]:
    """So many first requests, each of another call, spread over the numbers; Twilio's fields."""
    for i in range(count):
        caller = f"+1415555{100 + i % 100:04d}"
        did = number_of(i % numbers)
        yield Webhook(
            "/twilio/voice",
            {
                "AccountSid": SELLER.account_sid,
                "ApiVersion": "2010-04-01",
                "CallSid": f"CA{run}{i:026x}",
                "CallStatus": "ringing",
                "Direction": "inbound",
                "From": caller,
                "Caller": caller,
                "To": did,
                "Called": did,
                "FromCity": "SAN FRANCISCO",
                "FromState": "CA",
                "FromZip": "94105",
                "FromCountry": "US",
                "ToCity": "",
                "ToState": "",
                "ToZip": "",
                "ToCountry": "US",
            },
        )


def make_progress(run: str, count: int, calls: int) -> Iterator[Webhook]:
    """So many progress callbacks, each new, of buyers' legs of the run's first `calls` calls."""
    statuses = ("initiated", "ringing", "in-progress")
    for i in range(count):
        turn, call = divmod(i, calls)
        leg, sequence = divmod(turn, len(statuses))
        yield Webhook(
            "/twilio/legs/1?d=d1",
            {
                "AccountSid": SELLER.account_sid,
                "ApiVersion": "2010-04-01",
                "CallSid": f"CA{run}b{leg:05x}{call:020x}",
                "ParentCallSid": f"CA{run}{call:026x}",
                "CallStatus": statuses[sequence],
                "CallbackSource": "call-progress-events",
                "Direction": "outbound-dial",
                "From": "+14155550123",
                "To": "+13125550171",
                "SequenceNumber": str(sequence),
                "Timestamp": "Sun, 22 Nov 2026 12:00:00 +0000",
            },
        )
