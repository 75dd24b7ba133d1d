"""One line a log event, key=value, with the time in UTC; secrets never get here."""

import logging
import sys

import structlog


def configure_logs(level: str) -> None:
    """Write every log event of this process to stderr from `level` upwards."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
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
