"""The part of the API about defects: lists, single ones, evidence."""

from dataclasses import replace

from flask import Blueprint, Response, jsonify, request

from glassline.store import FALSE_ALARMS, FalseAlarm

from ..services import Services
from .errors import ApiError
from .requests import DefectQuery, event_id, query
from .shapes import Answer, defect_json, unconfirmed_json

KEEP = "private, max-age=31536000, immutable"


class ChoicesAnswer(Answer):
    """In order; at most a thousand of each."""

    devices: list[str]
    labels: list[str]
    reasons: list[FalseAlarm]


def blueprint(services: Services) -> Blueprint:
    """/api/defects."""
    pages = Blueprint("defects", __name__)

    @pages.get("/api/defects")
    def defects() -> Response:
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
    def choices() -> Response:
        """What there is to filter by: devices that found something, labels, reasons for a false alarm."""
        found = services.catalogue.use().choices()
        answer = ChoicesAnswer(devices=found.device_ids, labels=found.labels, reasons=list(FALSE_ALARMS))
        return jsonify(answer.to_dict())

    @pages.get("/api/defects/unconfirmed")
    def unconfirmed() -> Response:
        finds = services.unconfirmed.all()
        return jsonify(defects=[unconfirmed_json(find.device_id, find.detection, error=find.error) for find in finds])

    @pages.get("/api/defects/<id>")
    def defect(id: str) -> Response:
        found = services.catalogue.use().defect(event_id(id))
        if found is None:
            raise no_defect(id)
        return jsonify(defect_json(found))

    @pages.get("/api/defects/<id>/image")
    def image(id: str) -> Response:
        return _image(services, event_id(id))

    return pages


def _image(services: Services, id: str) -> Response:
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
        named = request.args.get("sha256") == found.image_sha256
        answer.headers["Cache-Control"] = KEEP if named else "private, no-cache"
    return answer


def no_defect(id: str) -> ApiError:
    """There is none of that id."""
    return ApiError(404, "web.no_defect", f"no defect {id} is stored", "A find not yet stored is under /unconfirmed.")
