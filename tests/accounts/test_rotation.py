"""An account whose password changes over."""

from pathlib import Path

import pytest

from glassline.accounts import Accounts, AccountsError, mosquitto_files
from glassline.contract import Role


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return Accounts(tmp_path / "accounts.json")


def test_both_passwords_work_until_the_end_and_then_the_new_one_alone(accounts: Accounts) -> None:
    old = accounts.add("pi-1", Role.NODE)
    stamp = accounts.stamp("pi-1")
    new = accounts.begin_rotation("pi-1")
    for password in (old, new, old):
        assert accounts.verify("pi-1", password) is Role.NODE
    assert accounts.stamp("pi-1") == stamp, "open connections go on"
    assert accounts.is_in_force("pi-1", old)
    assert not accounts.is_in_force("pi-1", new)
    accounts.end_rotation("pi-1")
    assert accounts.recall("pi-1", old) is None
    assert accounts.verify("pi-1", old) is None
    assert accounts.verify("pi-1", new) is Role.NODE
    assert accounts.stamp("pi-1") != stamp
    with pytest.raises(AccountsError, match="no new password"):
        accounts.end_rotation("pi-1")
    for change in (accounts.begin_rotation, accounts.end_rotation):
        with pytest.raises(AccountsError, match="there is no account pi-2"):
            change("pi-2")


def test_mosquitto_knows_one_password_the_old_one_until_the_end(accounts: Accounts, tmp_path: Path) -> None:
    accounts.add("pi-1", Role.NODE)
    before = mosquitto_files(accounts, tmp_path)[0].read_text()
    accounts.begin_rotation("pi-1")
    assert mosquitto_files(accounts, tmp_path)[0].read_text() == before
    accounts.end_rotation("pi-1")
    assert mosquitto_files(accounts, tmp_path)[0].read_text() != before


def test_neither_password_stands_in_the_file(accounts: Accounts) -> None:
    both = accounts.add("pi-1", Role.NODE), accounts.begin_rotation("pi-1")
    assert not any(password in accounts.path.read_text() for password in both)
