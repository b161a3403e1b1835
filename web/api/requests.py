"""Reading what a request asks for: every value is checked, and every problem is said."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar, get_origin
from zoneinfo import ZoneInfo

from flask import request
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from glassline.contract import is_id
from glassline.contract.values import EventId, Id, Json, Label, Time
from glassline.store import Bucket, DefectFilter, FalseAlarm, Review, Status

from ..reading import request_is_read
from .errors import ApiError

MAX_BODY_BYTES = 100_000
MAX_VERSION = 2**31 - 1

T = TypeVar("T")
Several = Annotated[tuple[T, ...], Field(max_length=100)]
"""In a query: a name that may be given again and again, and then any of its values will do."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, LookupError, OSError):
        raise ValueError("expected a time zone like Europe/Berlin or UTC") from None
    return name


_ZONE_PATTERN = r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"
Zone = Annotated[str, StringConstraints(pattern=_ZONE_PATTERN, max_length=64), AfterValidator(_known_zone)]


def _written_out(text: object) -> object:
    if isinstance(text, str) and re.fullmatch(r"\s*[-+]?[0-9.]+\s*", text):
        raise ValueError("expected a time like 2026-01-31T12:00:00Z, got a number")
    return text


Instant = Annotated[Time, BeforeValidator(_written_out)]
"""A time as RFC 3339 writes it."""


def _truth(text: object) -> object:
    if isinstance(text, str) and text not in ("true", "false"):
        raise ValueError("expected true or false")
    return text


Truth = Annotated[bool, BeforeValidator(_truth)]
"""In a query: true or false, and no other word."""

Fps = Annotated[float, Field(gt=0, le=120)]


class Strict(BaseModel):
    """A request's values: nothing that is not asked for, no NaN."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class FilterQuery(Strict):
    """Which defects. Times are RFC 3339 with a zone; since <= detected_at < until.

    `text` is in the note, written large or small.
    """

    device: Several[Id] = ()
    label: Several[Label] = ()
    status: Several[Status] = ()
    since: Instant | None = None
    until: Instant | None = None
    score_min: Annotated[float, Field(ge=0, le=1)] | None = None
    text: Annotated[str, StringConstraints(max_length=200)] = ""
    false_alarm: Truth | None = None

    def where(self) -> DefectFilter:
        """As the store wants it."""
        since: datetime | None = self.since
        return DefectFilter(
            device_ids=self.device, labels=self.label, statuses=self.status, since=since, until=self.until,
            score_min=self.score_min, text=self.text, false_alarm=self.false_alarm,
        )  # fmt: skip


class DefectQuery(FilterQuery):
    """The query of /api/defects; `cursor` is the `next_cursor` of the page before, `skip` leaves out so many first."""

    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    skip: Annotated[int, Field(ge=0, le=10_000_000)] = 0


class ExportQuery(FilterQuery):
    """The query of /api/defects/export."""

    format: Literal["csv", "json"] = "csv"


class FiguresQuery(Strict):
    """The query of /api/figures. `until` left out is now; hours and days are those of `zone`, like Europe/Berlin."""

    since: Instant
    until: Instant | None = None
    bucket: Bucket = "day"
    zone: Zone = "UTC"
    device: Several[Id] = ()
    label: Several[Label] = ()

    def where(self) -> DefectFilter:
        """As the store wants it."""
        return DefectFilter(device_ids=self.device, labels=self.label)


class ImageQuery(Strict):
    """The digest that makes another picture another address: who names it may keep the answer."""

    sha256: Annotated[str, StringConstraints(max_length=64)] | None = None


class ReviewBody(Strict):
    """What a person says of a defect; `version` is the one that was looked at. What is left out stays.

    A `false_alarm` of null takes it away, as an empty note does.
    """

    status: Status
    note: Annotated[str, StringConstraints(max_length=4000)] | None = None
    false_alarm: FalseAlarm | None = None
    version: Annotated[int, Field(ge=0, le=MAX_VERSION)]

    def of(self, event_id: str) -> Review:
        """As the store wants it."""
        false_alarm = self.false_alarm or "" if "false_alarm" in self.model_fields_set else None
        return Review(
            event_id=event_id, version=self.version, status=self.status, note=self.note, false_alarm=false_alarm
        )


class EventReview(ReviewBody):
    """A review that names its defect."""

    event_id: EventId


class ReviewsBody(Strict):
    """Reviews of many defects, written in one transaction."""

    reviews: Annotated[list[EventReview], Field(min_length=1, max_length=200)]


class Nothing(Strict):
    """A body in which nothing is asked for."""


class CommandBody(Strict):
    """Arguments of a command."""

    args: dict[str, Json] = {}


class ModelBody(Strict):
    """Which model goes to a device: its name, or the digest of its archive; `url` where the node finds this web."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    url: Annotated[str, StringConstraints(max_length=300)] = ""


class WatchMessage(Strict):
    """What a page says over its WebSocket: what it wants to see, or a ping for the clock.

    `watch` gives each device its rate in fps; a plain list of devices has them all at `max_fps`.
    """

    watch: Annotated[dict[Id, Fps] | list[Id], Field(max_length=50)] | None = None
    max_fps: Fps = 15.0
    ping: float | None = None

    def wanted_fps(self, highest_fps: float) -> dict[str, float]:
        """What is watched at which rate, none above the highest."""
        watch = self.watch or {}
        rates = watch if isinstance(watch, dict) else dict.fromkeys(watch, self.max_fps)
        return {id: min(fps, highest_fps) for id, fps in rates.items()}


M = TypeVar("M", bound=Strict)


def query(model: type[M]) -> M:
    """The request's query; a name that nobody knows, or that is given twice and may have one value, is an error."""
    several = {name for name, field in model.model_fields.items() if get_origin(field.annotation) is tuple}
    given = dict(request.args.lists())
    twice = [name for name, values in given.items() if len(values) > 1 and name not in several]
    if twice:
        raise ApiError(400, "web.bad_request", f"expected one value for {', '.join(twice)[:200]}, got several")
    return _validated(model, {name: values if name in several else values[0] for name, values in given.items()})


def body(model: type[M]) -> M:
    """The request's JSON body; an empty one is {}."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise ApiError(413, "web.too_large", f"expected at most {MAX_BODY_BYTES} bytes, got {request.content_length}")
    raw = request.get_data() or b"{}"
    request_is_read()
    if len(raw) >= MAX_BODY_BYTES:  # one that came in chunks is cut there
        raise ApiError(413, "web.too_large", f"expected less than {MAX_BODY_BYTES} bytes, got more")
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise _refused(error) from None


def _validated(model: type[M], values: dict[str, Any]) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _refused(error) from None


def _refused(error: ValidationError) -> ApiError:
    problems = [
        f"{'.'.join(str(part) for part in item['loc'])[:80] or 'body'}: {item['msg'][:200]}"
        for item in error.errors(include_url=False, include_context=False, include_input=False)[:10]
    ]
    return ApiError(400, "web.bad_request", "; ".join(problems), "Correct these and send it again.")


def device_id(text: str) -> str:
    """A device id from a path."""
    if not is_id(text):
        raise ApiError(400, "web.bad_id", "expected a device id like pi-1: lower case letters, digits and '-'")
    return text


class _Event(Strict):
    event_id: EventId


def event_id(text: str) -> str:
    """An event id from a path."""
    try:
        return _Event(event_id=text).event_id
    except ValidationError:
        raise ApiError(400, "web.bad_id", "expected an event id, a UUID in lower case") from None
