from callrouter.config import read_settings


def test_no_secret_is_in_the_repr_of_the_settings() -> None:
    settings = read_settings(
        {
            "DATABASE_URL": "postgresql://callrouter:hidden-1@db.example.com/calls",
            "PUBLIC_URL": "https://calls:hidden-2@calls.example.com",
            "SECRET_KEY": "hidden-3 and sixteen characters",
            "TWILIO_AUTH_TOKEN": "hidden-4",
        }
    )

    assert settings.public_url.startswith("https://calls:hidden-2")
    assert "hidden" not in repr(settings)
