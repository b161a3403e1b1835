// English texts of defects: their page, the newest beside the live picture, and one of them.

import { texts as shared } from "./texts.js";

const MOST_QUOTED = 160;
const number = new Intl.NumberFormat("en-GB");
const percent = (score) => `${Math.round(score * 100)} %`;
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const quote = (note) => `“${note.length > MOST_QUOTED ? `${note.slice(0, MOST_QUOTED)} …` : note}”`;
const these = (count) => (count === 1 ? "1 defect" : `${number.format(count)} defects`);

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
    score: percent,
    open: (label, device, time) => `${label} on ${device}, ${time}`,
  },
  detail: {
    close: "Close",
    previous: "Previous",
    next: "Next",
    place: (rank, total) => `${number.format(rank)} of ${number.format(total)}`,
    facts: {
      note: "Note", alarm: "False alarm",
      confidence: "Confidence", time: "Seen", clock: "Clock", last: "Last seen", frames: "Confirmed over", device: "Camera",
      size: "Size in the picture", model: "Model", picture: "Picture", stored: "Stored", reviewed: "Reviewed", id: "Event",
    },
    frames: (count) => (count === 1 ? "1 frame" : `${count} frames`),
    size: ({ boxes, image_wh: wh, label }) => {
      const best = boxes.filter((box) => box.label === label).sort((one, other) => other.score - one.score)[0];
      if (!best || !wh) return null;
      const [x0, y0, x1, y1] = best.xyxyn;
      return `${Math.round((x1 - x0) * wh[0])} × ${Math.round((y1 - y0) * wh[1])} px`;
    },
    pixels: (width, height) => `${width} × ${height} px`,
    model: ({ model, model_sha256: sha256 }) => (sha256 ? `${model}, ${sha256.slice(0, 12)}` : model),
    by: (time, who) => `${time} by ${who}`,
    unsynced: "The camera's clock was not set: times may be those of the receipt.",
    note: "Note",
    noteHint: "What did you see, or do?",
    falseAlarm: "False alarm",
    save: "Save note",
    saving: "Saving …",
    saved: "Saved",
    status: "Status",
    conflict: ({ reviewed_by: who, note }, status) =>
      `Somebody else changed this defect meanwhile: ${who ?? "somebody"} made it ${status.toLowerCase()}${note && `, ${quote(note)}`}, as is shown now. ` +
      "What you wrote is still here; save again to put it in its place.",
    notStored: "This find is not stored yet. It can be reviewed as soon as it is.",
    permalink: "Open on its own page",
    copy: "Copy link",
    openPicture: "Open picture",
    download: "Download",
    print: "Print",
  },
  picture: {
    label: (label) => `Picture of ${label}. Plus and minus zoom, arrow keys move it.`,
    boxes: "Boxes",
    masks: "Outlines",
    in: "Closer (+)",
    out: "Further away (-)",
    toFind: "To the find and back (z)",
    zoom: (zoom) => (zoom === 1 ? "" : `${zoom.toFixed(1)} ×`),
    none: "The picture is not stored yet.",
    removed: (time) => `The picture was kept until ${time}.`,
  },
  reasons: { reflection: "Reflection", dirt: "Dirt", water: "Water", edge: "Edge", duplicate: "Duplicate", other: "Other" },
  reason: { title: "It is a false alarm. What was it?" },
  history: {
    title: "Who did what",
    changed: (from, to) => `${from} → ${to}`,
    noteGone: "took the note away",
  },
  reviews: {
    done: ({ status, false_alarm: alarm }, count, label) =>
      `${count === 1 ? `${label}:` : `${these(count)}:`} ${alarm ? "false alarm" : shared.status[status].toLowerCase()}`,
    undo: "Undo",
    undone: (count) => (count === 1 ? "Taken back" : `${these(count)}: taken back`),
    gone: (count) => (count === 1
      ? "This defect is stored no more: it was removed, as happens when its time is over."
      : `${these(count)} are stored no more: they were removed, as happens when their time is over.`),
    nothingToUndo: "There is nothing to take back.",
    notUndone: (why) => `It is not taken back. ${why}`,
    again: "Try again",
  },
  conflict: {
    title: (count) => (count === 1 ? "Somebody else was faster" : `${these(count)}: somebody else was faster`),
    line: ({ label, device_id: device, reviewed_by: who, note }, status, time) =>
      `${who ?? "Somebody"} made ${label} on ${device} ${status.toLowerCase()} at ${time}${note ? `: “${note}”` : "."}`,
    others: (count) => `and ${number.format(count)} more`,
    look: "Look at it",
    overwrite: (status) => `Make it ${status.toLowerCase()} all the same`,
  },
  desk: {
    picked: (count) => `${number.format(count)} selected`,
    barName: "What to do with the selected",
    all: "All",
    allHint: "Select all that are loaded",
    none: "Select none",
    reject: "False alarm …",
    progress: "Saving",
    notRead: "This find is stored, and is being read. It can be reviewed in a moment.",
  },
  keysOf: {
    title: "Defects",
    reviewTitle: "Review",
    next: "Next", previous: "Previous", sideways: "Beside, in the grid", open: "Open", close: "Close, or select none",
    search: "Search in notes", zoomIn: "Closer", zoomOut: "Further away", zoomTo: "To the find and back",
    reviewed: "Reviewed", reject: "False alarm: 1 to 6 says of which kind", resolved: "Resolved", undo: "Take back",
    pick: "Select", all: "Select all loaded",
  },
  sheet: {
    title: "Glassline: defects",
    made: (time, host) => `Printed on ${time}, from ${host}.`,
    asked: (parts) => (parts.length ? `${parts.map(([name, what]) => `${name}: ${what}`).join("; ")}.` : "Every defect that is stored, without a filter."),
    part: (first, last, total) => (last - first + 1 === total ? `${these(total)}, newest first.`
      : `Numbers ${number.format(first)} to ${number.format(last)} of ${these(total)}, newest first; the export has all.`),
    columns: ["Seen, and event", "Camera", "Type", "Confidence", "Status", "Reviewed", "Note"],
  },
  list: {
    name: "Defects, newest first",
    row: (label, device, time) => `${label} on ${device}, ${time}`,
    pick: (row) => `Select ${row}`,
    by: (who) => `by ${who}`,
    draft: "draft note",
    count: (count) => number.format(count),
    total: (count) => these(count),
    news: (count) => `${number.format(count)} new`,
    newsHint: "Show the newest",
    reading: "Reading …",
    falseAlarm: (reason) => `False: ${reason.toLowerCase()}`,
    statuses: "Status",
    all: "All",
    view: "View",
    views: { list: "List", grid: "Grid" },
    more: "More",
    exportCsv: "Export CSV",
    exportJson: "Export JSON",
    print: "Print the list",
    filters: "Filters",
    search: "Search in notes",
    clear: "Clear filters",
    without: (chip) => `Remove the filter ${chip}`,
    devices: "Camera",
    labels: "Type",
    time: "Time",
    score: "Confidence",
    alarms: "False alarms",
    ranges: { "": "Any time", today: "Today", "24h": "Last 24 h", "7d": "Last 7 days", "30d": "Last 30 days", custom: "From … to …" },
    since: "From",
    until: "To, without it",
    apply: "Apply",
    badTimes: "The end lies before the beginning.",
    alarmChoices: { "": "With and without", true: "False alarms only", false: "Without false alarms" },
    anyScore: "Any confidence",
    noChoices: "Nothing is stored yet",
    findChoice: "Find",
    chips: {
      score: (score) => `≥ ${percent(score)}`,
      text: (text) => `“${text}”`,
      since: (time) => `from ${day.format(new Date(time))}`,
      until: (time) => `to ${day.format(new Date(time))}`,
      true: "False alarms only",
      false: "Without false alarms",
    },
    none: "No defects yet",
    noneHint: "What the cameras find appears here at once. If nothing comes, the diagnosis says where the way from the lens ends.",
    toDiagnosis: "Open the diagnosis",
    narrow: "No defect fits these filters",
    narrowHint: "Take one of them away, or all.",
    allDone: "Nothing is left to review",
    allDoneHint: "What comes next appears here at once.",
    showAll: "Show all",
  },
};
