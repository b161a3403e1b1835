// The list on paper: a plain table under what was asked for.

import { el } from "../common/dom.js";
import { calledInFull, longTime } from "../common/format.js";
import { texts } from "../texts/defects.js";

const words = texts.sheet;

// Put the table into the page, where only a printer sees it; it goes when that has it.
export function showSheet(defects, counts, wanted) {
  const statuses = wanted.statuses.length ? wanted.statuses : Object.keys(counts);
  const total = statuses.reduce((sum, status) => sum + counts[status], 0);
  const sheet = el("section", { class: "sheet" },
    el("h1", {}, words.title), el("p", {}, words.made(longTime(Date.now()), defects.length, total)),
    el("p", {}, words.asked(asked(wanted))),
    el("table", { class: "table" },
      el("thead", {}, el("tr", {}, ...words.columns.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...defects.map(row))));
  document.body.append(sheet);
  addEventListener("afterprint", () => sheet.remove(), { once: true });
}

export function isSheetShown() {
  return document.querySelector(".sheet") !== null;
}

function row(defect) {
  const reviewed = defect.reviewed_at ? `${defect.reviewed_by ?? ""} ${longTime(defect.reviewed_at)}` : "";
  const status = defect.false_alarm ? texts.list.falseAlarm(texts.reasons[defect.false_alarm] ?? defect.false_alarm) : texts.status[defect.status];
  return el("tr", {}, ...[longTime(defect.detected_at), calledInFull(defect.device_id), defect.label, texts.defects.score(defect.score),
    status, reviewed, defect.note, defect.event_id].map((text) => el("td", {}, text)));
}

function asked({ devices, labels, statuses, range, since, until, scoreMin, text, falseAlarm }) {
  const { chips, ranges } = texts.list;
  return [...devices.map(calledInFull), ...labels, ...statuses.map((status) => texts.status[status]), range && ranges[range],
    since && chips.since(since), until && chips.until(until), scoreMin && chips.score(scoreMin), text && chips.text(text),
    falseAlarm !== null && chips[falseAlarm]].filter(Boolean);
}
