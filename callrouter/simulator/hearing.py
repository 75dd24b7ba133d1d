"""How long a leg listens to a verb, and which keys it presses meanwhile; virtual seconds."""

from dataclasses import dataclass

from callrouter.simulator.twiml import Element

_WORD_S = 0.4
_CLIP_S = 3.0
_TONE_S = 0.5
_FOREVER_S = 14_400.0


def hearing_s(verb: Element) -> float:
    """How long a Say, Play or Pause lasts; `loop="0"` means until somebody hangs up."""
    if verb.name == "Pause":
        return float(verb.integer("length", 1))
    loops = verb.integer("loop", 1)
    if verb.name == "Say":
        once_s = len(verb.text.split()) * _WORD_S
    else:
        once_s = _CLIP_S if verb.text else len(verb.attributes["digits"]) * _TONE_S
    return once_s * loops if loops or not once_s else _FOREVER_S


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a Gather comes to: the keys pressed, None for no input, after how many seconds."""

    digits: str | None
    after_s: float


def gather(verb: Element, keys: str, press_after_s: float) -> Gathered:
    """Play a Gather to someone who presses `keys` (none if empty) `press_after_s` into it.

    Keys count from the start (they cut the prompt short) until `timeout` after the prompt. They
    end at `numDigits` or before a `finishOnKey`, else when `timeout` has passed without another.
    """
    timeout_s = float(verb.integer("timeout", 5))
    patience_s = sum(hearing_s(prompt) for prompt in verb.children) + timeout_s
    hears_keys = "dtmf" in verb.attributes.get("input", "dtmf")
    if not keys or not hears_keys or press_after_s > patience_s:
        return Gathered(None, patience_s)
    limit = verb.integer("numDigits", len(keys) + 1)
    finishing = verb.attributes.get("finishOnKey", "#")
    digits = ""
    for key in keys:
        if key in finishing:
            return Gathered(digits, press_after_s)
        digits += key
        if len(digits) == limit:
            return Gathered(digits, press_after_s)
    return Gathered(digits, press_after_s + timeout_s)
