"""A machine fetches its credentials with a one-time token: once, from the right server, in time, and by no guessing."""

import json
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from glassline.accounts.authority import Authority
from glassline.accounts.tokens import Tokens
from glassline.contract import Role
from glassline.program import Credentials, client_context, read_credentials
from glassline.program.tokens import Token, fingerprint_of
from tests.support.authority import signed
from workbench.redeeming import MACHINE_ID

from .certificates import Certificate
from .people import code_of
from .processes import ROOT, Web, free_port


@dataclass(frozen=True)
class Server:
    """A web with TLS by the product's CA, at which people sign in, and the tokens it gives credentials for."""

    web: Web
    tokens: Tokens
    ca: str

    def token(self, id: str = "pi-1", life: timedelta = timedelta(minutes=5)) -> str:
        made = Credentials(id, Role.NODE, "mqtts://server.local:8883", f"password-of-{id}", ca=self.ca)
        return self.tokens.issue(made, now=datetime.now(UTC), life=life)

    def post(self, token: str, claimant: str = "") -> httpx.Response:
        return self.web.http.post("/enroll", json={"token": token, "claimant": claimant})


def _server(folder: Path, people: Path, port: int | None = None) -> Server:
    made = signed(folder)
    tls = Certificate(cert=made.cert, key=made.key, ca=made.ca)
    tokens = folder / "tokens.json"
    web = Web(folder, broker="", tls=tls, tokens=tokens, people=people, port=port)
    return Server(web, Tokens(tokens), made.ca.read_text())


@pytest.fixture
def server(tmp_path: Path, people: object) -> Iterator[Server]:
    made = _server(tmp_path, people.path)  # type: ignore[attr-defined]
    with made.web:
        yield made


def expire(file: Path) -> None:
    """As if the life of all its tokens were over."""
    entries = json.loads(file.read_text())
    for entry in entries.values():
        entry["expires_at"] = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    file.write_text(json.dumps(entries))


def join(url: str, token: str, out: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "workbench.main", "join", url, "--out", str(out)]
    return subprocess.run(
        command, input=token + "\n", capture_output=True, text=True, timeout=60, cwd=ROOT, check=False
    )


def test_joining_fetches_the_credentials_once(server: Server, tmp_path: Path) -> None:
    token, out = server.token(), tmp_path / "new" / "pi-1.toml"
    joined = join(server.web.url, token, out)
    assert joined.returncode == 0, joined.stderr
    assert read_credentials(out) == Credentials(
        "pi-1", Role.NODE, "mqtts://server.local:8883", "password-of-pi-1", ca=read_credentials(out).ca
    )
    assert read_credentials(out).ca.strip() == server.ca.strip()
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "password-of-pi-1" not in joined.stdout + joined.stderr + server.web.text()
    assert code_of(server.post(token)) == "web.bad_token"


@pytest.mark.parametrize("cut", ["before the answer came", "before it lay on the disk"])
def test_a_lost_answer_costs_no_token_and_gives_it_to_nobody_else(server: Server, tmp_path: Path, cut: str) -> None:
    token, out = server.token(), tmp_path / "pi-1.toml"
    if cut == "before the answer came":
        machine = Token.parse(token).claimant(MACHINE_ID.read_text().strip())
        assert server.post(token, machine).status_code == 200
    else:
        assert join(server.web.url, token, out).returncode == 0
        out.unlink()
    for claimant in ("", "another"):
        assert code_of(server.post(token, claimant)) == "web.bad_token"
    assert "pi-1" not in server.tokens.pending(), "nobody waits for it"
    joined = join(server.web.url, token, out)
    assert joined.returncode == 0, joined.stderr
    assert read_credentials(out).password == "password-of-pi-1"
    expire(server.tokens.path)
    late = join(server.web.url, token, tmp_path / "late.toml")
    assert late.returncode == 3
    assert "was used" in late.stderr
    assert not (tmp_path / "late.toml").exists()


def test_a_machine_that_does_not_say_who_it_is_gets_one_answer(server: Server) -> None:
    token = server.token()
    assert server.post(token).status_code == 200
    assert code_of(server.post(token)) == "web.bad_token"


def test_the_file_of_tokens_holds_neither_secret_nor_password(server: Server) -> None:
    token = server.token()
    kept = server.tokens.path.read_text()
    assert stat.S_IMODE(server.tokens.path.stat().st_mode) == 0o600
    assert token.split(".")[2] not in kept
    assert "password-of-pi-1" not in kept


def test_of_many_who_bring_one_token_at_the_same_time_one_gets_credentials(server: Server) -> None:
    token = server.token()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.post(token).status_code, range(8)))
    assert sorted(answers)[0] == 200
    assert answers.count(200) == 1


def test_a_token_that_expired_or_was_replaced_is_refused(server: Server) -> None:
    late = server.token("pi-1", life=timedelta(seconds=-1))
    assert code_of(server.post(late)) == "web.bad_token"
    first, second = server.token("pi-2"), server.token("pi-2")
    assert code_of(server.post(first)) == "web.bad_token"
    assert server.post(second).status_code == 200


def test_guessing_is_slow_and_does_not_say_what_was_wrong(server: Server) -> None:
    good = server.token()
    prefix, fingerprint, secret = good.split(".")
    answers = [server.post(f"{prefix}.{fingerprint}.{secret[:-2]}{n:02}") for n in range(30)]
    assert {answer.status_code for answer in answers} == {403, 429}
    assert len({json.dumps(answer.json()) for answer in answers if answer.status_code == 403}) == 1
    assert answers[-1].headers["Retry-After"]
    assert server.post(good).status_code == 429


def test_who_is_not_the_server_of_the_token_never_sees_it(server: Server, tmp_path: Path, people: object) -> None:
    """Another server at the address, with a certificate of another CA, though it answers as it should."""
    token = server.token()
    (tmp_path / "evil").mkdir()
    evil = _server(tmp_path / "evil", people.path)  # type: ignore[attr-defined]
    with evil.web:
        evil.token("pi-1")
        refused = join(evil.web.url, token, tmp_path / "x.toml")
        assert refused.returncode == 1
        assert "POST /enroll" not in evil.web.text()
    evil.tokens.path.write_text(server.tokens.path.read_text())
    relaying = _server_with_tokens(tmp_path / "evil", evil, people.path)  # type: ignore[attr-defined]
    with relaying:
        refused = join(relaying.url, token, tmp_path / "x.toml")
        assert refused.returncode == 1
        assert "not trusted: its certificate was signed by none that is trusted here" in refused.stderr
        assert "The token was not sent" in refused.stderr
    assert server.post(token).status_code == 200, "it is still good"


def test_a_certificate_that_comes_along_with_the_right_one_is_not_trusted(tmp_path: Path) -> None:
    """Another server answers the genuine CA's certificate and its own after it: it could be known by either."""
    now = datetime.now(UTC)
    made = (Authority.make(tmp_path / f"good-{n}", "Glassline CA" + "x" * n, now) for n in range(9))
    good = next(one for one in made if "=\n" in one.pem)  # many decoders end at the padding
    evil = Authority.make(tmp_path / "evil", "evil", now)
    assert fingerprint_of(good.pem)
    for pem in (good.pem + evil.pem, evil.pem + good.pem, f"{good.pem}more"):
        with pytest.raises(ValueError, match="one certificate"):
            fingerprint_of(pem)
    token = str(Token(fingerprint_of(good.pem), bytes(24)))
    with _answering(tmp_path, evil, good.pem + evil.pem) as (url, posted):
        refused = join(url, token, tmp_path / "x.toml")
    assert refused.returncode == 1
    assert "is not the server of this token. The token was not sent" in refused.stderr
    assert posted == []


@contextmanager
def _answering(folder: Path, authority: Authority, pem: str) -> Iterator[tuple[str, list[bytes]]]:
    """A server that `authority` signed for and that answers `pem` to whoever asks; what was posted to it."""
    posted: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(pem.encode())

        def do_POST(self) -> None:
            posted.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_error(403)

    for name, text in zip(("cert", "key"), authority.issue(["127.0.0.1"], datetime.now(UTC)), strict=True):
        (folder / name).write_text(text)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "cert", folder / "key")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.socket = tls.wrap_socket(running.socket, server_side=True)
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"https://127.0.0.1:{running.server_port}", posted
        running.shutdown()
        thread.join()


def _server_with_tokens(folder: Path, evil: Server, people: Path) -> Web:
    """It knows the CA that the token names, and shows it; but it cannot have a certificate by it."""
    tls = Certificate(cert=folder / "tls/server.crt", key=folder / "tls/server.key", ca=folder / "ca/ca.crt")
    return Web(folder, broker="", tls=tls, tokens=evil.tokens.path, people=people)


@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        ("http://127.0.0.1:1", "", "expected an address like https://"),
        ("https://127.0.0.1:99999", "", "expected an address like https://"),
        ("https://[::1", "", "expected an address like https://"),
        ("https://127.0.0.1:1", "glassline1.x.y", "expected a token as"),
        ("CLOSED", "GOOD", "cannot be reached: Connection refused"),
        ("PLAIN", "GOOD", "does not speak TLS"),
    ],
)
def test_what_is_wrong_is_said(server: Server, web: Web, tmp_path: Path, url: str, token: str, said: str) -> None:
    urls = {"CLOSED": f"https://127.0.0.1:{free_port()}", "PLAIN": web.url.replace("http:", "https:")}
    refused = join(urls.get(url, url), server.token() if token == "GOOD" else token, tmp_path / "x.toml")
    assert refused.returncode == 1
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_where_nothing_can_be_written_the_token_stays_good(server: Server, tmp_path: Path) -> None:
    token = server.token()
    (tmp_path / "file").touch()
    refused = join(server.web.url, token, tmp_path / "file" / "pi-1.toml")
    assert refused.returncode == 1
    assert "cannot write" in refused.stderr
    assert "The token was not sent" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert join(server.web.url, token, tmp_path / "pi-1.toml").returncode == 0


def test_a_file_of_tokens_that_cannot_be_used_is_said_to_be_so(server: Server, tmp_path: Path) -> None:
    token = server.token()
    path, lock = server.tokens.path, server.tokens.path.with_name(".tokens.json.lock")
    lock.unlink()
    lock.mkdir()  # root, too, cannot take it
    assert server.post(token).status_code == 503
    assert code_of(server.post(token)) == "web.tokens_unusable"
    lock.rmdir()
    path.chmod(0o644)
    refused = join(server.web.url, token, tmp_path / "x.toml")
    assert refused.returncode == 1
    assert "cannot give credentials: the log of its web says why. The token was not sent" in refused.stderr
    assert code_of(server.post(token)) == "web.tokens_unusable"
    assert "nobody gets credentials: " in server.web.text()
    path.chmod(0o600)
    assert server.post(token).status_code == 200, "it is still good"


def test_the_web_does_not_start_on_tokens_that_it_cannot_read_or_change(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "open.json").write_text("{}")
    (tmp_path / "open.json").chmod(0o644)
    for tokens, said in (("open.json", "others can read the tokens file"), ("file/x.json", "cannot change the tokens")):
        command = [sys.executable, "-m", "web", "--tokens", str(tmp_path / tokens), "--http-port", str(free_port())]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=ROOT, check=False)
        assert ended.returncode == 1
        assert ended.stderr.startswith(f"web: {said}")
        assert ended.stderr.count("\n") == 1


def test_joining_anew_keeps_the_password_before_until_the_broker_has_changed_over(
    server: Server, tmp_path: Path
) -> None:
    out = tmp_path / "pi-1.toml"
    assert join(server.web.url, server.token(), out).returncode == 0
    made = Credentials("pi-1", Role.NODE, "mqtts://server.local:8883", "the-new-password", ca=server.ca)
    assert join(server.web.url, server.tokens.issue(made, now=datetime.now(UTC)), out).returncode == 0
    assert read_credentials(out).passwords == ("the-new-password", "password-of-pi-1")
    other = join(server.web.url, server.token("pi-2"), out)
    assert other.returncode == 1
    assert "holds the credentials of pi-1, not of pi-2" in other.stderr
    assert read_credentials(out).id == "pi-1"


def test_a_web_without_tls_gives_nothing_and_one_without_tokens_has_no_such_page(
    tmp_path: Path, tls_web: Web, server: Server
) -> None:
    with Web(tmp_path, broker="", id="web-plain", tokens=server.tokens.path) as plain:
        assert code_of(plain.http.post("/enroll", json={"token": server.token()})) == "web.not_encrypted"
    assert tls_web.http.post("/enroll", json={"token": server.token()}).status_code == 404


def test_the_ca_is_given_to_who_knows_its_fingerprint(server: Server) -> None:
    token = server.token()
    assert server.web.http.get("/enroll/ca/" + "00" * 32).status_code == 404
    assert server.web.http.get("/enroll/ca/nothing").status_code == 404
    pem = server.web.http.get(f"/enroll/ca/{Token.parse(token).fingerprint.hex()}").text
    assert client_context(ca=pem).get_ca_certs()
