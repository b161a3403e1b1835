"""The private CA, judged by OpenSSL and by Python's strictest verification."""

import os
import socket
import ssl
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from glassline.accounts import AccountsError
from glassline.accounts.authority import Authority, facts_of, machine_names
from glassline.accounts.shared_files import write_shared
from tests.support.authority import signed
from tests.support.embedded_broker import embedded_broker


def openssl(*arguments: str) -> str:
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=True, timeout=20).stdout


def test_openssl_finds_the_chain_good_and_says_what_we_say(tmp_path: Path) -> None:
    made = signed(tmp_path, names=("server.local", "192.0.2.1", "2001:db8::1"))
    chain = ["-x509_strict", "-purpose", "sslserver", "-CAfile", str(made.ca), str(made.cert)]
    for name in (["-verify_hostname", "server.local"], ["-verify_ip", "192.0.2.1"], ["-verify_ip", "2001:db8::1"]):
        assert openssl("verify", *name, *chain).endswith(": OK\n")
    facts = facts_of(made.cert)
    assert facts.names == ("server.local", "192.0.2.1", "2001:db8::1")
    assert f"={facts.fingerprint_text}\n" in openssl("x509", "-in", str(made.cert), "-noout", "-fingerprint", "-sha256")
    days = (facts.not_after - facts.not_before).days
    assert 365 < days <= 825, "Apple's devices take none that lives longer"


def test_python_at_its_strictest_trusts_it(tmp_path: Path) -> None:
    with embedded_broker(certificate=signed(tmp_path)) as running:
        context = ssl.create_default_context(cafile=str(running.ca))
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        with (
            socket.create_connection(("127.0.0.1", running.tls_port), 5) as plug,
            context.wrap_socket(plug, server_hostname="localhost") as tls,
        ):
            assert tls.version() == "TLSv1.3"


def test_a_server_certificate_cannot_sign_another(tmp_path: Path) -> None:
    made = signed(tmp_path)
    text = openssl("x509", "-in", str(made.cert), "-noout", "-text")
    assert "CA:FALSE" in text
    assert "Certificate Sign" not in text
    assert "CA:TRUE, pathlen:0" in openssl("x509", "-in", str(made.ca), "-noout", "-text")


def test_keys_are_closed_and_a_ca_that_is_there_stays(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    Authority.make(tmp_path, "One", now)
    before = [(tmp_path / name).read_bytes() for name in ("ca.crt", "ca.key")]
    assert stat.S_IMODE((tmp_path / "ca.key").stat().st_mode) == 0o600
    with pytest.raises(AccountsError, match="there is a CA in"):
        Authority.make(tmp_path, "Two", now)
    (tmp_path / "ca.crt").unlink()
    with pytest.raises(AccountsError, match="there is a CA in"):
        Authority.make(tmp_path, "Two", now)
    assert (tmp_path / "ca.key").read_bytes() == before[1]


def test_a_ca_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    with pytest.raises(AccountsError, match="glassline ca init"):
        Authority.load(tmp_path)
    Authority.make(tmp_path / "a", "A", datetime.now(UTC))
    Authority.make(tmp_path / "b", "B", datetime.now(UTC))
    key = tmp_path / "a" / "ca.key"
    key.chmod(0o644)
    with pytest.raises(AccountsError, match="chmod 600"):
        Authority.load(tmp_path / "a")
    key.chmod(0o600)
    key.write_bytes((tmp_path / "b" / "ca.key").read_bytes())
    with pytest.raises(AccountsError, match="do not belong together"):
        Authority.load(tmp_path / "a")
    key.write_text("nothing")
    with pytest.raises(AccountsError, match="damaged"):
        Authority.load(tmp_path / "a")


@pytest.mark.parametrize("name", ["", "a b", "-x", "a..b", "http://server", "server:8883", "größe", "x" * 64])
def test_what_is_no_name_gets_no_certificate(tmp_path: Path, name: str) -> None:
    authority = Authority.make(tmp_path, "CA", datetime.now(UTC))
    with pytest.raises(ValueError, match="expected a host name or an address"):
        authority.issue(["localhost", name], datetime.now(UTC))


def test_this_machine_is_known_by_its_name_its_local_name_and_its_addresses() -> None:
    names = machine_names()
    short = socket.gethostname().partition(".")[0].lower()
    assert {f"{short}.local", short, "localhost", "127.0.0.1", "::1"} <= set(names)
    assert names[0] == f"{short}.local"


def test_a_shared_file_stays_readable_for_who_could_read_it_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "passwords"
    write_shared(path, "one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    write_shared(path, "two")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o600)
    other = tmp_path / "other"
    other.write_text("not yours")
    before = other.stat()
    path.unlink()
    path.symlink_to(other)
    write_shared(path, "three")
    assert not path.is_symlink(), "a link is replaced, not followed"
    assert (other.read_text(), other.stat().st_uid, other.stat().st_mode) == (
        "not yours",
        before.st_uid,
        before.st_mode,
    )


@pytest.mark.parametrize("others", [False, True])
def test_in_a_folder_that_hands_its_group_on_a_key_is_as_open_as_its_reader_takes_it(
    tmp_path: Path, others: bool
) -> None:
    """The group reads what is another user's, as mosquitto's; the own key is closed, and the CA's is so always."""
    if others and os.geteuid() != 0:
        pytest.skip("only root can write into another user's folder")
    tmp_path.chmod(0o2750)
    if others:
        os.chown(tmp_path, 65534, 65534)
    Authority.make(tmp_path, "CA", datetime.now(UTC))
    write_shared(tmp_path / "server.key", "secret")
    facts = {name: (tmp_path / name).stat() for name in ("ca.key", "server.key")}
    assert stat.S_IMODE(facts["ca.key"].st_mode) == 0o600
    assert stat.S_IMODE(facts["server.key"].st_mode) == (0o640 if others else 0o600)
    assert {one.st_uid for one in facts.values()} == {tmp_path.stat().st_uid}
    assert Authority.load(tmp_path).pem
