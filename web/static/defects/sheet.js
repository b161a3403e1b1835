// The list on paper: a plain table under what was asked for.

import { el } from "../common/dom.js";
import { calledInFull, longTime } from "../common/format.js";
import { texts } from "../texts/defects.js";

// No more than somebody files; who wants all takes the export.
export const MOST_PRINTED = 500;
const words = texts.sheet;

// Put the table into the page, where only a printer sees it; it goes when that has it. `start`: the rank of the first.
export function showSheet(defects, { start = 0, counts, wanted }) {
  const printed = defects.slice(0, MOST_PRINTED);
  const statuses = wanted.statuses.length ? wanted.statuses : Object.keys(counts);
  const total = Math.max(start + printed.length, statuses.reduce((sum, status) => sum + counts[status], 0));
  const sheet = el("section", { class: "sheet" },
    el("h1", {}, words.title), el("p", {}, words.made(longTime(Date.now()), location.host)),
    el("p", {}, words.asked(asked(wanted))), el("p", {}, words.part(start + 1, start + printed.length, total)),
    el("table", { class: "table" },
      el("thead", {}, el("tr", {}, ...words.columns.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...printed.map(row))));
  document.body.append(sheet);
  addEventListener("afterprint", () => sheet.remove(), { once: true });
}

export function isSheetShown() {
  return document.querySelector(".sheet") !== null;
}

function row(defect) {
  const reviewed = defect.reviewed_at ? `${defect.reviewed_by ?? ""} ${longTime(defect.reviewed_at)}` : "";
  const status = defect.false_alarm ? texts.list.falseAlarm(texts.reasons[defect.false_alarm] ?? defect.false_alarm) : texts.status[defect.status];
  return el("tr", {}, el("td", {}, longTime(defect.detected_at), el("small", {}, defect.event_id)),
    ...[calledInFull(defect.device_id), defect.label, texts.defects.score(defect.score), defect.stored ? status : texts.defects.notStored,
      reviewed, defect.note].map((text) => el("td", {}, text)));
}

// [name, what], of each that is asked for.
function asked({ devices, labels, statuses, range, since, until, scoreMin, text, falseAlarm }) {
  const { list } = texts;
  const time = range ? list.ranges[range] : [since && list.chips.since(since), until && list.chips.until(until)].filter(Boolean).join(" ");
  return [
    [list.devices, devices.map(calledInFull).join(", ")], [list.labels, labels.join(", ")],
    [list.statuses, statuses.map((status) => texts.status[status]).join(", ")], [list.time, time],
    [list.score, scoreMin && list.chips.score(scoreMin)], [texts.detail.note, text && list.chips.text(text)],
    [list.alarms, falseAlarm !== null && list.alarmChoices[falseAlarm]],
  ].filter(([, what]) => what);
}
