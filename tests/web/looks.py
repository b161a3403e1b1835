"""The doctor's look at a web of a test."""

from pathlib import Path

from workbench.doctor.pictures import Pictures
from workbench.doctor.web_look import WebLook
from workbench.doctor.web_place import WebPlace


def look_at(port: int, *devices: str, cert: Path | None = None, cookie: str = "") -> WebLook:
    """Watch these devices at the web on this port, which speaks TLS with that certificate if one is given."""
    place = WebPlace(
        scheme="https" if cert else "http", host="127.0.0.1", port=port, cert=str(cert or ""), pinned=bool(cert)
    )
    return WebLook(place, devices=list(devices), pictures=Pictures(), cookie=cookie)


def has_seen(look: WebLook, device: str) -> bool:
    """Whether a new picture of the device came."""
    assert look.pictures is not None
    return look.pictures.web_at_s(device) is not None
