"""`glassline enroll --token` and `rotate --token`: the credentials wait for whoever brings the token."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from glassline.accounts import Accounts, AccountsError
from glassline.accounts.tokens import TokenError, Tokens
from glassline.contract import Role
from glassline.program.credentials import Credentials, parse_credentials
from tests.support.authority import signed


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "workbench.main", *arguments, "--accounts", str(folder / "accounts.json")]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def token_in(said: "subprocess.CompletedProcess[str]") -> str:
    assert said.returncode == 0, said.stderr
    return re.findall(r"^glassline1\..+$", said.stdout, re.MULTILINE)[0]


def redeemed(folder: Path, token: str, *, after: timedelta = timedelta()) -> Credentials:
    return parse_credentials(Tokens(folder / "tokens.json").redeem(token, now=datetime.now(UTC) + after))


def test_the_token_stands_for_credentials_that_lie_nowhere(tmp_path: Path) -> None:
    signed(tmp_path)
    token = token_in(run(tmp_path, "enroll", "pi-1", "--role", "node", "--token"))
    assert not (tmp_path / "credentials").exists()
    assert re.search(r"^node +pi-1 +its token is good until", run(tmp_path, "accounts").stdout)
    made = redeemed(tmp_path, token)
    assert Accounts(tmp_path / "accounts.json").verify("pi-1", made.password) is Role.NODE
    assert made.broker == "mqtts://localhost:8883"
    assert "token" not in run(tmp_path, "accounts").stdout
    with pytest.raises(TokenError):
        redeemed(tmp_path, token)


def test_another_token_takes_the_place_of_one_that_nobody_used(tmp_path: Path) -> None:
    signed(tmp_path)
    first, second = (token_in(run(tmp_path, "enroll", "pi-1", "--role", "node", "--token")) for _ in range(2))
    with pytest.raises(TokenError):
        redeemed(tmp_path, first)
    made = redeemed(tmp_path, second)
    assert Accounts(tmp_path / "accounts.json").verify("pi-1", made.password) is Role.NODE
    again = run(tmp_path, "enroll", "pi-1", "--role", "node", "--token")
    assert again.returncode == 1, "an account that is used is not replaced"
    assert "glassline rotate pi-1" in again.stderr


@pytest.mark.parametrize("late", [False, True])
def test_a_rotation_is_not_finished_while_its_device_has_not_fetched_the_new_password(
    tmp_path: Path, late: bool
) -> None:
    signed(tmp_path)
    before = redeemed(tmp_path, token_in(run(tmp_path, "enroll", "pi-1", "--role", "node", "--token")))
    token = token_in(run(tmp_path, "rotate", "pi-1", "--token"))
    if late:
        with pytest.raises(TokenError):
            redeemed(tmp_path, token, after=timedelta(hours=2))
    refused = run(tmp_path, "rotate", "pi-1", "--finish")
    assert refused.returncode == 1
    assert "pi-1 has not fetched its new password" in refused.stderr
    accounts = Accounts(tmp_path / "accounts.json")
    assert accounts.verify("pi-1", before.password) is Role.NODE
    assert run(tmp_path, "rotate", "pi-1", "--finish", "--force").returncode == 0
    assert accounts.verify("pi-1", before.password) is None
    assert accounts.verify("pi-1", redeemed(tmp_path, token).password) is Role.NODE, "the token stays good"


@pytest.mark.parametrize("waits", ["rotate --token", "enroll --token, expired", "rotate to a file"])
def test_an_account_that_may_be_in_use_is_not_made_anew(tmp_path: Path, waits: str) -> None:
    """A token that waits says nothing about the account, unless it was made for that token."""
    signed(tmp_path)
    enrolled = token_in(run(tmp_path, "enroll", "pi-1", "--role", "node", "--token"))
    if waits == "rotate --token":
        redeemed(tmp_path, enrolled)
        token_in(run(tmp_path, "rotate", "pi-1", "--token"))
    elif waits == "rotate to a file":
        assert run(tmp_path, "rotate", "pi-1").returncode == 0
    else:
        _expire(tmp_path / "tokens.json")
    before = (tmp_path / "accounts.json").read_text()
    refused = run(tmp_path, "enroll", "pi-1", "--role", "node", "--token")
    assert refused.returncode == 1
    assert "there is an account pi-1 already" in refused.stderr
    assert (tmp_path / "accounts.json").read_text() == before


def _expire(file: Path) -> None:
    entries = json.loads(file.read_text())
    for entry in entries.values():
        entry["expires_at"] = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    file.write_text(json.dumps(entries))


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that other users reach: pytest's own are closed to them."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_among_accounts_of_root_the_webs_user_owns_the_tokens(reachable: Path) -> None:
    """As mosquitto.conf's head says."""
    folder, own = reachable, reachable / "tokens"
    signed(folder)
    own.mkdir(0o700)
    os.chown(own, 65534, 65534)
    enrolled = run(folder, "enroll", "pi-1", "--role", "node", "--token")
    token = token_in(enrolled)
    assert f"must be {own}/tokens.json" in enrolled.stdout
    assert {one.stat().st_uid for one in own.iterdir()} == {65534}
    os.seteuid(65534)
    try:
        Tokens(own / "tokens.json").check()
        assert "pi-1" in Tokens(own / "tokens.json").redeem(token, now=datetime.now(UTC))
        with pytest.raises(AccountsError, match="cannot change the tokens file"):
            Tokens(folder / "tokens.json").check()
    finally:
        os.seteuid(0)


def test_it_lives_as_long_as_was_said(tmp_path: Path) -> None:
    signed(tmp_path)
    token = token_in(run(tmp_path, "enroll", "pi-1", "--role", "node", "--token", "--minutes", "5"))
    with pytest.raises(TokenError):
        redeemed(tmp_path, token, after=timedelta(minutes=5, seconds=1))


def test_without_a_ca_there_is_no_token_and_no_account(tmp_path: Path) -> None:
    refused = run(tmp_path, "enroll", "pi-1", "--role", "node", "--token")
    assert refused.returncode == 1
    assert "glassline ca init" in refused.stderr
    assert not (tmp_path / "accounts.json").exists()


def test_revoking_takes_the_token_away(tmp_path: Path) -> None:
    signed(tmp_path)
    token = token_in(run(tmp_path, "enroll", "pi-1", "--role", "node", "--token"))
    assert run(tmp_path, "revoke", "pi-1").returncode == 0
    with pytest.raises(TokenError):
        redeemed(tmp_path, token)


def test_a_rotation_by_token_gives_the_new_password_while_the_old_one_works_on(tmp_path: Path) -> None:
    signed(tmp_path)
    before = redeemed(tmp_path, token_in(run(tmp_path, "enroll", "pi-1", "--role", "node", "--token")))
    after = redeemed(tmp_path, token_in(run(tmp_path, "rotate", "pi-1", "--token")))
    accounts = Accounts(tmp_path / "accounts.json")
    assert accounts.verify("pi-1", before.password) is accounts.verify("pi-1", after.password) is Role.NODE
    assert run(tmp_path, "rotate", "pi-1", "--finish").returncode == 0
    assert accounts.verify("pi-1", before.password) is None
    assert accounts.verify("pi-1", after.password) is Role.NODE
