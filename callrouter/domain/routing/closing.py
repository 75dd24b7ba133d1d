"""Decisions that dial nobody: how a call ends on our side, and with what words.

Which destination a call could get instead isn't known here.
"""

from callrouter.domain.routing.decision import CallSoFar, Closing, Decision
from callrouter.domain.tables.routing_table import LastResort, NobodyLeft, RoutingTable


def refuse_number(call: CallSoFar, directory_version: int = 0) -> Decision:
    """The decision about a number that no campaign has: it is not in service."""
    return Decision(
        attempt=len(call.tried) + 1,
        campaign_id="",
        publisher="",
        table_version=0,
        directory_version=directory_version,
        candidates=(),
        closing=Closing.NOT_IN_SERVICE,
    )


def take_leave(table: RoutingTable, call: CallSoFar) -> Decision:
    """The end of `table` for a call whose number no campaign has any more: nobody is dialled.

    What its caller dialled was in service then, so that they hear what the table says.
    """
    closing = table.nobody_left.resort is LastResort.VOICEMAIL
    return Decision(
        attempt=len(call.tried) + 1,
        campaign_id=table.campaign_id,
        publisher=call.publisher,
        table_version=table.version,
        directory_version=0,
        candidates=(),
        closing=Closing.VOICEMAIL if closing else Closing.MESSAGE,
        say=table.nobody_left.say,
        language=table.language,
        voicemail_max_s=table.nobody_left.voicemail_max_s if closing else 0,
    )


def close_call(call: CallSoFar, closing: Closing, last: Decision | None) -> Decision:
    """The decision that nothing is dialled any more: somebody talked, or the caller has gone."""
    return Decision(
        attempt=len(call.tried) + 1,
        campaign_id=last.campaign_id if last else "",
        publisher=last.publisher if last else "",
        table_version=last.table_version if last else 0,
        directory_version=last.directory_version if last else 0,
        candidates=(),
        closing=closing,
    )


def apologize(call: CallSoFar) -> Decision:
    """The end of a call of which no table can be asked: a message, in words of ours."""
    return Decision(
        attempt=len(call.tried) + 1,
        campaign_id="",
        publisher="",
        table_version=0,
        directory_version=0,
        candidates=(),
        closing=Closing.MESSAGE,
        say=NobodyLeft().say,
    )
