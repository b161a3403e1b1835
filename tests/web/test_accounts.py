"""The web with an account of its own: what its role allows on a real mosquitto is all that it needs."""

from pathlib import Path

import pytest

from glassline.contract import Role
from tests.support.mosquitto import mosquitto
from tests.support.waiting import until

from .clients import Page
from .processes import Web
from .publishers import NodeLike


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.touch(0o600)
    return path


def test_lease_picture_command_and_presence_pass_with_the_roles_permissions(tmp_path: Path, secret: Path) -> None:
    with mosquitto({"pi-1": Role.NODE, "web-1": Role.WEB}) as broker:
        address = f"mqtt://127.0.0.1:{broker.port}"
        secret.write_text(broker.passwords["web-1"])
        with (
            Web(tmp_path, broker=address, password_file=str(secret)) as web,
            NodeLike(address, "pi-1", password=broker.passwords["pi-1"]) as node,
            Page(web, "pi-1") as page,
        ):
            until(lambda: node.leases and node.leases[-1][1] == "web-1")
            sent = node.publish_frame()
            until(lambda: page.pictures and page.pictures[-1].jpeg == sent)
            answer = web.http.post("/api/devices/pi-1/cmd/ping", json={})
            assert answer.status_code == 200, answer.text
            until(lambda: web.http.get("/api/devices/web-1").json().get("online"))


def test_a_wrong_password_is_said_and_the_page_goes_on(tmp_path: Path, secret: Path) -> None:
    with mosquitto({"pi-1": Role.NODE, "web-1": Role.WEB}) as broker:
        secret.write_text("wrong")
        address = f"mqtt://127.0.0.1:{broker.port}"
        with Web(tmp_path, broker=address, password_file=str(secret)) as web:
            state = until(lambda: (b := web.get("/health")["broker"])["code"] and b)
            assert state["code"] == "broker.bad_credentials"
            with Page(web) as page:
                hello = until(lambda: page.of("hello"))[0]
                assert hello["chain"]["first_cause"]["code"] == "broker.bad_credentials"


def test_a_secret_that_others_can_read_is_refused_in_one_line(tmp_path: Path, secret: Path) -> None:
    secret.write_text("x")
    secret.chmod(0o644)
    with pytest.raises(AssertionError, match="chmod 600"):
        Web(tmp_path, broker="mqtt://127.0.0.1:1", password_file=str(secret))
