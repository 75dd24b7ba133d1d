"""The URLs that our TwiML names: what Twilio is to ask, when something happens to an attempt.

They carry the destination and what was tried, so that a call can go on even when no machine that
still has its records can be asked; Twilio's signature covers them.
"""

from dataclasses import dataclass

VOICE = "/twilio/voice"
STATUS = "/twilio/status"
FALLBACK = "/twilio/fallback"
ATTEMPTS = "/twilio/attempts"
LEGS = "/twilio/legs"
WHISPER = "/twilio/whisper"
SCREENING = "/twilio/screening"
VOICEMAIL = "/twilio/voicemail"

RETRY_CALLBACKS = "#rc=3&rp=all"
"""Connection overrides: without them Twilio doesn't repeat a callback that met a 5xx."""


@dataclass(frozen=True, slots=True)
class Links:
    """The URLs under one public address."""

    public_url: str

    def voice(self) -> str:
        """A number's voice URL: short read time-outs leave room for the fallback within 15 s."""
        return f"{self.public_url}{VOICE}#ct=2000&rt=4000&rc=2&rp=ct,rt,5xx&tt=10000"

    def fallback(self) -> str:
        """A number's fallback URL."""
        return f"{self.public_url}{FALLBACK}"

    def status(self) -> str:
        """A number's status callback URL."""
        return f"{self.public_url}{STATUS}{RETRY_CALLBACKS}"

    def attempt_ended(self, attempt: int, rung: tuple[str, ...], tried: tuple[str, ...]) -> str:
        """The Dial action: asked when attempt `attempt`, which rang all of `rung`, is over."""
        so_far = ".".join((*tried, *rung))
        return f"{self.public_url}{ATTEMPTS}/{attempt}?d={rung[0]}&tried={so_far}"

    def leg_progress(self, attempt: int, destination_id: str) -> str:
        """Where the buyer leg's status callbacks go."""
        return f"{self.public_url}{LEGS}/{attempt}?d={destination_id}{RETRY_CALLBACKS}"

    def whisper(self, attempt: int, destination_id: str) -> str:
        """What the buyer hears before the bridge."""
        return f"{self.public_url}{WHISPER}/{attempt}?d={destination_id}"

    def screening(self, attempt: int, destination_id: str) -> str:
        """Where the key goes that the buyer pressed."""
        return f"{self.public_url}{SCREENING}/{attempt}?d={destination_id}"

    def voicemail(self) -> str:
        """Where a recorded message is reported."""
        return f"{self.public_url}{VOICEMAIL}"
