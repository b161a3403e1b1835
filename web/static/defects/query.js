// Which defects are asked for: in the address, in the words of the API, and of a defect that was pushed.
//
// The address also says which one is open. Whether it is list or grid is remembered.

import { texts } from "../texts/defects.js";

export const RANGES = { today: null, "24h": 24, "7d": 7 * 24, "30d": 30 * 24 };
const PATH = "/defects";
const KIND = "glassline.defects.view";
const STATUSES = Object.keys(texts.status);
const HOUR_MS = 3_600_000;
const LISTS = { devices: "device", labels: "label", statuses: "status" };

export function anything() {
  return { devices: [], labels: [], statuses: [], range: "", since: "", until: "", scoreMin: 0, text: "", falseAlarm: null };
}

// From the search part of an address; what nobody understands is left out. Whether a name can be one, the web says.
function fromSearch(search) {
  const given = new URLSearchParams(search);
  const time = (name) => (Number.isNaN(Date.parse(given.get(name))) ? "" : given.get(name));
  const score = Number(given.get("score_min"));
  const all = (name) => [...new Set(given.getAll(name))];
  const range = Object.hasOwn(RANGES, given.get("range")) ? given.get("range") : "";
  return {
    devices: all("device"), labels: all("label"), statuses: all("status").filter((status) => STATUSES.includes(status)),
    range, since: range ? "" : time("since"), until: range ? "" : time("until"), text: given.get("text") ?? "",
    scoreMin: score > 0 && score <= 1 ? score : 0,
    falseAlarm: { true: true, false: false }[given.get("false_alarm")] ?? null,
  };
}

function toSearch(wanted) {
  const search = common(wanted);
  if (wanted.range) search.append("range", wanted.range);
  else times(search, wanted.since, wanted.until);
  const text = search.toString();
  return text && `?${text}`;
}

// As the API wants it, without the page's own `range`.
export function toApi(wanted) {
  const search = common(wanted);
  times(search, since(wanted), wanted.until);
  return search;
}

function common(wanted) {
  const search = new URLSearchParams();
  for (const [field, name] of Object.entries(LISTS)) for (const value of wanted[field]) search.append(name, value);
  if (wanted.scoreMin) search.append("score_min", wanted.scoreMin);
  if (wanted.text) search.append("text", wanted.text);
  if (wanted.falseAlarm !== null) search.append("false_alarm", wanted.falseAlarm);
  return search;
}

function times(search, from, to) {
  if (from) search.append("since", new Date(from).toISOString());
  if (to) search.append("until", new Date(to).toISOString());
}

// The first instant that is asked for, as text; empty: all.
export function since({ range, since: given }, now = Date.now()) {
  if (range === "today") return new Date(new Date(now).setHours(0, 0, 0, 0)).toISOString();
  return range ? new Date(now - RANGES[range] * HOUR_MS).toISOString() : given;
}

// Whether a defect is among what is asked for, its status left aside: such are counted.
export function counts(wanted, defect) {
  const at = Date.parse(defect.detected_at);
  const from = since(wanted);
  return (
    (!wanted.devices.length || wanted.devices.includes(defect.device_id)) &&
    (!wanted.labels.length || wanted.labels.includes(defect.label)) &&
    (!from || at >= Date.parse(from)) &&
    (!wanted.until || at < Date.parse(wanted.until)) &&
    defect.score >= wanted.scoreMin &&
    (!wanted.text || defect.note.toLowerCase().includes(wanted.text.toLowerCase())) &&
    (wanted.falseAlarm === null || wanted.falseAlarm === Boolean(defect.false_alarm))
  );
}

// Whether it belongs into the list.
export function fits(wanted, defect) {
  return (!wanted.statuses.length || wanted.statuses.includes(defect.status)) && counts(wanted, defect);
}

// Whether anything is left out.
export function isNarrow(wanted) {
  return toSearch(wanted) !== "";
}

export class Place {
  // Somebody went back or forward: (before: {search, id}).
  onChange = () => {};
  #typing = false;
  #before;

  constructor() {
    this.#before = { search: this.search, id: this.id };
    addEventListener("popstate", () => {
      const before = this.#before;
      this.#before = { search: this.search, id: this.id };
      this.#typing = false;
      this.onChange(before);
    });
  }

  get search() {
    return toSearch(this.wanted);
  }

  get wanted() {
    return fromSearch(location.search);
  }

  // The defect that is open; null: none.
  get id() {
    const id = location.pathname.slice(PATH.length + 1);
    return id ? decodeURIComponent(id) : null;
  }

  // What is typed letter by letter is one step back, not many.
  ask(wanted, { isTyping }) {
    this.#go(this.id, toSearch(wanted), { replace: isTyping && this.#typing });
    this.#typing = isTyping;
  }

  // Another defect in the place of the one that is open is no step of its own.
  open(id) {
    if (id !== this.id) this.#go(id, location.search, { replace: this.id !== null });
  }

  close() {
    if (this.id !== null) this.#go(null, location.search, { replace: false });
  }

  address(id) {
    return `${location.origin}${path(id)}`;
  }

  get kind() {
    return localStorage.getItem(KIND) === "grid" ? "grid" : "list";
  }

  set kind(kind) {
    localStorage.setItem(KIND, kind);
  }

  #go(id, search, { replace }) {
    history[replace ? "replaceState" : "pushState"](null, "", path(id) + search);
    this.#before = { search: this.search, id: this.id };
    this.#typing = false;
  }
}

function path(id) {
  return id === null ? PATH : `${PATH}/${encodeURIComponent(id)}`;
}
