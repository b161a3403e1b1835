"""Since when a node can have heard that somebody watches."""

from datetime import UTC, datetime, timedelta

import pytest

from glassline.contract.messages import Health, Info
from workbench.doctor.heard import Heard

NOW = datetime.now(UTC)
HEARD_S = 1000.0


def heard(*, uptime_s: float, connected_s: float) -> Heard:
    """A node whose last health came at HEARD_S, so long after its start and after its birth certificate."""
    one = Heard("pi-1", status="online", health_at_s=HEARD_S)
    one.health = Health(boot="0123abcd", seq=2, ts=NOW, state="ok", uptime_s=uptime_s, viewers=0)
    one.info = Info(
        boot="0123abcd", seq=1, ts=NOW - timedelta(seconds=connected_s), role="node", id="pi-1", version="1",
        started_at=NOW - timedelta(seconds=uptime_s),
    )  # fmt: skip
    return one


@pytest.mark.parametrize(
    ("uptime_s", "connected_s", "at_s"), [(0.5, 0.5, 999.5), (400.0, 400.0, 600.0), (400.0, 2.0, 998.0)]
)
def test_it_came_to_the_broker_with_its_last_birth_certificate(
    uptime_s: float, connected_s: float, at_s: float
) -> None:
    assert heard(uptime_s=uptime_s, connected_s=connected_s).connected_at_s == pytest.approx(at_s)


def test_without_its_birth_certificate_it_came_when_it_was_started_and_unheard_never() -> None:
    one = heard(uptime_s=30.0, connected_s=2.0)
    one.info = None
    assert one.connected_at_s == pytest.approx(970.0)
    assert Heard("pi-1").connected_at_s == 0.0
