"""The part of the API about defects: lists, single ones, evidence."""

from dataclasses import replace

from flask import Blueprint, Response, jsonify, request

from glassline.contract.values import Count, EventId
from glassline.store import FALSE_ALARMS, FalseAlarm, Status

from ..services import Services
from .described import described
from .errors import NO_DEFECT, STORE_DOWN, ApiError
from .requests import DefectQuery, ImageQuery, event_id, query
from .shapes import Answer, DefectShape, defect_json, unconfirmed_json

KEEP = "private, max-age=31536000, immutable"


class DefectsAnswer(Answer):
    """One page, newest first; the first one carries `counts` by status. `next_cursor`: null on the last one."""

    defects: list[DefectShape]
    next_cursor: str | None
    counts: dict[Status, Count] | None = None


class UnconfirmedAnswer(Answer):
    """Newest first."""

    defects: list[DefectShape]


class ChoicesAnswer(Answer):
    """In order; at most a thousand of each."""

    devices: list[str]
    labels: list[str]
    reasons: list[FalseAlarm]


def blueprint(services: Services) -> Blueprint:
    """/api/defects."""
    pages = Blueprint("defects", __name__)

    @pages.get("/api/defects")
    @described(answer=DefectsAnswer, query=DefectQuery, errors={503: STORE_DOWN})
    def defects() -> Response:
        """The stored defects that match, a page at a time."""
        asked = query(DefectQuery)
        store = services.catalogue.use()
        try:
            page = store.defects(asked.where(), cursor=asked.cursor, limit=asked.limit, skip=asked.skip)
        except ValueError as error:
            raise ApiError(400, "web.bad_request", str(error)[:300], "Begin without a cursor.") from None
        found = {"defects": [defect_json(defect) for defect in page.defects], "next_cursor": page.next_cursor}
        if asked.cursor or asked.skip:
            return jsonify(found)
        # Counting looks at every row that matches: once for a list, not on each of its pages.
        return jsonify(found | {"counts": store.counts(replace(asked.where(), statuses=()))})

    @pages.get("/api/defects/choices")
    @described(answer=ChoicesAnswer, errors={503: STORE_DOWN})
    def choices() -> Response:
        """What there is to filter by: devices that found something, labels, reasons for a false alarm."""
        found = services.catalogue.use().choices()
        answer = ChoicesAnswer(devices=found.device_ids, labels=found.labels, reasons=list(FALSE_ALARMS))
        return jsonify(answer.to_dict())

    @pages.get("/api/defects/unconfirmed")
    @described(answer=UnconfirmedAnswer)
    def unconfirmed() -> Response:
        """Finds that were seen on the wire and that no receipt confirmed yet."""
        finds = services.unconfirmed.all()
        return jsonify(defects=[unconfirmed_json(find.device_id, find.detection, error=find.error) for find in finds])

    @pages.get("/api/defects/<id>")
    @described(answer=DefectShape, path={"id": EventId}, errors={404: NO_DEFECT, 503: STORE_DOWN})
    def defect(id: str) -> Response:
        """One defect."""
        found = services.catalogue.use().defect(event_id(id))
        if found is None:
            raise no_defect(id)
        return jsonify(defect_json(found))

    @pages.get("/api/defects/<id>/image")
    @described(
        answer={"image/jpeg": None}, path={"id": EventId}, query=ImageQuery,
        errors={404: f"{NO_DEFECT}; web.no_evidence: its picture is not", 503: STORE_DOWN},
    )  # fmt: skip
    def image(id: str) -> Response:
        """The picture of a defect, as it left the node."""
        return _image(services, event_id(id), query(ImageQuery))

    return pages


def _image(services: Services, id: str, asked: ImageQuery) -> Response:
    """The evidence, bytes as they left the node; a browser may keep it under an address that names its digest."""
    store = services.catalogue.use()
    found = store.defect(id)
    if found is None:
        raise no_defect(id)
    if found.image_sha256 and request.if_none_match.contains(found.image_sha256):
        return Response(status=304)
    jpeg = store.evidence(id)
    if jpeg is None:
        raise ApiError(404, "web.no_evidence", f"the picture of {id} is not stored yet", "The node sends it again.")
    answer = Response(jpeg, mimetype="image/jpeg")
    if found.image_sha256:
        answer.set_etag(found.image_sha256)
        named = asked.sha256 == found.image_sha256
        answer.headers["Cache-Control"] = KEEP if named else "private, no-cache"
    return answer


def no_defect(id: str) -> ApiError:
    """There is none of that id."""
    return ApiError(404, "web.no_defect", f"no defect {id} is stored", "A find not yet stored is under /unconfirmed.")
