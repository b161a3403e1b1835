"""The doctor looks at the web as people reach it: directly, through a proxy, from a laptop."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.embedded_broker import free_port, wait_for_port
from tests.support.proxy import Proxy
from tests.support.waiting import until
from workbench.doctor.pictures import Pictures
from workbench.doctor.web_look import MOST_WATCHED, WebLook
from workbench.doctor.web_place import WebPlace

from .conftest import Line, run_doctor


def with_public_url(line: Line, folder: Path, url: str) -> Path:
    config = folder / "glassline.toml"
    config.write_text(line.site.config.read_text().replace("[web]\n", f'[web]\npublic_url = "{url}"\n'))
    return config


def test_a_laptop_with_nothing_set_up_sees_the_chain_through_the_page(line: Line, tmp_path: Path) -> None:
    told = run_doctor("--json", "--web", line.site.url, folder=tmp_path)
    assert told.code == 0, told.text
    assert set(told.states.values()) == {"ok"}, told.text
    assert (told.json["device"], told.json["programs"]) == ("pi-1", {})


def test_a_proxy_that_is_set_up_well_is_no_fault(line: Line, tmp_path: Path) -> None:
    with Proxy(line.site.web_port) as proxy:
        with_public_url(line, tmp_path, proxy.url)
        told = run_doctor("--json", folder=tmp_path)
    assert (told.code, told.causes) == (0, []), told.text
    assert proxy.url in [web["address"] for web in told.json["seen"]["webs"]]


@pytest.mark.parametrize(
    ("wrong", "code", "remedy"),
    [
        ({"websocket": False}, "web.websocket_blocked", "proxy_set_header Upgrade"),
        ({"swallows": True}, "web.websocket_blocked", "proxy_set_header Upgrade"),
        ({"host": "127.0.0.1:1"}, "web.origin_refused", "proxy_set_header Host"),
        ({"host": "glass.example"}, "web.origin_refused", "proxy_set_header Host"),
    ],
)
def test_a_proxy_that_is_set_up_wrongly_is_named(
    line: Line, tmp_path: Path, wrong: dict[str, object], code: str, remedy: str
) -> None:
    with Proxy(line.site.web_port, **wrong) as proxy:  # type: ignore[arg-type]
        with_public_url(line, tmp_path, proxy.url)
        told = run_doctor("--json", folder=tmp_path)
        laptop = run_doctor("--json", "--web", proxy.url, folder=tmp_path / "..")
    assert (told.code, told.causes) == (1, [code]), told.text
    assert proxy.url in told.json["first_cause"]["sentence"]
    assert remedy in told.remedy(code)
    assert (laptop.code, laptop.cause) == (1, code), laptop.text


def test_another_program_on_the_webs_port_is_named_with_its_number(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "glassline.toml").write_text(f"[web]\nhttp_port = {port}\n")
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
        try:
            wait_for_port(port, other)
            told = run_doctor("--json", folder=tmp_path)
        finally:
            other.terminate()
    assert "web.not_glassline" in told.causes, told.text
    assert f"-m http.server (pid {other.pid})" in told.text


def test_a_page_where_nobody_listens_is_a_web_that_is_down(tmp_path: Path) -> None:
    told = run_doctor("--json", "--web", f"http://127.0.0.1:{free_port()}", folder=tmp_path)
    assert (told.code, told.cause) == (1, "web.down"), told.text


@pytest.mark.parametrize("url", ["ftp://glass.example", "https://me:secret@glass.example", "https://glass.example/x"])
def test_an_address_that_is_none_of_a_page_is_refused(tmp_path: Path, url: str) -> None:
    told = run_doctor("--web", url, folder=tmp_path)
    assert told.code == 2
    assert "https://glass.example" in told.complaint
    (tmp_path / "glassline.toml").write_text(f'[web]\npublic_url = "{url}"\n')
    wrong = run_doctor("--json", folder=tmp_path)
    assert "settings.wrong" in wrong.causes, wrong.text
    assert "secret@" not in wrong.text


def test_of_more_nodes_than_a_web_takes_in_one_wish_the_first_are_watched(line: Line) -> None:
    pictures = Pictures()
    ids = ["pi-1", *(f"gone-{n}" for n in range(60))]
    with WebLook(WebPlace.parse(line.site.url), devices=ids, pictures=pictures) as look:
        until(lambda: pictures.web_at_s("pi-1") is not None, 15, what=lambda: look.seen)
    assert len(look.seen.watched) == MOST_WATCHED < len(look.seen.devices)
