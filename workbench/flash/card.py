"""What cloud-init reads on a card's boot partition: user-data, network-config and meta-data."""

from dataclasses import dataclass, field
from typing import Any

import yaml

FOLDER = "glassline"
BOOT = "/boot/firmware"
"""Where Raspberry Pi OS has the boot partition."""
ADMIN = "glassline"
INSTANCE = "glassline-"


@dataclass(frozen=True, kw_only=True)
class Wifi:
    """A network. `country` is the one whose rules the radio keeps, two capital letters."""

    ssid: str
    key: str = field(repr=False)
    country: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """A machine as its card sets it up. `flashed` tells this card from those flashed before for the same machine."""

    id: str
    hostname: str
    flashed: str
    timezone: str
    boot: str = BOOT
    wifi: Wifi | None = None
    ssh_keys: tuple[str, ...] = ()

    @property
    def instance(self) -> str:
        """By it cloud-init knows that this is a new machine and everything is to be done."""
        return f"{INSTANCE}{self.id}.{self.flashed}"

    def user_data(self) -> str:
        """Nothing secret."""
        script = f"{self.boot}/{FOLDER}/first-boot.sh"
        begin = ["sh", "-c", f"[ ! -e {script} ] || sh {script} begin"]
        admin: dict[str, Any] = {
            "name": ADMIN,
            "gecos": "Glassline",
            "groups": "users,adm,video,sudo",
            "shell": "/bin/bash",
            "lock_passwd": True,
        }
        if self.ssh_keys:
            admin |= {"sudo": "ALL=(ALL) NOPASSWD:ALL", "ssh_authorized_keys": list(self.ssh_keys)}
        content = {
            "hostname": self.hostname,
            "manage_etc_hosts": True,
            "timezone": self.timezone,
            "users": [admin],
            "ssh_pwauth": False,
            "apt": {"conf": 'Acquire::Check-Date "false";\n'},
            "bootcmd": [begin],
            "runcmd": [list(begin)],
        }
        head = (
            f"#cloud-config\n# Made by `glassline flash` for {self.id}. Until {FOLDER}/ beside this file is gone, each "
            "boot goes on setting up.\n"
        )
        return head + _yaml(content)

    def network_config(self) -> str:
        """Holds the key of the Wi-Fi network, until the system has taken it over."""
        wired = {"eth0": {"dhcp4": True, "optional": True}}
        network: dict[str, Any] = {"version": 2, "ethernets": wired}
        if self.wifi is not None:
            network["wifis"] = {
                "wlan0": {
                    "dhcp4": True,
                    "optional": True,
                    "regulatory-domain": self.wifi.country,
                    "access-points": {self.wifi.ssid: {"password": self.wifi.key}},
                }
            }
        return _yaml({"network": network})

    def meta_data(self) -> str:
        return _yaml({"instance-id": self.instance, "local-hostname": self.hostname, "dsmode": "local"})


def machine_of(meta_data: str) -> str | None:
    """The id of the machine that a card's meta-data is of; None where `glassline flash` did not write it."""
    try:
        content = yaml.safe_load(meta_data)
    except yaml.YAMLError:
        return None
    instance = str(content.get("instance-id", "")) if isinstance(content, dict) else ""
    return instance.removeprefix(INSTANCE).rpartition(".")[0] if instance.startswith(INSTANCE) else None


def is_used(user_data: str) -> bool:
    """Whether somebody has written settings into it; images come with one that holds comments alone."""
    return any(line.strip() and not line.lstrip().startswith("#") for line in user_data.splitlines())


def _yaml(content: dict[str, Any]) -> str:
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=10_000))
