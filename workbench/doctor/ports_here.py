"""The ports on which the programs of this machine are to listen, and who has them."""

from dataclasses import dataclass

from broker.listening import ListenAddress
from glassline.program import holders_of

from .machine import BROKER, WEB, Machine


@dataclass(frozen=True, kw_only=True)
class PortHere:
    """One port, for which program, and by whom it is held; empty: by nobody that this user may see."""

    port: int
    program: str
    holder: str


def ports_here(machine: Machine) -> list[PortHere]:
    """Those of the broker and of the web that are set up here."""
    wanted: list[tuple[str, int]] = []
    broker, web = machine.programs.get(BROKER), machine.programs.get(WEB)
    if broker is not None and broker.settings is not None:
        wanted += [(BROKER, one.port) for one in ListenAddress.parse_all(broker.text("listen"))]
    if web is not None and web.settings is not None:
        wanted.append((WEB, int(web.text("http_port"))))
    return [PortHere(port=port, program=program, holder=_holder(port)) for program, port in dict.fromkeys(wanted)]


def _holder(port: int) -> str:
    return ", ".join(dict.fromkeys(str(one) for one in holders_of(port)[:1]))
