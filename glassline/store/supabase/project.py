"""The way to a Supabase project: one HTTP client for REST and storage, and its errors in our words."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import httpx
from postgrest.exceptions import APIError
from storage3.exceptions import StorageApiError

from ..values import StoreError
from .bucket import Bucket
from .faults import explain

if TYPE_CHECKING:
    from postgrest import SyncRequestBuilder, SyncSelectRequestBuilder
    from supabase import Client

TIMEOUT = httpx.Timeout(15, connect=3)


class Project:
    """Connects at first use. May be used from any thread."""

    def __init__(self, url: str, key: str, *, timeout: httpx.Timeout = TIMEOUT) -> None:
        self.url = url
        self._key, self._timeout = key, timeout
        self._http: httpx.Client | None = None
        self._client: Client | None = None
        self._bucket: Bucket | None = None
        self._answered = threading.local()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close connections; the next use opens them anew."""
        with self._lock:
            if self._bucket is not None:
                self._bucket.close()
            if self._http is not None:
                self._http.close()
            self._client = self._bucket = self._http = None

    def table(self, name: str) -> "SyncRequestBuilder":
        """To build a query with, that `rows` runs."""
        return self._rest.table(name)

    @property
    def pictures(self) -> Bucket:
        """The bucket; use it within `faults`."""
        self._connect()
        return cast(Bucket, self._bucket)

    def rows(self, query: "SyncSelectRequestBuilder") -> list[dict[str, Any]]:
        """What a query finds."""
        with self.faults():
            return cast("list[dict[str, Any]]", self._checked(query.execute().data, list))

    def call(self, function: str, arguments: dict[str, Any], kind: type) -> Any:
        """What an SQL function returns, a `kind`."""
        with self.faults():
            return self._checked(self._rest.rpc(function, arguments).execute().data, kind)

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Turn what the client raises into StoreError, or RefusedError for what can never be stored."""
        self._answered.status = 0
        try:
            yield
        except (APIError, StorageApiError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise explain(error, self.url, status=self._answered.status) from error

    @property
    def _rest(self) -> "Client":
        self._connect()
        return cast("Client", self._client)

    def _checked(self, data: object, kind: type) -> Any:
        """A gateway may answer 200 with half of what it should, or with a page of its own."""
        if not isinstance(data, kind):
            raise StoreError(f"{self.url} answered with something else than expected ({str(data)[:80]!r}): try again")
        return data

    def _connect(self) -> None:
        with self._lock:
            if self._client is not None:
                return
            from supabase import create_client
            from supabase.lib.client_options import SyncClientOptions

            self._http = httpx.Client(timeout=self._timeout, event_hooks={"response": [self._note_status]})
            options = SyncClientOptions(httpx_client=self._http, postgrest_client_retry=False)
            self._client = create_client(self.url, self._key, options)
            self._bucket = Bucket(self._client, self.url)

    def _note_status(self, response: httpx.Response) -> None:
        """The client forgets the status of an answer whose body is JSON."""
        self._answered.status = response.status_code
