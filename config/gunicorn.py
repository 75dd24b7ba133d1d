"""Gunicorn's settings for the Procfile: the same as those of `callrouter serve`.

Change a line here to override it; each setting is described in gunicorn's own documentation.
"""

import os

from callrouter.cli.server_plan import plan_server
from callrouter.config import read_settings

_plan = plan_server(read_settings(os.environ).database_url, os.environ.get("PORT", ""))

bind = _plan.bind  # every address at PORT, else 127.0.0.1:8000
workers = _plan.workers  # SQLite: 1; PostgreSQL: 2 a core
threads = _plan.threads  # SQLite: 16; PostgreSQL: 4, each with a connection of its own
worker_class = _plan.worker_class
timeout = _plan.timeout
graceful_timeout = _plan.graceful_timeout
keepalive = _plan.keepalive
limit_request_line = _plan.limit_request_line
preload_app = _plan.preload_app
control_socket_disable = _plan.control_socket_disable
worker_tmp_dir = _plan.worker_tmp_dir
