"""`glassline people`: who may sign in, told from the command line."""

import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

from glassline.accounts import People, PersonRole, PersonTokens

SECRET = "correct horse"
COMMAND = [sys.executable, "-c", "from workbench.main import app; app()", "people"]


def run(*arguments: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=cwd, env=_environment(), input=stdin, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("GLASS_")} | {"PYTHONPATH": os.getcwd()}


def test_people_come_are_shown_change_and_go(tmp_path: Path) -> None:
    people = People(tmp_path / "var" / "people.json")
    added = run("add", "Anna", "--role", "reviewer", cwd=tmp_path, stdin=f"{SECRET}\n")
    assert "Anna may sign in as reviewer" in added.stdout, added.stderr
    assert people.verify("Anna", SECRET) is not None
    made = run("add", "boss", "--role", "admin", "--generate", cwd=tmp_path).stdout
    assert people.verify("boss", made.partition("with the password ")[2].split()[0]) is not None
    assert run("role", "anna", "viewer", cwd=tmp_path).returncode == 0
    assert run("list", cwd=tmp_path).stdout.split() == ["viewer", "Anna", "admin", "boss"]
    (tmp_path / "new").write_text("another password\n")
    (tmp_path / "new").chmod(0o600)
    assert run("password", "Anna", "--password-file", "new", cwd=tmp_path).returncode == 0
    assert people.verify("Anna", "another password") is not None
    assert run("remove", "Anna", cwd=tmp_path).returncode == 0
    assert people.find("Anna") is None


def test_a_password_is_asked_for_twice_at_a_terminal_and_not_shown(tmp_path: Path) -> None:
    mine, theirs = pty.openpty()
    child = subprocess.Popen(
        [*COMMAND, "add", "boss", "--role", "admin"], cwd=tmp_path, env=_environment(), stdin=theirs, stdout=theirs,
        stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    seen = _until(mine, "password: ")
    os.write(mine, f"{SECRET}\n".encode())
    seen += _until(mine, "once more: ")
    os.write(mine, f"{SECRET}\n".encode())
    seen += _until(mine, "may sign in")
    assert child.wait(30) == 0
    os.close(mine)
    assert SECRET not in seen
    assert People(tmp_path / "var" / "people.json").verify("boss", SECRET) is not None


def _until(fd: int, text: str) -> str:
    seen, end_s = "", time.monotonic() + 30
    while text not in seen:
        assert time.monotonic() < end_s, seen
        if select.select([fd], [], [], 1)[0]:
            seen += os.read(fd, 1000).decode()
    return seen


def test_a_fault_is_one_sentence_and_changes_nothing(tmp_path: Path) -> None:
    run("add", "boss", "--role", "admin", cwd=tmp_path, stdin=f"{SECRET}\n")
    for arguments, said in [
        (("remove", "boss"), "last admin"),
        (("remove", "nobody"), "nobody called nobody"),
        (("password", "nobody"), "nobody called nobody"),
        (("add", "boss", "--role", "viewer"), "already"),
        (("add", "short", "--role", "viewer"), "8 to 128 characters"),
        (("list", "--people", "elsewhere.json"), "glassline people add"),
    ]:
        ended = run(*arguments, cwd=tmp_path, stdin="short\n" if "short" in arguments else f"{SECRET}\n")
        assert ended.returncode == 1, arguments
        assert said in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1
    assert [person.name for person in People(tmp_path / "var" / "people.json").list()] == ["boss"]


def test_the_file_is_the_one_that_the_settings_name_and_else_it_is_said_that_nobody_is_asked(tmp_path: Path) -> None:
    said = run("add", "boss", "--role", "admin", cwd=tmp_path, stdin=f"{SECRET}\n").stdout
    assert 'set people = "var/people.json" in [web]' in said
    (tmp_path / "glassline.toml").write_text('[web]\npeople = "those.json"\n')
    said = run("add", "boss", "--role", "admin", cwd=tmp_path, stdin=f"{SECRET}\n").stdout
    assert "set people" not in said
    person = People(tmp_path / "those.json").find("boss")
    assert person is not None
    assert person.role is PersonRole.ADMIN


def test_a_script_gets_a_token_which_is_shown_once_and_taken_away(tmp_path: Path) -> None:
    people = People(tmp_path / "var" / "people.json")
    people.add("Anna", PersonRole.REVIEWER, SECRET)
    secret = run("token", "add", "anna", "report", "--role", "reviewer", "--days", "7", cwd=tmp_path).stdout.strip()
    tokens = PersonTokens(people.path)
    token = tokens.find(secret)
    assert token is not None
    assert (token.owner, token.name, token.role) == ("Anna", "report", PersonRole.REVIEWER)
    listed = run("token", "list", cwd=tmp_path).stdout
    assert "Anna: report" in listed
    assert secret not in listed + tokens.path.read_text()
    assert "no token of theirs" in run("token", "add", "anna", "more", "--role", "admin", cwd=tmp_path).stderr
    assert run("token", "remove", token.id, cwd=tmp_path).returncode == 0
    assert tokens.find(secret) is None
    assert run("token", "remove", token.id, cwd=tmp_path).returncode == 1
