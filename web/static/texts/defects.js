// English texts of defects: their list, and one of them.

import { texts as shared } from "./texts.js";

export const texts = {
  ...shared,
  defects: {
    title: "Defects",
    filters: { "": "All", pending: "Pending", reviewed: "Reviewed", resolved: "Resolved" },
    filter: "Show defects by status",
    empty: "No defects yet",
    emptyHint: "What the cameras find appears here at once.",
    emptyFilter: "None with this status",
    more: "Show more",
    notStored: "not stored yet",
    refused: "refused by the store",
    noImage: "no picture",
    down: "The list cannot be read",
    retry: "Try again",
    score: (score) => `${Math.round(score * 100)} %`,
    open: (label, device, time) => `${label} on ${device}, ${time}`,
  },
  detail: {
    close: "Close",
    evidence: (label) => `Evidence of ${label}`,
    boxes: "Boxes",
    facts: {
      status: "Status", note: "Note",
      confidence: "Confidence", time: "Seen", clock: "Clock", last: "Last seen", frames: "Confirmed over", device: "Camera",
      model: "Model", stored: "Stored", reviewed: "Reviewed", id: "Event",
    },
    frames: (count) => (count === 1 ? "1 frame" : `${count} frames`),
    by: (time, who) => `${time} by ${who}`,
    unsynced: "The camera's clock was not set: times may be those of the receipt.",
    note: "Note",
    noteHint: "What did you see, or do?",
    save: "Save",
    saving: "Saving…",
    saved: "Saved",
    status: "Status",
    conflict: "Somebody else changed this defect meanwhile. What stands there now is shown; save again to replace it.",
    notStored: "This find is not stored yet. It can be reviewed as soon as it is.",
    noImage: "The picture is not stored yet.",
  },
};
