"""The doctor on a line at whose page people sign in."""

from pathlib import Path

from glassline.accounts import People, PersonRole
from tests.support.embedded_broker import free_port
from tests.support.waiting import until
from workbench.demo.site import PROGRAMS, Site

from .conftest import Line, run_doctor


def test_it_has_a_way_in_beside_the_webs_files_and_else_says_what_it_cannot_see(tmp_path: Path) -> None:
    site = Site(tmp_path / "site", free_port(), free_port(), "scene:?seed=7")
    site.write()
    People(tmp_path / "people.json").add("boss", PersonRole.ADMIN, "correct horse")
    text = site.config.read_text()
    elsewhere = tmp_path / "elsewhere.toml"
    site.config.write_text(text.replace("[web]\n", f'[web]\npeople = "{tmp_path / "people.json"}"\n'))
    elsewhere.write_text(text.replace("[web]\n", f'[web]\npeople = "{tmp_path / "none" / "people.json"}"\n'))
    line = Line(site)
    try:
        line.start(*PROGRAMS)
        until(lambda: run_doctor("--config", str(site.config), folder=tmp_path).code == 0, timeout_s=60)
        told = run_doctor("--json", "--config", str(site.config), folder=tmp_path)
        assert set(told.states.values()) == {"ok"}, told.text
        assert "{}" in (tmp_path / "people-sessions.json").read_text(), "the pass is given back"
        told = run_doctor("--json", "--config", str(elsewhere), folder=tmp_path)
        assert told.states["you"] == "unknown"
        assert {state for hop, state in told.states.items() if hop != "you"} == {"ok"}
        assert "People sign in at the web" in told.text
        assert not (tmp_path / "none").exists()
    finally:
        for program in list(line.processes):
            line.end(program)
