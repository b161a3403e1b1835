"""The accounts file: what stands in it, who may read it, and what happens when others write it."""

import json
import logging
import stat
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from glassline.accounts import Accounts, AccountsError
from glassline.contract import Role


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return Accounts(tmp_path / "var" / "accounts.json")


def test_an_account_is_verified_with_the_password_it_was_given(accounts: Accounts) -> None:
    generated = accounts.add("pi-1", Role.NODE)
    accounts.add("web-1", Role.WEB, "chosen by a person")
    assert accounts.list() == {"pi-1": Role.NODE, "web-1": Role.WEB}
    assert accounts.verify("pi-1", generated) is Role.NODE
    assert accounts.verify("web-1", "chosen by a person") is Role.WEB
    assert accounts.verify("web-1", generated) is None
    assert accounts.verify("pi-2", generated) is None
    assert accounts.verify("pi-1", "") is None
    assert len(generated) >= 32


def test_passwords_stand_nowhere(accounts: Accounts) -> None:
    password = accounts.add("pi-1", Role.NODE)
    accounts.verify("pi-1", password)
    assert password not in accounts.path.read_text()
    assert password not in repr(vars(accounts))


def test_the_file_is_the_owners_alone(accounts: Accounts) -> None:
    accounts.add("pi-1", Role.NODE)
    assert stat.S_IMODE(accounts.path.stat().st_mode) == 0o600
    assert sorted(path.name for path in accounts.path.parent.iterdir()) == [".accounts.json.lock", "accounts.json"]
    accounts.path.chmod(0o640)
    with pytest.raises(AccountsError, match="chmod 600"):
        Accounts(accounts.path).load()


def test_a_removed_account_is_gone_at_once_even_after_it_was_verified(accounts: Accounts) -> None:
    password = accounts.add("pi-1", Role.NODE)
    accounts.verify("pi-1", password)
    accounts.remove("pi-1")
    assert accounts.recall("pi-1", password) is None
    assert accounts.verify("pi-1", password) is None
    with pytest.raises(AccountsError, match="no account pi-1"):
        accounts.remove("pi-1")


def test_a_new_password_replaces_the_remembered_one(accounts: Accounts) -> None:
    old = accounts.add("pi-1", Role.NODE)
    accounts.verify("pi-1", old)
    stamp = accounts.stamp("pi-1")
    accounts.remove("pi-1")
    new = accounts.add("pi-1", Role.NODE)
    assert accounts.stamp("pi-1") != stamp
    assert accounts.verify("pi-1", old) is None
    assert accounts.verify("pi-1", new) is Role.NODE


def test_a_change_by_another_process_is_seen(accounts: Accounts) -> None:
    accounts.add("pi-1", Role.NODE)
    code = "import sys; from glassline.accounts import Accounts; Accounts(sys.argv[1]).add('pi-2', 'node', sys.argv[2])"
    subprocess.run([sys.executable, "-c", code, str(accounts.path), "password 2"], check=True)
    assert accounts.verify("pi-2", "password 2") is Role.NODE


def test_two_processes_that_add_at_once_lose_nothing_and_readers_always_see_a_whole_file(accounts: Accounts) -> None:
    accounts.add("pi-0", Role.NODE)
    code = (
        "import sys; from glassline.accounts import Accounts\n"
        "for n in range(3): Accounts(sys.argv[1]).add(f'{sys.argv[2]}-{n}', 'node')"
    )
    command = [sys.executable, "-c", code, str(accounts.path)]
    writers = [subprocess.Popen([*command, name]) for name in ("a", "b")]
    while any(writer.poll() is None for writer in writers):
        Accounts(accounts.path).load()
        time.sleep(0.001)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert set(accounts.list()) == {"pi-0", *(f"{name}-{n}" for name in "ab" for n in range(3))}


BROKEN = ["", "[]", '{"pi-1": {}}', '{"pi-1": {"role": "king", "hash": "", "mosquitto": ""}}']


def test_a_file_that_breaks_while_running_changes_nobody_and_is_logged(
    accounts: Accounts, caplog: pytest.LogCaptureFixture
) -> None:
    password = accounts.add("pi-1", Role.NODE, "password 1")
    accounts.verify("pi-1", password)
    caplog.set_level(logging.ERROR)
    for text in BROKEN:
        accounts.path.write_text(text)
        caplog.clear()
        for _ in range(3):
            assert accounts.verify("pi-1", password) is Role.NODE
        assert len(caplog.records) == 1
        assert "stay in force" in caplog.text
        with pytest.raises(AccountsError, match="is not an accounts file"):
            Accounts(accounts.path).load()
    with pytest.raises(AccountsError, match="is not an accounts file"):
        accounts.add("pi-2", Role.NODE, "password 2")


def test_without_a_file_nobody_is_known_and_the_remedy_is_named(accounts: Accounts) -> None:
    assert accounts.verify("pi-1", "password") is None
    with pytest.raises(AccountsError, match="Make one with `glassline enroll`"):
        accounts.load()


def test_an_id_or_password_that_cannot_work_is_refused(accounts: Accounts) -> None:
    for id in ("Pi", "pi/1", "pi+", "", "a" * 33):
        with pytest.raises(ValueError, match="expected an id"):
            accounts.add(id, Role.NODE)
    for password in ("short", "x" * 129, "line\nbreak here", " padded password "):
        with pytest.raises(ValueError, match="password") as raised:
            accounts.add("pi-1", Role.NODE, password)
        assert password not in str(raised.value)
    accounts.add("pi-1", Role.NODE, "password 1")
    with pytest.raises(AccountsError, match="there is an account pi-1 already"):
        accounts.add("pi-1", Role.WEB, "password 2")
    accounts.path.write_text(json.dumps({"Not An Id": {"role": "node", "hash": "x", "mosquitto": "x"}}))
    with pytest.raises(AccountsError, match="is no id"):
        Accounts(accounts.path).load()


def test_nobody_is_called_as_the_broker_itself(accounts: Accounts) -> None:
    with pytest.raises(AccountsError, match="choose another"):
        accounts.add("broker", Role.NODE)


def test_a_verified_password_is_recalled_without_hashing_again(accounts: Accounts) -> None:
    password = accounts.add("pi-1", Role.NODE)
    fresh = Accounts(accounts.path)
    assert fresh.recall("pi-1", password) is None
    fresh.verify("pi-1", password)
    begun = time.perf_counter()
    for _ in range(100):
        assert fresh.verify("pi-1", password) is Role.NODE
    assert time.perf_counter() - begun < 0.2
    assert fresh.recall("pi-1", "wrong password") is None


def test_an_unknown_id_takes_as_long_as_a_wrong_password(accounts: Accounts) -> None:
    accounts.add("pi-1", Role.NODE)

    def spent_s(id: str) -> float:
        begun = time.process_time()
        accounts.verify(id, "wrong password")
        return time.process_time() - begun

    wrong, unknown = ([spent_s(id) for _ in range(3)] for id in ("pi-1", "nobody"))
    assert 0.5 < statistics.median(unknown) / statistics.median(wrong) < 2
