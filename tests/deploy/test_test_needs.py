"""deploy/test-needs.sh where an installation fails. Scripts stand in for the system it would change."""

import shutil
import subprocess


def run(root, folder, apt_get):
    tools = folder / "bin"
    tools.mkdir()
    for name in ("chmod", "rm", "sh"):
        (tools / name).symlink_to(shutil.which(name))
    for name, script in {"id": "echo 0", "apt-get": apt_get}.items():
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    environ = {"PATH": str(tools), "POLICY_RC_D": str(folder / "policy-rc.d")}
    return subprocess.run(
        [root / "deploy/test-needs.sh"], capture_output=True, text=True, timeout=30, env=environ, check=False
    )


def test_a_failed_installation_says_what_is_skipped_and_leaves_the_system_as_it_was(request, tmp_path):
    ended = run(request.config.rootpath, tmp_path, f"[ -x {tmp_path}/policy-rc.d ] && echo guarded >&2; exit 100")
    assert ended.returncode == 0, ended.stderr
    assert "guarded" in ended.stderr
    assert "tests that need mosquitto-clients are skipped" in ended.stdout
    assert "tests that need chromium are skipped" in ended.stdout
    assert not (tmp_path / "policy-rc.d").exists()


def test_a_policy_that_was_there_before_stays(request, tmp_path):
    (tmp_path / "policy-rc.d").write_text("mine\n")
    ended = run(request.config.rootpath, tmp_path, "exit 0")
    assert ended.returncode == 0, ended.stderr
    assert "skipped" not in ended.stdout
    assert (tmp_path / "policy-rc.d").read_text() == "mine\n"
