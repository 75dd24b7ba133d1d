from pathlib import Path

import pytest
import responses
from click.testing import CliRunner

from callrouter.adapters.storage.engine import open_database
from callrouter.bootstrap import make_cli_context, make_means, make_switchboard
from callrouter.cli.commands import cli
from callrouter.config import read_settings
from callrouter.domain.errors import NotFoundError
from tests.mail_server import serve_mail
from tests.switchboards import SECRET_KEY, SELLER, open_seller


def test_a_new_state_folder_is_for_the_owner_s_eyes(tmp_path: Path, sqlite_url: str) -> None:
    folder = tmp_path / "state"
    environ = {
        "DATABASE_URL": sqlite_url,
        "PUBLIC_URL": "https://calls.example",
        "SECRET_KEY": "x" * 43,
        "CALLROUTER_STATE_DIR": str(folder),
    }
    board = make_switchboard(read_settings(environ))
    board.database.dispose()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_alerts_go_by_the_mail_server_of_the_settings(tmp_path: Path, sqlite_url: str) -> None:
    with serve_mail() as box:
        environ = {
            "DATABASE_URL": sqlite_url,
            "SECRET_KEY": SECRET_KEY,
            "SMTP_URL": f"smtp://127.0.0.1:{box.port}?from=alerts@example.com&tls=off",
        }
        database = open_database(sqlite_url)
        open_seller(database, tables=())
        database.dispose()
        for words in ("alert to add ops --email ops@example.com", "alert test"):
            context = make_cli_context(environ)
            result = CliRunner().invoke(cli, words.split(), obj=context)
            context.database.dispose()
            assert result.exit_code == 0, result.output

    [mail] = box.mails
    assert "To: ops@example.com" in mail
    assert "Nothing is wrong." in mail


@responses.activate
def test_text_messages_go_through_the_seller_s_own_account(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    open_seller(database, tables=())
    environ = {"SECRET_KEY": SECRET_KEY, "TWILIO_API_URL": "http://127.0.0.1:9400"}
    means = make_means(read_settings(environ), database)
    path = f"/2010-04-01/Accounts/{SELLER.account_sid}/Messages.json"
    responses.post(f"http://127.0.0.1:9400{path}", json={"sid": "SM1"}, status=201)

    means.texter_of(SELLER.seller_id).text("+18005550100", "+14155550123", "down")

    assert len(responses.calls) == 1
    assert means.mailer is None
    with pytest.raises(NotFoundError, match="no seller 'nobody'"):
        means.texter_of("nobody")
    database.dispose()
