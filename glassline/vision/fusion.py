"""Boxes of one picture, looked at several times, into the boxes of all looks together.

Source: weighted boxes fusion, Solovyev, Wang and Gabruseva, "Weighted boxes fusion: Ensembling boxes from different
object detection models", 2021.
"""

from __future__ import annotations

import numpy as np

from .boxes import MAX_BOXES, Found, Ints, iou

_IOU_THRESHOLD = 0.55


def fuse(found: Found, look_ids: Ints, *, looks: int) -> Found:
    """One box for all that overlap in one class, best first, at most MAX_BOXES.

    `look_ids` (n,) says which of the `looks` each box is of. A box joins those of its class whose mean it overlaps most
    and by more than 0.55. Its corners are the mean of theirs, weighted by score; its score is the sum of
    theirs over `looks`, so what few looks show counts little. Other than in the paper, one look counts once in it:
    suppression within a look leaves boxes that overlap. Its coefficients are those of the best one.
    """
    n = len(found.scores)
    weighted, weight, class_ids = np.zeros((n, 4)), np.zeros(n), np.zeros(n, np.intp)
    looked, best = np.zeros((n, looks), bool), np.zeros(n, np.intp)
    count = 0
    for k in np.argsort(-found.scores, kind="stable"):
        score, look, class_id = found.scores[k], look_ids[k], found.class_ids[k]
        if score <= 0:
            break
        means = weighted[:count] / weight[:count, None]
        overlap = iou(found.xyxy[k : k + 1], means)[0]
        overlap[(class_ids[:count] != class_id) | looked[:count, look]] = 0
        at = int(overlap.argmax()) if overlap.max(initial=0) > _IOU_THRESHOLD else count
        if at == count:
            class_ids[at], best[at] = class_id, k
            count += 1
        weighted[at] += score * found.xyxy[k]
        weight[at] += score
        looked[at, look] = True
    order = np.argsort(-weight[:count], kind="stable")[:MAX_BOXES]
    means = weighted[order] / weight[order, None]
    return Found(means, weight[order] / looks, class_ids[order], found.coefficients[best[order]])
