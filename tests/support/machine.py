"""The files in which a kernel shows how its machine fares, to be written by a test."""

from pathlib import Path


class Sysfs:
    """Files below `root` as they are on a Raspberry Pi."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._temperature = root / "class/thermal/thermal_zone0/temp"
        self._throttled = root / "devices/platform/soc/soc:firmware/get_throttled"
        for path in (self._temperature, self._throttled):
            path.parent.mkdir(parents=True)
        self.set(temp_c=45.0)

    def be_a_pi(self) -> None:
        """The device tree names its board."""
        model = self.root / "firmware/devicetree/base/model"
        model.parent.mkdir(parents=True)
        model.write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")

    def set(self, *, temp_c: float, throttled: str = "0") -> None:
        self._temperature.write_text(f"{round(temp_c * 1000)}\n")
        self._throttled.write_text(f"{throttled}\n")
