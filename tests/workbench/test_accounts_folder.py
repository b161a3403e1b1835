"""Which address credentials name: the one by which that program reaches the broker of this machine."""

from pathlib import Path

import pytest

from tests.support.authority import signed
from workbench.accounts_folder import DEFAULT, AccountsFolder

HERE, THERE = "mqtt://127.0.0.1:1883", "mqtts://glass.example:8883"


@pytest.mark.parametrize(
    ("listen", "elsewhere", "local"),
    [
        (None, THERE, HERE),
        ("mqtts://0.0.0.0:8883, mqtt://127.0.0.1:1883", THERE, HERE),
        ("mqtt://127.0.0.1:2000, mqtts://[::]:9000", "mqtts://glass.example:9000", "mqtt://127.0.0.1:2000"),
        ("mqtts://0.0.0.0", THERE, "mqtts://127.0.0.1:8883"),
        ("mqtts://192.0.2.1", "mqtts://192.0.2.1:8883", "mqtts://192.0.2.1:8883"),
        ("mqtt://127.0.0.1", HERE, HERE),
        ("mqtt://0.0.0.0", "mqtt://glass.example:1883", HERE),
    ],
)
def test_the_address_follows_where_the_broker_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listen: str | None, elsewhere: str, local: str
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = AccountsFolder.of(None)
    assert folder.file == DEFAULT
    folder.file.parent.mkdir(parents=True)
    signed(folder.file.parent, names=("glass.example", "localhost"))
    if listen is not None:
        Path("glassline.toml").write_text(f'[broker]\nlisten = "{listen}"\n')
    assert folder.broker_address(local=False) == elsewhere
    assert folder.broker_address(local=True) == local


def test_without_a_certificate_it_leads_to_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert AccountsFolder.of(None).broker_address(local=False) == HERE


def test_the_accounts_file_is_that_of_the_machines_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("glassline.toml").write_text('[broker]\naccounts = "elsewhere/accounts.json"\n')
    assert AccountsFolder.of(None).file == Path("elsewhere/accounts.json")
    assert AccountsFolder.of(Path("mine.json")).file == Path("mine.json")
