import os
import runpy
from pathlib import Path

import pytest

from callrouter.adapters.storage.engine import open_database
from callrouter.cli.gunicorn_server import GunicornServer
from callrouter.cli.server_plan import Serving, plan_server
from tests.cli.terminal import Terminal

ROOT = Path(__file__).parents[2]
POSTGRESQL = "postgresql://callrouter@db.example.com/callrouter"


def test_serving_sqlite_takes_one_process_with_many_threads(terminal: Terminal) -> None:
    terminal.ok("serve")
    (serving,) = terminal.started
    assert (serving.plan.workers, serving.plan.threads) == (1, 16)
    assert serving.plan.bind == "127.0.0.1:8000"
    assert dict(serving.asked) == {}


def test_serving_postgresql_takes_two_processes_a_core() -> None:
    plan = plan_server(POSTGRESQL)
    assert plan.workers == 2 * len(os.sched_getaffinity(0))
    assert plan.worker_class == "gthread"


def test_a_platforms_port_is_listened_to_at_every_address(terminal: Terminal) -> None:
    assert terminal.run("serve", environ={"PORT": "5000"}).exit_code == 0
    assert terminal.started[0].plan.bind == "0.0.0.0:5000"


def test_what_is_asked_for_outranks_the_file_and_that_the_plan(
    terminal: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "settings.py"
    file.write_text("threads = 8\nkeepalive = 5\nbind = '127.0.0.1:8001'\nunknown_name = 1\n")
    terminal.ok("serve", "--threads=3", "--config", str(file))
    cfg = GunicornServer(terminal.started[0]).cfg
    assert (cfg.threads, cfg.keepalive, cfg.bind) == (3, 5, ["127.0.0.1:8001"])
    assert cfg.worker_class_str == "gthread"


def test_several_processes_on_sqlite_are_refused(terminal: Terminal) -> None:
    assert "SQLite takes one serving process" in terminal.refused("serve", "--workers", "2")
    assert terminal.started == []


@pytest.mark.parametrize("name", ["PUBLIC_URL", "SECRET_KEY"])
def test_serving_without_a_setting_that_it_needs_is_refused(terminal: Terminal, name: str) -> None:
    del terminal.environ[name]
    assert terminal.refused("serve").startswith(f"Error: {name} is not set")


@pytest.mark.parametrize("command", ["serve", "clock"])
def test_an_old_schema_stops_the_start_and_says_what_to_do(
    terminal: Terminal, tmp_path: Path, command: str
) -> None:
    terminal.environ["DATABASE_URL"] = f"sqlite:///{tmp_path}/empty.db"
    said = terminal.refused(command)
    assert "is at schema none and this version needs 0" in said
    assert "run `callrouter db upgrade`" in said
    assert (terminal.started, terminal.clocks) == ([], [])


def test_an_absent_database_stops_nobody(terminal: Terminal) -> None:
    terminal.environ["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/callrouter"
    result = terminal.run("serve")
    assert (result.exit_code, len(terminal.started)) == (0, 1)
    assert result.stderr.startswith("warning: the database can't serve: ")
    assert result.stderr.endswith("; starting all the same\n")


def test_the_clock_process_gets_the_settings(terminal: Terminal) -> None:
    terminal.ok("clock")
    assert [settings.sweep_after_s for settings in terminal.clocks] == [180]


@pytest.mark.parametrize("database_url", ["sqlite:///callrouter.db", POSTGRESQL])
def test_the_procfiles_settings_are_those_of_serve(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("PORT", "5000")
    in_file = runpy.run_path(str(ROOT / "config" / "gunicorn.py"))
    plan = plan_server(database_url, "5000").settings()
    assert {name: in_file.get(name) for name in plan} == plan
    server = GunicornServer(Serving(plan=plan_server(database_url, "5000")))
    assert {name: server.cfg.settings[name].value for name in plan} == {
        **plan,
        "bind": ["0.0.0.0:5000"],
        "worker_class": "gthread",
    }


def test_the_procfile_names_what_there_is() -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()
    assert dict(line.split(": ", 1) for line in lines) == {
        "release": "callrouter db upgrade",
        "web": "gunicorn -c config/gunicorn.py callrouter.wsgi:app",
        "clock": "callrouter clock",
    }


def test_a_schema_is_brought_up_to_date_once(terminal: Terminal, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    terminal.environ["DATABASE_URL"] = url
    assert terminal.ok("db", "status").endswith("run `callrouter db upgrade`\n")
    assert terminal.ok("db", "upgrade").startswith(f"{url}: schema none -> 0")
    assert terminal.ok("db", "upgrade").endswith(" already\n")
    assert "`callrouter db upgrade`" not in terminal.ok("db", "status")


def test_the_schema_is_shown_as_json_without_the_password(any_terminal: Terminal) -> None:
    shown = any_terminal.ok("db", "status", "--json")
    database = open_database(any_terminal.environ["DATABASE_URL"])
    assert f'"database": "{database.shown_url}"' in shown
    database.dispose()
