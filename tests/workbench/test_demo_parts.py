"""What the demo writes and leaves behind, and what `glassline` says of what is missing."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from glassline.program.settings import read_tables
from tests.support.embedded_broker import free_port
from tests.support.waiting import until
from workbench.demo.site import Site


@pytest.mark.parametrize("name", ['a "quoted" one', "back\\slash", "Glasprüfung 🪟"])
def test_settings_of_a_site_in_an_odd_folder_can_be_read(tmp_path, name):
    site = Site(tmp_path / name, 1883, 5000, f'folder:/pictures/{name}?fps="5"')
    site.write()
    tables = read_tables(site.config)
    assert tables["broker"]["accounts"] == str(tmp_path / name / "accounts.json")
    assert tables["bridge"]["store"] == tables["web"]["store"] == site.store
    assert tables["pi_node"]["camera"] == site.camera
    assert tables["pi_node"]["password_file"] == str(site.secret("pi-1"))


def test_a_killed_demo_leaves_no_process(tmp_path):
    ports = ["--port", str(free_port()), "--broker-port", str(free_port())]
    command = [sys.executable, "-m", "workbench.main", "demo", "--folder", str(tmp_path / "demo"), *ports]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    demo = psutil.Process(process.pid)
    programs = ("broker", "bridge", "web", "pi_node")
    family = []

    def complete():
        family[:] = demo.children(recursive=True)
        lines = [" ".join(one.cmdline()) for one in family if one.is_running()]
        return all(any(f"-m {name} --config" in line and "keep" not in line for line in lines) for name in programs)

    try:
        until(complete, 60, what=lambda: (tmp_path / "log").read_text())
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        _, alive = psutil.wait_procs(family, timeout=15)
        assert alive == []
    finally:
        for one in [*family, process]:
            try:
                one.kill()
            except psutil.NoSuchProcess:
                pass
        process.wait(10)


@pytest.mark.parametrize(("module", "pip"), [("workbench.demo.command", False), ("typer_of_tomorrow", True)])
def test_only_what_pip_can_bring_is_to_be_installed(tmp_path, module, pip):
    script = (
        "import sys, workbench.main as main\n"
        "class Without:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'workbench.demo.command':\n"
        f"            raise ModuleNotFoundError('No module named {module}', name='{module}')\n"
        "sys.meta_path.insert(0, Without())\n"
        "sys.argv = ['glassline', 'demo', '--help']\n"
        "main.app()\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, env=os.environ)
    assert run.returncode != 0
    assert ("pip install 'glassline[demo]'" in run.stderr) is pip
    assert module in run.stderr
