"""Who may come in: everything about a CONNECT that must hold before the connection can touch a session.

The order is the point: password, client id and last will are all checked here, so that a stranger can neither throw
a client out by taking its name nor have a will sent in its place.
"""

import asyncio
import re
import secrets
from concurrent.futures import Executor
from dataclasses import dataclass

from amqtt.mqtt.connack import (
    BAD_USERNAME_PASSWORD,
    IDENTIFIER_REJECTED,
    NOT_AUTHORIZED,
    UNACCEPTABLE_PROTOCOL_VERSION,
)
from amqtt.mqtt.connect import ConnectPacket

from glassline.accounts import Accounts
from glassline.contract import Role
from glassline.contract.roles import client_id_allowed

from .permissions import ANYBODY, Account, may_publish
from .wire import Message, ProtocolError

_CLIENT_ID = re.compile(r"[!-~]{1,64}\Z")
_PROGRAMS = {Role.NODE, Role.BRIDGE}
"""Whose wrong passwords are told of: people mistype theirs, and a web shows its own state."""
_MQTT_3_1_1 = ("MQTT", 4)


class RefusedError(Exception):
    """The connection is refused with CONNACK `code`; the text says why, it is counted as `kind`.

    `account` is the account that exists, where its password was wrong or its role does not allow what it wants.
    """

    def __init__(self, kind: str, code: int, sentence: str, *, account: str | None = None) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.code = code
        self.account = account


@dataclass(frozen=True)
class Will:
    """What is published for a client that goes without a goodbye."""

    message: Message
    retain: bool


@dataclass(frozen=True)
class Admission:
    """A CONNECT that was found good."""

    account: Account
    client_id: str
    will: Will | None
    keepalive_s: int


class Admissions:
    """Judges CONNECT packets. `accounts` None lets everybody in. Passwords are hashed in `executor`'s threads."""

    def __init__(self, *, accounts: Accounts | None, executor: Executor) -> None:
        self._accounts = accounts
        self._executor = executor
        self._programs: set[str] = set()
        """Accounts that came in once: they are known though they be revoked."""

    async def judge(self, connect: ConnectPacket) -> Admission:
        """The admission, RefusedError with the CONNACK code to answer, or ProtocolError for what deserves no answer."""
        _check_form(connect)
        account = await self._authenticate(connect)
        client_id = self._client_id(connect, account)
        return Admission(account, client_id, _will(connect, account), connect.keep_alive)

    async def _authenticate(self, connect: ConnectPacket) -> Account:
        if self._accounts is None:
            return ANYBODY
        id, password = connect.username, connect.password
        if not id or password is None:
            raise RefusedError("refused_no_password", NOT_AUTHORIZED, "gave no account and password")
        stamp = self._accounts.stamp(id)
        role = self._accounts.recall(id, password)
        if role is None:
            loop = asyncio.get_running_loop()
            role = await loop.run_in_executor(self._executor, self._accounts.verify, id, password)
        if role is None or stamp is None:
            sentence = f"gave a wrong name or password (as {id[:40]!r})"
            known = self._accounts.role_of(id) in _PROGRAMS or id in self._programs
            account = id if known else None
            raise RefusedError("refused_bad_password", BAD_USERNAME_PASSWORD, sentence, account=account)
        if role in _PROGRAMS:
            self._programs.add(id)
        return Account(id, role, stamp)

    def _client_id(self, connect: ConnectPacket, account: Account) -> str:
        if connect.client_id_is_random:
            if not connect.clean_session_flag:
                sentence = "asked for a lasting session without a client id"
                raise RefusedError("refused_client_id", IDENTIFIER_REJECTED, sentence)
            return f"{account.id}.{secrets.token_hex(6)}"
        client_id: str = connect.client_id
        if not _CLIENT_ID.match(client_id):
            sentence = f"gave the client id {client_id[:40]!r}, expected 1-64 printable ASCII characters"
            raise RefusedError("refused_client_id", IDENTIFIER_REJECTED, sentence)
        if account.role is not None and self._accounts is not None:
            others = frozenset(self._accounts.entries())
            if not client_id_allowed(account.role, account.id, client_id, others):
                sentence = f"the account {account.id} may not use the client id {client_id}, only {account.id}"
                raise RefusedError("refused_client_id", IDENTIFIER_REJECTED, sentence)
        return client_id


def _check_form(connect: ConnectPacket) -> None:
    """What MQTT 3.1.1, section 3.1, asks of a CONNECT and amqtt's codec does not check."""
    header, payload = connect.variable_header, connect.payload
    if (header.proto_name, header.proto_level) != _MQTT_3_1_1:
        sentence = f"speaks {header.proto_name[:10]!r} level {header.proto_level}, not MQTT 3.1.1: set its protocol"
        raise RefusedError("refused_protocol", UNACCEPTABLE_PROTOCOL_VERSION, sentence)
    incomplete = (
        (header.will_flag and (payload.will_topic is None or payload.will_message is None))
        or (header.username_flag and payload.username is None)
        or (header.password_flag and (payload.password is None or not header.username_flag))
        or (not header.will_flag and (header.will_qos or header.will_retain_flag))
    )
    if header.reserved_flag or header.will_qos > 2 or incomplete:
        raise ProtocolError("malformed", "sent a CONNECT whose flags and fields do not agree")


def _will(connect: ConnectPacket, account: Account) -> Will | None:
    if not connect.will_flag:
        return None
    topic: str = connect.will_topic
    ruling = may_publish(account.role, account.id, topic)
    if not ruling.allowed:
        sentence = f"the account {account.id} may not leave a last will on {topic[:80]!r}"
        raise RefusedError("refused_will", NOT_AUTHORIZED, sentence, account=account.id)
    if len(connect.will_message) > ruling.max_bytes:
        raise RefusedError("refused_will", NOT_AUTHORIZED, f"left a last will that is too large for {topic}")
    message = Message(topic, bytes(connect.will_message), min(connect.will_qos, 1))
    return Will(message, bool(connect.will_retain_flag) and ruling.retain)
