"""The part of the API by which people review: one defect or many, and what was done before."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

from flask import Blueprint, Response, jsonify

from glassline.accounts import PersonRole
from glassline.contract.values import Count, EventId, Time
from glassline.store import Defect, FalseAlarm, ReviewConflictError, Reviewed, ReviewStep, Status, StoreError

from ..people.access import open_to, require
from ..services import Services
from .defects import no_defect
from .described import described
from .errors import NO_DEFECT, STORE_DOWN, ApiError
from .requests import ReviewBody, ReviewsBody, body, event_id
from .shapes import Answer, DefectShape, ErrorAnswer, defect_json, defect_shape


class StepShape(Answer):
    """One review, and the `version` that it made."""

    at: Time
    by: str
    from_status: Status
    to_status: Status
    note: str
    false_alarm: FalseAlarm | None
    version: Count


class HistoryAnswer(Answer):
    """Oldest first."""

    steps: list[StepShape]


class ReviewResult(Answer):
    """`conflict`: somebody else was faster; `unknown`: there is no such defect. `defect` is what stands there now."""

    event_id: str
    outcome: Literal["done", "conflict", "unknown"]
    defect: DefectShape | None


class ReviewsAnswer(Answer):
    """What became of each, in the order of the request."""

    results: list[ReviewResult]


class ConflictAnswer(ErrorAnswer):
    """web.conflict: somebody else changed it in between; `current` is what stands there now."""

    current: DefectShape


def blueprint(services: Services) -> Blueprint:
    """/api/defects/<id>/history, /api/defects/<id>/review and /api/defects/reviews."""
    pages = Blueprint("reviews", __name__)

    @pages.get("/api/defects/<id>/history")
    @described(answer=HistoryAnswer, path={"id": EventId}, errors={404: NO_DEFECT, 503: STORE_DOWN})
    def history(id: str) -> Response:
        """What people did with a defect."""
        store = services.catalogue.use()
        steps = store.reviews(event_id(id))
        if not steps and store.defect(id) is None:
            raise no_defect(id)
        return jsonify(HistoryAnswer(steps=[_step(step) for step in steps]).to_dict())

    @pages.post("/api/defects/<id>/review")
    @open_to(PersonRole.REVIEWER)
    @described(
        answer=DefectShape, path={"id": EventId}, body=ReviewBody,
        errors={404: NO_DEFECT, 409: ConflictAnswer, 503: STORE_DOWN},
    )  # fmt: skip
    def review(id: str) -> Response:
        """Say what a person found: its status, a note, why it was a false alarm. What is left out stays."""
        return jsonify(defect_json(_review(services, event_id(id), body(ReviewBody))))

    @pages.post("/api/defects/reviews")
    @open_to(PersonRole.REVIEWER)
    @described(answer=ReviewsAnswer, body=ReviewsBody, errors={503: STORE_DOWN})
    def reviews() -> Response:
        """Review many defects at once: all that can be are written in one transaction."""
        said, by = body(ReviewsBody), require(PersonRole.REVIEWER).name
        with _looked_up(services, [one.event_id for one in said.reviews]):
            told = services.catalogue.use().review_many([one.of(one.event_id) for one in said.reviews], by=by)
        services.reviewed_many([one.defect for one in told if one.outcome == "done" and one.defect])
        return jsonify(ReviewsAnswer(results=[_result(one) for one in told]).to_dict())

    return pages


def _review(services: Services, id: str, said: ReviewBody) -> Defect:
    store, by = services.catalogue.use(), require(PersonRole.REVIEWER).name
    try:
        with _looked_up(services, [id]):
            [told] = store.review_many([said.of(id)], by=by)
        reviewed = told.done()
    except KeyError:
        raise no_defect(id) from None
    except ReviewConflictError as error:
        raise ApiError(
            409, "web.conflict", str(error), "Look at what stands there now and decide again.",
            current=defect_json(error.current),
        ) from None  # fmt: skip
    services.reviewed(reviewed)
    return reviewed


@contextmanager
def _looked_up(services: Services, event_ids: Iterable[str]) -> Iterator[None]:
    """Where no answer came, the store may have written it all the same: pages are told what stands there."""
    try:
        yield
    except StoreError:
        for event_id in event_ids:
            services.catalogue.refresh(event_id)
        raise


def _step(step: ReviewStep) -> StepShape:
    return StepShape(
        at=step.at, by=step.by, from_status=step.from_status, to_status=step.to_status, note=step.note,
        false_alarm=step.false_alarm, version=step.version,
    )  # fmt: skip


def _result(one: Reviewed) -> ReviewResult:
    return ReviewResult(event_id=one.event_id, outcome=one.outcome, defect=one.defect and defect_shape(one.defect))
