"""One line a log event, key=value, with the time in UTC; secrets never get here.

Values come from strangers too, a refused request's path for one: whatever could end the line or
steer a terminal is written as an escape.
"""

import logging
import sys

import structlog
from structlog.typing import EventDict, WrappedLogger


def configure_logs(level: str) -> None:
    """Write every log event of this process to stderr from `level` upwards."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _escape_unprintable,
            structlog.processors.LogfmtRenderer(
                key_order=["timestamp", "level", "event"], bool_as_flag=False
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=level, stream=sys.stderr, format="level=%(levelname)s %(message)s")
    for noisy in ("alembic", "twilio.http_client", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # A job that is still busy at its next turn is left alone on purpose; failures we log ourselves.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _escape_unprintable(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The event with backslash escapes for what can't be printed; letters of any script stay."""
    return {
        key: _escape(value) if isinstance(value, str) else value for key, value in event.items()
    }


def _escape(text: str) -> str:
    """`text` without control characters but for line feeds, which the renderer escapes itself."""
    if text.isprintable():
        return text
    return "".join(
        c if c == "\n" or c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )
