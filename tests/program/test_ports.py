"""Who listens on a port of this machine, with real programs on real ports."""

import socket
import subprocess
import sys
import time

from glassline.program import holder_of, is_own_address
from tests.support.embedded_broker import free_port


def test_a_program_is_named_by_its_module_and_number_and_its_arguments_are_kept_secret(tmp_path):
    port = free_port()
    command = [
        sys.executable,
        "-u",
        "-m",
        "http.server",
        str(port),
        "--bind",
        "127.0.0.1",
        "--directory",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until_s = time.monotonic() + 15
            while (holder := holder_of(port)) is None and time.monotonic() < until_s:
                time.sleep(0.05)
        finally:
            server.terminate()
    assert holder is not None
    assert str(holder).endswith(f" -m http.server (pid {server.pid})")
    assert holder.host == "127.0.0.1"
    assert str(tmp_path) not in str(holder)


def test_code_on_the_command_line_is_not_shown():
    with socket.create_server(("127.0.0.1", 0)) as plug:
        code = "secret = 'hunter2'; import time; time.sleep(60)"
        child = subprocess.Popen([sys.executable, "-c", code], pass_fds=[plug.fileno()])
        port = plug.getsockname()[1]
        plug.close()
        try:
            time.sleep(0.3)
            assert "hunter2" not in str(holder_of(port))
            assert f"(pid {child.pid})" in str(holder_of(port))
        finally:
            child.kill()
            child.wait()


def test_a_port_where_nobody_listens_has_no_holder():
    assert holder_of(free_port()) is None


def test_addresses_of_this_machine_are_told_from_others():
    assert is_own_address("127.0.0.1")
    assert not is_own_address("192.0.2.1")
