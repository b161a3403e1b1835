"""Commands from the page, or from anybody's `mosquitto_pub`, taken in turn and answered."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from glassline.contract import ContractError
from glassline.contract.messages import Command, Reply, ReplyError, decode
from glassline.contract.topics import Address
from glassline.link import Link
from glassline.program import shown

from ..config.running import ConfigError

Action = Callable[[dict[str, Any]], dict[str, Any]]
QUEUE_LENGTH = 32


class Commands:
    """`actions` maps a command's name to what it does: arguments in, data of the reply out."""

    def __init__(self, *, link: Link, actions: dict[str, Action]) -> None:
        self.refused = 0
        self._link, self._actions = link, actions
        self._queue: queue.Queue[tuple[str, Command] | None] = queue.Queue(QUEUE_LENGTH)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commands", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._stopping.set()
            with contextlib.suppress(queue.Full):  # then there is a command to wake up for
                self._queue.put_nowait(None)
            self._thread.join(1)

    def on_command(self, address: Address, payload: bytes, retained: bool) -> None:
        """Take a command from the network thread. A retained one is ignored: it would come again at every connect."""
        name = address.rest
        if retained:
            self._refuse(name, "retained", "a retained one is ignored")
            return
        try:
            self._queue.put_nowait((name, decode(Command, payload)))
        except ContractError as error:
            self._refuse(name, error.why, str(error))
            self._answer(name, "unknown", error=ReplyError(code="command.invalid", message=str(error)))
        except queue.Full:
            self._refuse(name, "full", "too many at once")

    def _run(self) -> None:
        while (item := self._queue.get()) is not None and not self._stopping.is_set():
            name, command = item
            try:
                self._obey(name, command)
            except Exception as error:  # noqa: BLE001 - counted and logged by the tally
                self._link.tally.note("handler_failed", f"command {name}", error=error)
                self._answer(name, command.id, error=ReplyError(code="command.failed", message=str(error)[:900]))

    def _obey(self, name: str, command: Command) -> None:
        if command.ts is not None and time.time() - command.ts.timestamp() > command.ttl_s:
            self._fail(name, command, "command.expired", "it came too late", "check the clocks of both machines")
        elif (action := self._actions.get(name)) is None:
            hint = "known are " + ", ".join(sorted(self._actions))
            self._fail(name, command, "command.unknown", f"this node knows no command {name!r}", hint)
        else:
            try:
                self._answer(name, command.id, data=action(command.args))
            except ConfigError as error:
                self._fail(name, command, error.code, str(error), "nothing was changed", fields=error.fields)

    def _fail(
        self, name: str, command: Command, code: str, message: str, hint: str, *, fields: dict[str, str] | None = None
    ) -> None:
        self._refuse(name, code.rpartition(".")[2], message)
        error = ReplyError(code=code, message=message[:1000], hint=hint, fields=fields or {})
        self._answer(name, command.id, error=error)

    def _refuse(self, name: str, why: str, sentence: str) -> None:
        self.refused += 1
        sentence = f"the command {name} is refused: {shown(sentence, limit=300)}"
        self._link.tally.note(f"refused_cmd_{why}", sentence, who=name)

    def _answer(
        self, name: str, id: str, *, data: dict[str, Any] | None = None, error: ReplyError | None = None
    ) -> None:
        reply = Reply(**self._link.envelope(), id=id, status="error" if error else "ok", data=data or {}, error=error)
        self._link.publish("reply", reply.to_json(), rest=name)
