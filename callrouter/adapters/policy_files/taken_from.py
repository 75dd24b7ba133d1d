"""The first line of an exported routing table: which version it is, for whoever activates it."""

import re
from dataclasses import dataclass

_LINE = re.compile(r"# ([a-z0-9-]{1,60}) version ([1-9][0-9]{0,8})[ \t]*(?:\r?\n|\Z)")


@dataclass(frozen=True, slots=True)
class TakenFrom:
    """A stored version of a campaign's table."""

    campaign_id: str
    version: int

    def __str__(self) -> str:
        return f"# {self.campaign_id} version {self.version}"


def mark_taken_from(text: str, origin: TakenFrom) -> str:
    """A table's text below a first line that says which version it is."""
    end = "\r\n" if "\r\n" in text else "\n"
    return f"{origin}{end}{text}"


def split_taken_from(text: str, campaign_id: str) -> tuple[int | None, str]:
    """The version of `campaign_id` in the text's first line, and the text below that line.

    None, and the whole text, when its first line isn't such a line, or is of another campaign.
    """
    match = _LINE.match(text)
    if match is None or match[1] != campaign_id:
        return None, text
    return int(match[2]), text[match.end() :]
