"""Files for a real mosquitto (passwords, permissions) and for its command line tools, made from the same accounts."""

from pathlib import Path

from glassline.contract import Role
from glassline.contract.roles import grants
from glassline.program import write_secret

from .accounts import Accounts
from .passwords import check_password
from .shared_files import write_shared


def mosquitto_files(accounts: Accounts, dir: Path | str) -> tuple[Path, Path]:
    """Write `passwords` and `acl` for mosquitto's password_file and acl_file into `dir`; return their paths.

    Every account gets explicit permissions, since mosquitto's `pattern` lines hold for all users alike. mosquitto
    reads the files as the user it runs as, and again on SIGHUP; they stay readable for whoever could read them.
    Of two who write at once the last has seen what the first did.
    """
    passwords, acl = Path(dir) / "passwords", Path(dir) / "acl"
    with accounts.holding() as held:
        entries = sorted(held.items())
        write_shared(passwords, "".join(f"{id}:{entry.mosquitto}\n" for id, entry in entries))
        write_shared(acl, "\n".join(_permissions(entry.role, id) for id, entry in entries))
    return passwords, acl


def _permissions(role: Role, id: str) -> str:
    words = {"publish": "write", "receive": "read"}
    lines = [f"topic {words[grant.access]} {grant.pattern}" for grant in grants(role, id)]
    return "\n".join([f"user {id}", *lines, ""])


def client_options(dir: Path | str, id: str, password: str, host: str, port: int, *, ca: str = "") -> tuple[Path, Path]:
    """Write the default options of mosquitto_sub and mosquitto_pub (0600) into `dir`, one option a line.

    With `ca`, a CA's certificate (PEM), they speak TLS.

    Both read them from `$XDG_CONFIG_HOME` (or `~/.config`), so that no password stands on a command line:
    `XDG_CONFIG_HOME=DIR mosquitto_sub -t 'glass/v1/+/status' -v`.
    """
    check_password(password)
    text = f"-h {host}\n-p {port}\n-u {id}\n-P {password}\n-I {id}.\n"
    if ca:
        ca_file = Path(dir).absolute() / "ca.crt"
        write_secret(ca_file, ca)
        text += f"--cafile {ca_file}\n"
    paths = Path(dir) / "mosquitto_sub", Path(dir) / "mosquitto_pub"
    for path in paths:
        write_secret(path, text)
    return paths
