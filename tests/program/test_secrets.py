"""Password files of another owner, and what is left of one that goes."""

import os
from pathlib import Path

import pytest

from glassline.program import SecretError, read_secret, write_secret
from glassline.program.secrets import wipe

NOBODY = 65534


def test_a_file_of_another_owner_that_everybody_can_read_is_refused(tmp_path):
    file = Path("/etc/passwd")  # what an account without root finds of another owner's
    if os.getuid() == 0:
        file = tmp_path / "secret"
        write_secret(file, "hush")
        file.chmod(0o644)
        os.chown(file, NOBODY, NOBODY)
    with pytest.raises(SecretError, match="chmod 600") as caught:
        read_secret(file)
    assert "hush" not in str(caught.value)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_owner_may_be_shared_with_a_group(tmp_path):
    file = tmp_path / "secret"
    write_secret(file, "hush")
    os.chown(file, NOBODY, os.getgid())
    file.chmod(0o640)
    assert read_secret(file) == "hush"
    file.chmod(0o644)
    with pytest.raises(SecretError):
        read_secret(file)


def test_what_is_wiped_is_overwritten_where_it_lies(tmp_path):
    file, other_name = tmp_path / "token", tmp_path / "same bytes"
    file.write_text("secret")
    other_name.hardlink_to(file)
    wipe(file)
    assert not file.exists()
    assert other_name.read_bytes() == bytes(6)
    wipe(file)
