"""The way of each program to the broker: its settings, then name, port, password and the echo of what it sends."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from broker.listening import ListenAddress
from glassline.contract import Reason
from glassline.diagnosis import Hop, Observation
from glassline.link import (
    Access,
    AddressError,
    BrokerAddress,
    BrokerProbe,
    Finder,
    Keys,
    NotFoundError,
    Sought,
    Step,
    as_of_now,
    broker_address,
    probe_broker,
)
from glassline.program import SecretError, masked, read_secret

from .machine import BRIDGE, BROKER, HOPS, NODE, ROLES, WEB, Machine, Setup
from .node_at_hand import memory_of_server

PROBE_TIMEOUT_S = 3.0
STRANGER = "doctor"
"""The account nobody has: a broker that refuses it is alive."""
_ALIVE = {Reason.BROKER_BAD_CREDENTIALS, Reason.BROKER_TLS_UNTRUSTED, Reason.BROKER_TLS_WRONG_NAME}


@dataclass(frozen=True, kw_only=True)
class Way:
    """How far a program's settings lead. `address` and `keys` (of one password) work where `usable`."""

    program: str
    id: str
    observation: Observation
    address: BrokerAddress | None = None
    keys: Keys = field(default_factory=lambda: Keys((None,)))
    usable: bool = False
    steps: tuple[Step, ...] = ()
    """Search (if it is sought), name, port, TLS, password, permission, as far as it went."""
    at_s: float = field(default_factory=time.monotonic)
    """When it was walked."""


def walk_all(machine: Machine) -> list[Way]:
    """Walk for every program set up here that connects to the broker, at once."""
    setups = [s for s in machine.programs.values() if s.program in ROLES and s.settings is not None]
    with ThreadPoolExecutor(max_workers=4) as pool:
        ways = list(pool.map(lambda setup: walk(setup, machine), setups))
    broker = machine.programs.get(BROKER)
    if not ways and broker is not None and broker.settings is not None:
        ways.append(_look_from_outside(broker, machine))
    return ways


def walk(setup: Setup, machine: Machine) -> Way:
    """Walk from the settings of one program to its echo."""
    id, facts = setup.text("id"), _facts(setup, machine)
    secret_file, ca_file = setup.text("password_file"), setup.text("ca_file") or None
    credentials = setup.text("credentials") or None
    try:
        where = broker_address(setup.text("broker"), credentials=credentials or "", ca_file=ca_file or "")
    except AddressError as error:
        now = as_of_now(error)
        facts["error"] = str(now).rpartition("cannot be used: ")[2]
        return Way(program=setup.program, id=id, observation=_failed(now.code, facts))
    try:
        password = read_secret(secret_file) if secret_file else None
        keys = Access(password=password, ca_file=ca_file, credentials=credentials).keys()
    except SecretError as error:
        named = Path(credentials or secret_file)
        return Way(program=setup.program, id=id, observation=_secret_trouble(setup, named, error, facts))
    try:
        address, searched = _located(where, keys, setup, machine)
    except NotFoundError as error:
        code, says, more = error.failure
        searched = (Step(name="search", ok=False, says=says),)
        return Way(program=setup.program, id=id, observation=_failed(code, facts | dict(more)), steps=searched)
    facts |= {"address": str(address), "host": address.host, "port": address.port}
    probe = probe_broker(
        address, id=id, password=password, ca_file=ca_file, credentials=credentials, timeout_s=PROBE_TIMEOUT_S
    )
    if probe.ok:
        seen = Observation(hop=Hop.BROKER, state="ok", age_s=0.0)
        return Way(
            program=setup.program,
            id=id,
            observation=seen,
            address=address,
            keys=replace(keys, passwords=(probe.password,)),
            usable=True,
            steps=(*searched, *probe.steps),
        )
    facts |= {**probe.facts, "error": probe.sentence}
    code = _code(probe, address, setup, machine)
    is_refused = setup.program == BRIDGE and code is Reason.BROKER_BAD_CREDENTIALS
    failed = _bridge_refused(facts) if is_refused else _failed(code, facts)
    return Way(program=setup.program, id=id, observation=failed, address=address, steps=(*searched, *probe.steps))


def _located(
    where: BrokerAddress | Sought, keys: Keys, setup: Setup, machine: Machine
) -> tuple[BrokerAddress, tuple[Step, ...]]:
    """The broker's address, looked for where it is sought, with the step that took; NotFoundError."""
    if isinstance(where, BrokerAddress):
        return where, ()
    began_s = time.monotonic()
    finder = Finder(where, memory=memory_of_server(machine) if setup.program == NODE else None)
    try:
        place = finder.find(keys)
    finally:
        finder.stop()
    return place.address, (Step(name="search", ok=True, says=str(place), ms=(time.monotonic() - began_s) * 1000),)


def _code(probe: BrokerProbe, address: BrokerAddress, setup: Setup, machine: Machine) -> Reason:
    """A node that looks for the broker on itself, on a machine that is no server, was never told where it is."""
    alone = not machine.programs.keys() & {BROKER, BRIDGE, WEB}
    nowhere = probe.code is Reason.BROKER_REFUSED and "elsewhere" not in probe.facts
    if nowhere and address.is_loopback and setup.program == NODE and alone:
        return Reason.BROKER_LOCALHOST
    return probe.code or Reason.BROKER_LOST


def _look_from_outside(broker: Setup, machine: Machine) -> Way:
    """Whether the broker of this machine answers, where no program is set up here that may enter it."""
    listens = min(ListenAddress.parse_all(broker.text("listen")), key=lambda one: one.tls)
    host = "127.0.0.1" if listens.host in ("0.0.0.0", "::") else listens.host  # noqa: S104
    address = BrokerAddress(host, listens.port, listens.tls)
    probe = probe_broker(address, id=STRANGER, timeout_s=PROBE_TIMEOUT_S)
    alive = probe.ok or probe.code in _ALIVE
    facts = _facts(broker, machine) | {"address": str(address), "host": address.host, "port": address.port}
    failed = _failed(probe.code or Reason.BROKER_LOST, facts | dict(probe.facts))
    seen = Observation(hop=Hop.BROKER, state="ok", age_s=0.0) if alive else failed
    return Way(program=BROKER, id=STRANGER, observation=seen, address=address, usable=probe.ok, steps=probe.steps)


def _facts(setup: Setup, machine: Machine) -> dict[str, str | float | int]:
    return {
        "program": setup.program,
        "id": setup.text("id"),
        "role": ROLES.get(setup.program, ""),
        "file": machine.file_name,
        "password_file": setup.text("credentials") or setup.text("password_file"),
        "address": masked(setup.text("broker")),
        "backend_url_set": machine.backend_url_set,
    }


def _failed(code: Reason, facts: dict[str, str | float | int]) -> Observation:
    return Observation(hop=Hop.BROKER, state="failed", code=code, facts=facts)


def _bridge_refused(facts: dict[str, str | float | int]) -> Observation:
    """The broker answers, and refuses the bridge: what is wrong is the bridge's account."""
    return Observation(hop=Hop.BRIDGE, state="failed", code=Reason.BRIDGE_BAD_CREDENTIALS, facts=facts, via=())


def _secret_trouble(setup: Setup, path: Path, error: SecretError, facts: dict[str, str | float | int]) -> Observation:
    """A password file that is only closed to whoever runs the doctor is no fault."""
    if error.is_closed:
        why = f"{path} is not yours to read: run `sudo glassline doctor`."
        return Observation(hop=Hop.BROKER, state="unknown", facts={"why": why})
    facts["error"] = str(error).rstrip(".")
    hop = HOPS[setup.program]
    return Observation(hop=hop, state="failed", code=Reason.SETTINGS_WRONG, facts=facts, via=())
