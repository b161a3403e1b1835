import subprocess
import sys

import pytest

from glassline.program import SecretError, Settings, SettingsError, read_secret, resolve, setting, write_secret
from glassline.program.settings import rows


class Kettle(Settings, program="kettle"):
    """Boils water."""

    id: str = setting("kettle-1", "Name.")
    litres: float = setting(1.5, "How much.", unit="l", gt=0, le=3)
    whistle: bool = setting(False, "Whether it whistles.")


def load(tmp_path, text="", flags=None, environ=None):
    file = tmp_path / "glassline.toml"
    file.write_text(text)
    return resolve(Kettle, flags=flags or {}, environ=environ or {}, file=file)


def test_a_flag_wins_over_the_environment_over_the_file_over_the_default(tmp_path):
    text = "[kettle]\nlitres = 1.0\nwhistle = true\n[broker]\nlisten = 'x'\n"
    loaded = load(tmp_path, text, {"litres": "2.5"}, {"GLASS_LITRES": "2", "GLASS_WHISTLE": "false"})
    assert loaded.values == Kettle(litres=2.5, whistle=False)
    assert loaded.sources["litres"] == "flag --litres"
    assert loaded.sources["whistle"] == "environment GLASS_WHISTLE"
    assert loaded.sources["id"] == "default"
    assert loaded.tables == ("kettle", "broker")
    assert load(tmp_path, text).sources["litres"].startswith("file ")


def test_all_problems_are_said_at_once_with_where_they_stand(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, "[kettle]\nliters = 1\nwhistle = 'loud'\n", {"litres": "9"})
    text = str(caught.value)
    assert len(caught.value.problems) == 3
    assert "no setting 'liters'; did you mean 'litres'?" in text
    assert "litres (from flag --litres)" in text
    assert "whistle (from file" in text


@pytest.mark.parametrize("text", ["[kettle", "litres = 1", "\xff\x00"])
def test_a_file_that_is_no_settings_file_is_named(tmp_path, text):
    with pytest.raises(SettingsError, match=r"glassline\.toml"):
        load(tmp_path, text)


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(SettingsError, match="cannot read"):
        resolve(Kettle, flags={}, environ={}, file=tmp_path / "none.toml")


def test_the_table_carries_unit_and_sentence():
    assert [(r.name, r.unit, r.default) for r in rows(Kettle)][1:] == [("litres", "l", "1.5"), ("whistle", "", "false")]


def test_a_password_file_that_others_can_read_is_refused(tmp_path):
    file = tmp_path / "secret"
    write_secret(file, "hush")
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_secret(file) == "hush"
    file.chmod(0o644)
    with pytest.raises(SecretError, match="chmod 600") as caught:
        read_secret(file)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("program", ["pi_node", "broker", "bridge", "web"])
def test_a_program_with_wrong_settings_says_all_and_ends_with_code_2(program, tmp_path):
    file = tmp_path / "glassline.toml"
    file.write_text(f"[{program}]\nno_such = 1\nneither = 2\n")
    run = subprocess.run([sys.executable, "-m", program, "--config", file], capture_output=True, text=True, timeout=30)
    assert run.returncode == 2
    assert "no_such" in run.stderr
    assert "neither" in run.stderr
    assert "Traceback" not in run.stderr
