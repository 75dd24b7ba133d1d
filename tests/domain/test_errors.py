import pytest

from callrouter.domain.errors import (
    CallrouterError,
    CarrierUnavailableError,
    ChangedUnderneathError,
    DeliveryFailedError,
    FileProblem,
    NotFoundError,
    PolicyFileError,
    RefusedError,
    SettingsError,
    StorageUnavailableError,
)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        pytest.param(SettingsError, 500, id="settings"),
        pytest.param(RefusedError, 422, id="refused"),
        pytest.param(NotFoundError, 404, id="not-found"),
        pytest.param(ChangedUnderneathError, 409, id="changed-underneath"),
        pytest.param(StorageUnavailableError, 503, id="storage-unavailable"),
        pytest.param(CarrierUnavailableError, 502, id="carrier-unavailable"),
        pytest.param(DeliveryFailedError, 502, id="delivery-failed"),
    ],
)
def test_each_error_has_the_status_that_it_is_at_the_edge(
    kind: type[CallrouterError], status: int
) -> None:
    assert kind("why").status == status
    assert issubclass(kind, CallrouterError)


def test_a_refused_file_names_every_problem_with_its_file_and_line() -> None:
    problems = (
        FileProblem("roofing.toml", 4, "routes[0].wieght", "unknown key; did you mean weight?"),
        FileProblem("roofing.toml", 9, "limits.ring_s", "should be at least 10"),
    )

    error = PolicyFileError(problems)

    assert isinstance(error, RefusedError)
    assert error.problems == problems
    assert str(error) == (
        "roofing.toml:4: routes[0].wieght: unknown key; did you mean weight?\n"
        "roofing.toml:9: limits.ring_s: should be at least 10"
    )
