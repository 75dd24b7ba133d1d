"""Runs gunicorn in this process, with settings from values instead of a command line."""

from collections.abc import Mapping

from gunicorn.app.base import Application
from gunicorn.util import import_app

from callrouter.cli.server_plan import GunicornValue, Serving

WSGI_APP = "callrouter.wsgi:app"
"""Named as text: it is made in each worker, after the fork."""


class GunicornServer(Application):  # type: ignore[misc] # gunicorn has no types
    """Gunicorn with callrouter's web application."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        super().__init__()

    def load_config(self) -> None:
        """The plan, then what the file says otherwise, then what was asked for."""
        self._set(self._serving.plan.settings())
        if self._serving.config_file is not None:
            self.load_config_from_file(self._serving.config_file)
        self._set(self._serving.asked)

    def load(self) -> object:
        """The application of one worker."""
        return import_app(WSGI_APP)

    def _set(self, settings: Mapping[str, GunicornValue]) -> None:
        for name, value in settings.items():
            if name in self.cfg.settings:  # an older gunicorn doesn't know all of them
                self.cfg.set(name, value)


def run_gunicorn(serving: Serving) -> None:
    """Serve until SIGTERM or SIGINT; never returns, as gunicorn ends the process itself."""
    GunicornServer(serving).run()
