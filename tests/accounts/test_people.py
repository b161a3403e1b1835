"""The people file: who may sign in, and how it is changed while a web reads it."""

import os
import stat
import statistics
import time
from pathlib import Path

import pytest

from glassline.accounts import AccountsError, People, PersonRole

SECRET = "correct horse"
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def people(tmp_path: Path) -> People:
    return People(tmp_path / "var" / "people.json")


@pytest.fixture
def some(people: People) -> People:
    people.add("Anna Müller", PersonRole.REVIEWER, SECRET)
    people.add("boss", PersonRole.ADMIN, "another password")
    return people


def test_a_person_is_verified_by_the_own_password_alone(some: People) -> None:
    person = some.verify("Anna Müller", SECRET)
    assert person is not None
    assert (person.name, person.role) == ("Anna Müller", PersonRole.REVIEWER)
    assert some.verify("Anna Müller", "another password") is None
    assert some.verify("Anna Müller", "") is None
    assert some.verify("nobody", SECRET) is None


def test_a_name_is_one_however_it_is_typed(some: People) -> None:
    for typed in ("anna müller", "ANNA MÜLLER", "Anna Mu\u0308ller"):
        person = some.verify(typed, SECRET)
        assert person is not None
        assert person.name == "Anna Müller"
        with pytest.raises(AccountsError, match="already"):
            some.add(typed, PersonRole.ADMIN, "password three")


def test_a_password_is_one_however_its_accents_are_sent(people: People) -> None:
    people.add("boss", PersonRole.ADMIN, "schl\u00fcssel-1")
    assert people.verify("boss", "schlu\u0308ssel-1") is not None


def test_the_file_is_the_owners_alone_and_holds_no_password(some: People) -> None:
    assert stat.S_IMODE(some.path.stat().st_mode) == 0o600
    assert SECRET not in some.path.read_text()
    some.path.chmod(0o644)
    with pytest.raises(AccountsError, match="chmod 600"):
        People(some.path).load()


def test_a_stamp_changes_with_the_role_and_the_password_and_nothing_else(some: People) -> None:
    stamp = some.get("anna müller").stamp
    some.add("other", PersonRole.VIEWER, SECRET)
    assert some.get("anna müller").stamp == stamp
    some.change("anna müller", role=PersonRole.VIEWER)
    demoted = some.get("anna müller").stamp
    some.change("anna müller", password=SECRET)
    assert len({stamp, demoted, some.get("anna müller").stamp}) == 3


def test_one_that_is_removed_and_added_again_is_another(some: People) -> None:
    before = some.get("Anna Müller").stamp
    some.remove("Anna Müller")
    assert some.verify("Anna Müller", SECRET) is None
    some.add("Anna Müller", PersonRole.REVIEWER, SECRET)
    assert some.get("Anna Müller").stamp != before


def test_the_last_admin_stays(some: People) -> None:
    with pytest.raises(AccountsError, match="last admin"):
        some.remove("boss")
    with pytest.raises(AccountsError, match="last admin"):
        some.change("boss", role=PersonRole.VIEWER)
    some.change("Anna Müller", role=PersonRole.ADMIN)
    some.remove("boss")
    assert [person.name for person in some.list()] == ["Anna Müller"]


def test_the_first_admin_is_made_once_and_its_password_lies_in_a_closed_file(people: People) -> None:
    made = people.first_admin()
    assert made is not None
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    person = people.verify("admin", made.read_text().strip())
    assert person is not None
    assert person.role is PersonRole.ADMIN
    assert people.first_admin() is None
    people.change("admin", password="chosen by a person")
    assert not made.exists()
    assert people.first_admin() is None


def test_with_somebody_there_no_admin_is_made(some: People) -> None:
    assert some.first_admin() is None
    assert not some.first_password.exists()


@pytest.mark.parametrize("name", ["", " anna", "anna ", "a\nb", "a\u202eb", "x" * 61])
def test_a_name_that_could_be_mistaken_is_refused(people: People, name: str) -> None:
    with pytest.raises(ValueError, match="expected a name"):
        people.add(name, PersonRole.VIEWER, SECRET)


def test_a_name_may_hold_any_letters_also_those_of_markup(people: People) -> None:
    for name in (EVIL, "李雷", "O'Hara"):
        people.add(name, PersonRole.VIEWER, SECRET)
    assert {person.name for person in People(people.path).list()} == {EVIL, "李雷", "O'Hara"}


@pytest.mark.parametrize("password", ["short", "x" * 129, "line\nbreak here", " padded password "])
def test_a_password_that_cannot_work_is_refused_and_not_repeated(people: People, password: str) -> None:
    with pytest.raises(ValueError, match="password") as raised:
        people.add("anna", PersonRole.VIEWER, password)
    assert password not in str(raised.value)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"a": {}}', '{"a": {"role": "king", "hash": "x"}}', '{" a": {"role": "viewer", "hash": "x"}}']
)
def test_a_file_that_breaks_while_running_changes_nobody(some: People, text: str) -> None:
    some.path.write_text(text)
    assert some.find("boss") is not None
    with pytest.raises(AccountsError, match="is not a people file"):
        People(some.path).load()


def test_a_name_that_nobody_has_takes_as_long_as_a_wrong_password(some: People) -> None:
    def spent_s(name: str) -> float:
        begun = time.process_time()
        some.verify(name, "wrong password")
        return time.process_time() - begun

    wrong, unknown = ([spent_s(name) for _ in range(5)] for name in ("boss", "nobody"))
    assert 0.5 < statistics.median(unknown) / statistics.median(wrong) < 2


def test_each_role_may_what_those_before_it_may() -> None:
    viewer, reviewer, admin = PersonRole
    assert [one.may(reviewer) for one in (viewer, reviewer, admin)] == [False, True, True]
    assert all(one.may(viewer) for one in PersonRole)
    assert not reviewer.may(admin)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_writes_belongs_to_the_folders_owner(people: People) -> None:
    people.path.parent.mkdir()
    os.chown(people.path.parent, 65534, 65534)
    people.add("boss", PersonRole.ADMIN, SECRET)
    assert {file.stat().st_uid for file in people.path.parent.iterdir()} == {65534}
    with pytest.raises(AccountsError):
        People(people.path.with_name("others.json")).remove("nobody")
    assert {file.stat().st_uid for file in people.path.parent.iterdir()} == {65534}, "also after a change that failed"
    os.chown(people.path, 65533, 65533)
    people.add("anna", PersonRole.VIEWER, SECRET)
    assert people.path.stat().st_uid == 65533
