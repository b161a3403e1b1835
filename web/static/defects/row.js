// One defect as a row of the list, as a tile of the grid, or as a line on paper, under what was asked for.

import { el, say } from "../common/dom.js";
import { called, calledInFull, colour, longTime, shortTime } from "../common/format.js";
import { Thumbs } from "../common/finds.js";
import { texts } from "../texts/defects.js";

const words = texts.list;
const paper = texts.sheet;
// No more than somebody files; who wants all takes the export.
export const MOST_PRINTED = 500;
const FRESH_MS = 4000;
const THUMBS = { list: { share: 0.5, size: [72, 54] }, grid: { share: 0.3, size: [240, 180] } };

export class Cards {
  onOpen = () => {};
  onPick = () => {};
  // What the row says besides the defect: {isPicked, isLeaving, isBusy, hasDraft, mark}.
  stateOf = () => ({});
  mayReview = false;
  #thumbs = new Thumbs();
  #fresh = new Map();

  // For a moment a row shows that it is new, or who has just changed it.
  freshen(id, by = "") {
    this.#fresh.set(id, { by, until: performance.now() + FRESH_MS });
  }

  // Whether some row still shows that.
  calm() {
    const now = performance.now();
    for (const [id, { until }] of this.#fresh) if (until < now) this.#fresh.delete(id);
    return this.#fresh.size === 0;
  }

  make(id) {
    const pick = el("input", { type: "checkbox", class: "pick", tabindex: -1,
      on: { click: (event) => this.onPick(id, event.currentTarget.checked, event.shiftKey) } });
    const open = el("button", { type: "button", class: "open", tabindex: -1,
      on: { click: (event) => this.onOpen(id, event) } },
      el("span", { class: "thumb" }, el("canvas", { "aria-hidden": "true" }), el("span", { class: "none" })),
      el("span", { class: "words" },
        el("span", { class: "head" }, el("span", { class: "swatch", "aria-hidden": "true" }),
          el("strong", { class: "label" }), el("span", { class: "score" })),
        el("span", { class: "where" })),
      el("span", { class: "note" }),
      el("span", { class: "state" }, el("span", { class: "mark" }), el("span", { class: "chip" })));
    const card = el("li", { class: `row ${this.#fresh.has(id) ? "arrives" : ""}`, "data-id": id }, pick, open);
    card.parts = Object.fromEntries(["pick", "open", "thumb", "none", "swatch", "label", "score", "where", "note", "mark", "chip"]
      .map((name) => [name, card.querySelector(`.${name}`)]));
    card.canvas = card.querySelector("canvas");
    return card;
  }

  fill(card, defect, kind, { isCurrent, isStop }) {
    const { parts } = card;
    const state = this.stateOf(defect.event_id);
    const fresh = this.#fresh.get(defect.event_id);
    const isFresh = Boolean(fresh && fresh.until > performance.now());
    const by = isFresh ? fresh.by : "";
    const device = called(defect.device_id);
    const key = [defect.rev, defect.version, defect.status, defect.stored, defect.false_alarm, defect.image_url, defect.note,
      defect.error, isCurrent, isStop, isFresh, by, device, this.mayReview, ...Object.values(state)].join("|");
    if (card.key === key) return;
    card.key = key;
    const time = shortTime(defect.detected_at);
    const named = words.row(defect.label, device, time);
    say(parts.label, defect.label);
    say(parts.score, texts.defects.score(defect.score));
    say(parts.where, `${time} · ${device}`);
    parts.where.title = calledInFull(defect.device_id);
    say(parts.note, defect.note);
    say(parts.mark, state.hasDraft ? words.draft : by || defect.version > 0 ? words.by(by || (defect.reviewed_by ?? "")) : "");
    parts.swatch.style.background = colour(defect.label);
    this.#fillStatus(parts.chip, defect);
    parts.pick.hidden = !this.mayReview;
    parts.pick.disabled = !defect.stored;
    parts.pick.checked = Boolean(state.isPicked);
    parts.pick.setAttribute("aria-label", words.pick(named));
    parts.open.tabIndex = parts.pick.tabIndex = isStop ? 0 : -1;
    parts.open.setAttribute("aria-label", `${named}, ${parts.chip.textContent}`);
    for (const [name, on] of Object.entries({ current: isCurrent, picked: state.isPicked, leaves: state.isLeaving, fresh: isFresh, shown: state.isShown, drafted: state.hasDraft })) {
      card.classList.toggle(name, Boolean(on));
    }
    this.#fillThumb(card, defect, kind);
  }

  drop(card) {
    this.#thumbs.drop(card.canvas);
  }

  #fillStatus(chip, defect) {
    const waiting = defect.error ? texts.defects.refused : texts.defects.notStored;
    chip.className = `chip ${defect.stored ? (defect.false_alarm ? "false-alarm" : defect.status) : "waiting"}`;
    const status = defect.false_alarm ? words.falseAlarm(texts.reasons[defect.false_alarm] ?? defect.false_alarm)
      : texts.status[defect.status];
    say(chip, defect.stored ? status : waiting);
  }

  async #fillThumb(card, defect, kind) {
    const has = await this.#thumbs.show(card.canvas, defect, THUMBS[kind]);
    if (has !== null) say(card.parts.none, has ? "" : texts.defects.noImage);
  }
}

// Put the table into the page, where only a printer sees it; it goes when that has it. `start`: the rank of the first.
export function showSheet(defects, { start = 0, counts, wanted }) {
  const printed = defects.slice(0, MOST_PRINTED);
  const statuses = wanted.statuses.length ? wanted.statuses : Object.keys(counts);
  const total = Math.max(start + printed.length, statuses.reduce((sum, status) => sum + counts[status], 0));
  const sheet = el("section", { class: "sheet" },
    el("h1", {}, paper.title), el("p", {}, paper.made(longTime(Date.now()), location.host)),
    el("p", {}, paper.asked(asked(wanted))), el("p", {}, paper.part(start + 1, start + printed.length, total)),
    el("table", { class: "table" },
      el("thead", {}, el("tr", {}, ...paper.columns.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...printed.map(line))));
  document.body.append(sheet);
  addEventListener("afterprint", () => sheet.remove(), { once: true });
}

export function isSheetShown() {
  return document.querySelector(".sheet") !== null;
}

function line(defect) {
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
