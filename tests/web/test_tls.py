"""The web under TLS, with a certificate of its own."""

import contextlib
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from glassline.contract import Reason
from tests.support.authority import EXPIRED, signed
from tests.support.handshake import negotiated
from tests.support.waiting import until
from web.tls import tls_context

from .certificates import Certificate, make_certificate
from .clients import Page
from .looks import has_seen, look_at
from .processes import ROOT, Web, free_port
from .publishers import NodeLike


def _run(*flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "web", f"--http-port={free_port()}", *flags],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip


def test_it_says_its_https_address_and_serves_the_page_there(tls_web: Web) -> None:
    assert f"open https://127.0.0.1:{tls_web.port}" in tls_web.text()
    assert "Glassline" in tls_web.http.get("/").text


def test_it_speaks_tls_1_2_and_later_only(tls_web: Web) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        assert negotiated(tls_web.port, version) == version.name.replace("_", ".")
    with pytest.raises(ssl.SSLError, match="alert protocol version"), pytest.warns(DeprecationWarning, match="TLSv1_1"):
        negotiated(tls_web.port, ssl.TLSVersion.TLSv1_1)


def test_a_plain_page_may_neither_write_nor_watch(tls_web: Web) -> None:
    own, plain = tls_web.url, tls_web.url.replace("https", "http")
    path = "/api/devices/pi-none/cmd/ping"
    assert tls_web.http.post(path, json={}, headers={"Origin": plain}).status_code == 403
    assert tls_web.http.post(path, json={}, headers={"Origin": own}).status_code != 403
    with pytest.raises(InvalidStatus):
        Page(tls_web, additional_headers={"Origin": plain})
    with Page(tls_web, additional_headers={"Origin": own}):
        pass


def test_who_speaks_plain_http_there_harms_nobody(tls_web: Web) -> None:
    for _ in range(5):
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{tls_web.port}/", timeout=5)
    assert tls_web.get("/health")["ok"] is True
    assert "Traceback" not in tls_web.text()


def test_one_of_certificate_and_key_alone_is_refused(certificate: Certificate) -> None:
    ended = _run(f"--tls-cert={certificate.cert}")
    assert ended.returncode == 2
    assert "set tls_key too" in ended.stderr


def test_files_that_cannot_be_used_are_named_in_one_line(certificate: Certificate, tmp_path: Path) -> None:
    other = make_certificate(tmp_path)
    open_key, text = tmp_path / "open.key", tmp_path / "text"
    open_key.write_bytes(certificate.key.read_bytes())
    open_key.chmod(0o644)
    text.touch(0o600)
    text.write_text("hello")
    for cert, key, said in [
        (certificate.cert, tmp_path / "none.key", "none.key"),
        (certificate.cert, other.key, "does not belong"),
        (certificate.cert, open_key, "chmod 600"),
        (text, certificate.key, "must be PEM"),
    ]:
        ended = _run(f"--tls-cert={cert}", f"--tls-key={key}")
        assert ended.returncode == 1
        [line] = ended.stderr.strip().splitlines()
        assert said in line


def test_the_doctor_looks_at_it_and_at_no_web_with_another_certificate(
    tls_web: Web, node: NodeLike, certificate: Certificate, tmp_path: Path
) -> None:
    node.stream(10)
    with look_at(tls_web.port, node.id, cert=certificate.cert) as look:
        until(lambda: has_seen(look, node.id))
        assert look.place.origin == tls_web.url
        assert not look.seen.error
    other = make_certificate(tmp_path)
    with look_at(tls_web.port, node.id, cert=other.cert) as look:
        until(lambda: look.seen.done)
        assert look.seen.code is Reason.WEB_CERTIFICATE
        assert "signed by none that is trusted here" in look.seen.error
        assert look.seen.answered_at_s is None


def test_the_doctor_names_a_certificate_out_of_its_time_and_a_web_that_speaks_plainly(web: Web, tmp_path: Path) -> None:
    certificate = signed(tmp_path, age=EXPIRED)
    tls = Certificate(cert=certificate.cert, key=certificate.key, ca=certificate.ca)
    listener = socket.create_server(("127.0.0.1", 0))
    context = tls_context(str(tls.cert), str(tls.key))
    threading.Thread(target=_shake_hands, args=(listener, context), daemon=True).start()
    for port, said in ((listener.getsockname()[1], "has expired"), (web.port, "does not speak TLS")):
        with look_at(port, cert=certificate.cert) as look:
            until(lambda look=look: look.seen.done)
            assert look.seen.code is Reason.WEB_CERTIFICATE
            assert said in look.seen.error
    listener.close()


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError):
        while True:
            plug, _ = listener.accept()
            with contextlib.suppress(OSError):
                context.wrap_socket(plug, server_side=True).recv(1)
