"""deploy/make-venv.sh says in one line what is missing. Scripts stand in for interpreters that lack something."""

import os
import subprocess
import sys

OLD = "#!/bin/sh\n[ \"$1\" = --version ] && echo 'Python 3.9.2' && exit 0\nexit 1\n"
NO_VENV = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\nexit 0\n'


def make_venv(root, python, venv):
    return subprocess.run([root / "deploy/make-venv.sh", python, venv], capture_output=True, text=True, timeout=120)


def stand_in(tmp_path, script):
    file = tmp_path / "python3"
    file.write_text(script)
    file.chmod(0o755)
    return str(file)


def says(run, *words):
    assert run.returncode == 1
    assert len(run.stderr.strip().splitlines()) == 1
    for word in words:
        assert word in run.stderr


def test_no_python_at_all(request, tmp_path):
    says(
        make_venv(request.config.rootpath, "no-such-python", tmp_path / "venv"), "not installed", "3.11", "apt install"
    )


def test_an_old_python(request, tmp_path):
    run = make_venv(request.config.rootpath, stand_in(tmp_path, OLD), tmp_path / "venv")
    says(run, "Python 3.9.2 is too old", "3.11")


def test_no_venv_module(request, tmp_path):
    run = make_venv(request.config.rootpath, stand_in(tmp_path, NO_VENV), tmp_path / "venv")
    says(run, "no venv module", "python3-venv")


def test_a_half_made_venv_is_made_anew(request, tmp_path):
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to("/nowhere/python")
    run = make_venv(request.config.rootpath, sys.executable, tmp_path / "venv")
    assert run.returncode == 0, run.stderr
    assert os.access(tmp_path / "venv" / "bin" / "pip", os.X_OK)
