"""The store as the web uses it: opened in the background, tried again while it is down, read anew on receipts."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

from glassline.program import SecretError
from glassline.store import Defect, Device, Store, StoreError, open_store

log = logging.getLogger(__name__)

CHECK_S = 5.0
DEVICES_S = 60.0
"""How often remembered devices are read anew: who is there now says so itself over MQTT."""
MAX_WANTED = 1000


class Catalogue:
    """`read(event_id, defect)` is called on the catalogue's thread for every defect that was asked for by `refresh`.

    What cannot be read is read once the store works again. `overrun()` is called when so many were asked for that they
    were let go: readers had better read a page anew. `noticed(device_id)` is called when what is remembered of a
    program turns out to be another: somebody changed it at another web.
    """

    def __init__(
        self, *, url: str, key_file: str = "", read: Callable[[str, Defect | None], None], overrun: Callable[[], None],
        noticed: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.url, self._key_file = url, key_file
        self.counters: Counter[str] = Counter()
        self.devices: dict[str, Device] = {}
        """Every program ever seen, by id, as the store had it within the last minute."""
        self._devices_due_s = 0.0
        self._read, self._overrun, self._noticed = read, overrun, noticed
        self._store: Store | None = None
        self._sentence: str | None = "the store is not open yet"
        self._wanted: dict[str, None] = {}
        self._unread: dict[str, None] = {}
        """What was asked for while the store did not answer."""
        self._bell = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="catalogue", daemon=True)

    @property
    def sentence(self) -> str | None:
        """What is wrong with the store; None while it works."""
        return self._sentence

    def use(self) -> Store:
        """The open store; StoreError says why there is none."""
        store = self._store
        if store is None:
            raise StoreError(self._sentence or "the store is closed")
        return store

    def refresh(self, event_id: str) -> None:
        """Have a defect read soon; many requests for one are one, and of too many none is kept."""
        with self._bell:
            if len(self._wanted) <= MAX_WANTED:
                self._wanted[event_id] = None
            self._bell.notify()

    def note(self, device: Device) -> None:
        """A person changed what is remembered of a program: know it before the store is read anew."""
        self.devices = {**self.devices, device.device_id: device}
        self.devices_changed()

    def devices_changed(self) -> None:
        """Somebody changed what is remembered of a program: read it soon."""
        self._devices_due_s = 0.0

    def start(self) -> None:
        """Begin to open the store, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End and close the store."""
        with self._bell:
            self._stopping = True
            self._bell.notify()
        self._thread.join(2)

    def _run(self) -> None:
        next_check_s = 0.0
        while True:
            with self._bell:
                if not self._wanted and not self._stopping:
                    self._bell.wait(max(0.0, next_check_s - time.monotonic()))
                wanted, self._wanted = self._wanted, {}
                if self._stopping:
                    break
            if time.monotonic() >= next_check_s:
                next_check_s = time.monotonic() + CHECK_S
                self._check()
                if self._sentence is None:
                    wanted, self._unread = {**self._unread, **wanted}, {}
            if len(wanted) > MAX_WANTED:
                self.counters["refreshes_let_go"] += len(wanted)
                self._overrun()
            else:
                self._refresh(list(wanted))
        if self._store is not None:
            self._store.close()
            self._store = None

    def _check(self) -> None:
        """Open the store if it is not, else see whether it still works; say it when that changes."""
        before = self._sentence
        try:
            if self._store is None:
                store = open_store(self.url, key_file=self._key_file)
                store.open()
                self._store = store
            self._sentence = self._store.check()
            if time.monotonic() >= self._devices_due_s:
                self._devices_due_s = time.monotonic() + DEVICES_S  # first: a change meanwhile is read next
                self._note_all(self._store.devices())
        except (StoreError, SecretError, ValueError) as error:
            self._sentence = str(error)
        except Exception as error:
            log.exception("the store's answer")
            self._sentence = f"the store answered with something that nobody expected: {type(error).__name__}: {error}"
        if self._sentence != before:
            log.warning("no store: %s", self._sentence) if self._sentence else log.info("the store works")

    def _note_all(self, devices: list[Device]) -> None:
        before, self.devices = self.devices, {device.device_id: device for device in devices}
        for id, device in self.devices.items():
            known = before.get(id)
            if known is None or (known.name, known.retired_at) != (device.name, device.retired_at):
                self._noticed(id)

    def _refresh(self, event_ids: list[str]) -> None:
        for event_id in event_ids:
            try:
                defect = self.use().defect(event_id)
            except StoreError as error:
                self.counters["reads_failed"] += 1
                log.debug("reading %s: %s", event_id, error)
                if len(self._unread) <= MAX_WANTED:
                    self._unread[event_id] = None
            else:
                self._read(event_id, defect)
