"""What install.sh says of a server whose settings nobody has written yet. A stand-in for systemctl ends the bridge."""

import subprocess
from pathlib import Path

from tests.support.debian import PROJECT

SYSTEMCTL = """\
#!/bin/sh
case "$*" in
start*) touch "$0.$2" ;;
*is-active*bridge*) exit 3 ;;
*is-active*) test -e "$0.$3" ;;
*ActiveState*bridge*) echo failed ;;
*ActiveState*) echo active ;;
*NRestarts*) echo 0 ;;
esac
"""
RUN = """\
opt=$1/opt settings=$1/glassline.toml here=$2 release=$1/opt/releases/0.1.0-abc watch_s=0
works_within_s=0 loads_within_s=0 changed=yes programs=$3
say() { echo "glassline: $1"; }
fail() { say "$1"; exit 1; }
is_among() { false; }
. "$here/install-trial.sh"
link_units() { :; }
mkdir -p "$release"
run_release
"""


def first_run(folder: Path, programs: str, settings: str) -> "subprocess.CompletedProcess[str]":
    (folder / "glassline.toml").write_text(settings)
    (folder / "bin").mkdir()
    for name, text in (("systemctl", SYSTEMCTL), ("journalctl", "#!/bin/sh\n")):
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(0o755)
    command = ["sh", "-euc", RUN, "sh", folder, PROJECT / "deploy", programs]
    path = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin"}
    return subprocess.run(command, capture_output=True, text=True, timeout=30, env=path, check=False)


def test_a_program_without_settings_waits_for_them_and_that_is_no_failure(tmp_path: Path) -> None:
    ended = first_run(tmp_path, "broker bridge web", "")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "0.1.0-abc runs: broker web\n" in ended.stdout
    assert "bridge waits for its settings, [bridge] in" in ended.stdout


def test_one_that_has_settings_and_does_not_come_up_is_a_failure(tmp_path: Path) -> None:
    ended = first_run(tmp_path, "broker bridge web", "[bridge]\n")
    assert ended.returncode == 1
    assert "does not come up yet" in ended.stdout
    assert "bridge does not stay up" in ended.stderr
