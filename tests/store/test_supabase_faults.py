"""What the Supabase store says when its project, or the way there, fails. Our own server answers as a gateway does."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from glassline.contract import Reason
from glassline.program import SecretError, write_secret
from glassline.store import DefectFilter, RefusedError, StoreError, open_store
from glassline.store.supabase import SupabaseStore
from tests.store.samples import detection_item, evidence_item, make_detection, make_evidence

Answer = tuple[int, str, str]
"""Status, content type, body."""

KEY = "sb_secret_do_not_tell"
PAGE = "<html><head><style>p {color: red}</style></head><body><h1>502 Bad Gateway</h1><p>nginx</p></body></html>"


def answer(status: int, **body: object) -> Answer:
    return status, "application/json", json.dumps(body)


class Gateway:
    """Answers every request by `reply(path)`, after `delay_s`."""

    def __init__(self) -> None:
        self.reply: Callable[[str], Answer] = lambda _path: answer(200)
        self.delay = threading.Event()
        self.delay.set()
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                gateway.delay.wait(10)
                status, kind, body = gateway.reply(self.path)
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            do_GET = do_DELETE = do_PUT = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> "Gateway":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.delay.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with Gateway() as one:
        yield one


@pytest.fixture
def store(gateway: Gateway) -> Iterator[SupabaseStore]:
    one = SupabaseStore(gateway.url, KEY, timeout=httpx.Timeout(0.5))
    yield one
    one.close()


FAULTS = {
    "asked too much": (answer(429, message="Too Many Requests"), "asked too much"),
    "a page of a gateway": ((502, "text/html", PAGE), "answered 502.*Bad Gateway.*nginx"),
    "no page at all": ((503, "text/plain", ""), "answered 503"),
    "half an answer": ((200, "application/json", '{"outcomes": ['), "answered with something else"),
    "key": (answer(401, message="Invalid API key"), "refuses the key.*store_key_file"),
    "tables": (answer(404, code="PGRST202", message="Could not find the function"), "glassline store migrate"),
    "time": (answer(500, code="57014", message="canceling statement due to statement timeout"), "57014.*timeout"),
    "paused": (answer(540, message="Project paused"), "540"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_said_in_words_and_nothing_is_taken_for_stored(
    gateway: Gateway, store: SupabaseStore, name: str
) -> None:
    said, sentence = FAULTS[name]
    gateway.reply = lambda _path: said
    with pytest.raises(StoreError, match=f"(?s){sentence}") as caught:
        store.apply([detection_item(make_detection())])
    assert KEY not in str(caught.value)
    assert "<" not in str(caught.value)
    assert len(str(caught.value)) < 500
    assert store.counters["rows"] == 0
    assert store.check() is not None
    with pytest.raises(StoreError):
        store.defects(DefectFilter())


@pytest.mark.parametrize(
    ("status", "sqlstate", "message", "code"),
    [
        (405, "25006", "cannot execute INSERT in a read-only transaction", Reason.STORE_READ_ONLY),
        (507, "53100", "could not extend file: No space left on device", Reason.STORE_FULL),
    ],
)
def test_a_full_database_is_named(
    gateway: Gateway, store: SupabaseStore, status: int, sqlstate: str, message: str, code: Reason
) -> None:
    gateway.reply = lambda _path: answer(status, code=sqlstate, message=message)
    with pytest.raises(StoreError) as caught:
        store.apply([detection_item(make_detection())])
    assert caught.value.code is code
    assert message in str(caught.value)


def test_a_server_that_hangs_is_waited_for_only_so_long(gateway: Gateway, store: SupabaseStore) -> None:
    gateway.delay.clear()
    with pytest.raises(StoreError, match="does not answer in time"):
        store.apply([detection_item(make_detection())])


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://no-such-project.invalid", "the name no-such-project.invalid cannot be found"),
        ("http://127.0.0.1:1", "cannot be reached"),
    ],
)
def test_a_way_that_leads_nowhere_is_named(url: str, sentence: str) -> None:
    store = SupabaseStore(url, KEY)
    with pytest.raises(StoreError, match=sentence):
        store.open()


def test_what_is_refused_for_good_is_no_fault_of_the_store(gateway: Gateway, store: SupabaseStore) -> None:
    gateway.reply = lambda _path: answer(400, code="22P05", message="unsupported Unicode escape sequence")
    with pytest.raises(RefusedError, match=r"22P05.*unsupported Unicode"):
        store.apply([detection_item(make_detection())])


def test_a_bucket_that_fails_stops_the_batch_before_a_row_says_otherwise(
    gateway: Gateway, store: SupabaseStore
) -> None:
    asked = []

    def reply(path: str) -> Answer:
        asked.append(path)
        return answer(507, statusCode="507", error="InsufficientStorage", message="no space left")

    gateway.reply = reply
    event = make_detection().event_id
    with pytest.raises(StoreError, match=r"507.*no space left"):
        store.apply([evidence_item(event, make_evidence(event))])
    assert all(path.startswith("/storage/") for path in asked)


def test_a_database_of_another_version_is_named_with_the_remedy(gateway: Gateway, store: SupabaseStore) -> None:
    gateway.reply = lambda _path: (200, "application/json", "0")
    with pytest.raises(StoreError, match=r"version 0.*glassline store migrate"):
        store.open()
    gateway.reply = lambda _path: (200, "application/json", "99")
    with pytest.raises(StoreError, match=r"version 99.*update Glassline"):
        store.open()


def test_the_key_comes_from_a_closed_file(tmp_path: Path, gateway: Gateway) -> None:
    with pytest.raises(ValueError, match="store_key_file"):
        open_store(f"supabase:{gateway.url}")
    with pytest.raises(SecretError, match=r"key file .*secret key \(Settings, API keys\)"):
        open_store(f"supabase:{gateway.url}", key_file=str(tmp_path / "none"))
    file = tmp_path / "key"
    write_secret(file, KEY)
    assert open_store(f"supabase:{gateway.url}", key_file=str(file)).kind == "supabase"
    file.chmod(0o644)
    with pytest.raises(SecretError, match="chmod 600"):
        open_store(f"supabase:{gateway.url}", key_file=str(file))


def test_what_was_uploaded_before_another_failed_is_not_uploaded_again(gateway: Gateway, store: SupabaseStore) -> None:
    first, second = make_detection().event_id, make_detection().event_id
    items = [evidence_item(event, make_evidence(event)) for event in (first, second)]
    asked: list[str] = []

    def reply(path: str) -> Answer:
        asked.append(path)
        if first in path:
            return answer(200, Key="x", Id="y")
        return answer(500, statusCode="500", error="Internal", message="not now")

    gateway.reply = reply
    for _ in range(3):
        with pytest.raises(StoreError, match="not now"):
            store.apply(items)
    assert (sum(first in path for path in asked), sum(second in path for path in asked)) == (1, 3)


def test_a_storage_that_refuses_for_reasons_of_its_own_costs_no_picture(gateway: Gateway, store: SupabaseStore) -> None:
    gateway.reply = lambda _path: answer(400, statusCode="400", error="InvalidJWT", message="jwt expired")
    event = make_detection().event_id
    with pytest.raises(StoreError, match="jwt expired") as caught:
        store.apply([evidence_item(event, make_evidence(event))])
    assert not isinstance(caught.value, RefusedError)
