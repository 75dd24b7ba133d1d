"""The web process's entry point: `gunicorn -c config/gunicorn.py callrouter.wsgi:app`."""

import os

from callrouter.bootstrap import make_app

app = make_app(os.environ)
