// The page "Today" put together: what is counted, read at most every 30 s, and kept up to date by what is pushed.

import { api } from "../common/web.js";
import { button, el, say } from "../common/dom.js";
import { called, clock, colour } from "../common/format.js";
import { Shell } from "../common/shell.js";
import { texts } from "../texts/figures.js";
import { Chart } from "./chart.js";
import { falseAlarms, refill, total, Uptime } from "./panels.js";
import { Query, RANGES, indexIn } from "./query.js";
import { Tally } from "./tally.js";

const READ_EACH_MS = 30_000;
const TICK_MS = 1000;
const PATIENCE_MS = 300;
const DRAW_EACH_MS = 100;

const shell = new Shell("figures");
const query = new Query();
const tally = new Tally();
// The figures as they were last read, and those of the stretch before; null: not yet.
let told = null;
let before = null;
let range = query.now();
let readAt = -Infinity;
let asked = 0;
let isStale = false;
let drawing = null;
let ids = [];
let choicesAt = -Infinity;

const device = choice(texts.device, () => query.device, (value) => { query.device = value; begin(); });
const label = choice(texts.label, () => query.label, (value) => { query.label = value; begin(); });
const ranges = segments(texts.range, texts.ranges, RANGES, () => query.range, (value) => { query.range = value; begin(); });
const bys = segments(texts.by, texts.bys, Object.keys(texts.bys), () => query.by, (value) => { query.by = value; query.keep(); show(); });
const exports = Object.entries(texts.export).map(([format, name]) =>
  [format, el("a", { class: "plain", download: true, "aria-label": texts.exportName(name) }, name)]);
const progress = el("span", { class: "hint", role: "status" });
const about = el("p", { class: "about" });
const problem = el("div", { class: "problem", role: "alert", hidden: true });
const totals = el("section", { class: "totals", "aria-label": texts.title });
const empty = el("div", { class: "empty", hidden: true });
const [counted, alarms, uptimes] = ["chart", "false-alarms", "uptime"].map((id, at) => el("section", { id, class: at ? "panel aside" : "panel" }));
const chart = new Chart(counted, bys.element);
counted.append(empty);
const uptime = new Uptime(uptimes);
const root = document.querySelector("#main");
root.classList.add("page");
root.append(
  el("header", { class: "page-head" }, el("h1", {}, texts.title), about, ranges.element,
    el("div", { class: "toolbar", role: "group", "aria-label": texts.filters }, device.element, label.element, progress),
    el("div", { class: "toolbar exports", role: "group", "aria-label": texts.exports },
      el("span", { class: "hint", "aria-hidden": "true" }, texts.exports), ...exports.map(([, link]) => link))),
  problem, totals, counted, alarms, uptimes);

// Another range or filter: count anew, and keep it in the address.
function begin() {
  query.keep();
  range = query.now();
  [told, before] = [null, null];
  tally.clear();
  show();
  read();
}

async function read() {
  const turn = ++asked;
  const begunAt = performance.now();
  [readAt, isStale] = [begunAt, false];
  const slow = setTimeout(() => say(progress, texts.reading), 500);
  try {
    const [now, then] = await Promise.all([
      query.read(range), query.read(range.before),
    ]);
    if (turn !== asked) return;
    [told, before] = [now, then];
    tally.take(now.counts, begunAt);
    problem.hidden = true;
  } catch (error) {
    if (turn === asked) fail(error);
  } finally {
    clearTimeout(slow);
    if (turn === asked) say(progress, "");
  }
  show();
}

function fail(error) {
  isStale = true;
  problem.hidden = false;
  problem.replaceChildren(el("p", {}, error.explained(), " ", told ? texts.stale(clock(new Date(Date.now() - performance.now() + readAt))) : ""),
    button(texts.retry, read));
}

function show() {
  const found = tally.by(query.by, range);
  const way = (narrower) => query.way(narrower);
  const nameOf = (key) => (query.by === "device_id" ? called(key) : key);
  for (const control of [device, label, ranges, bys]) control.show();
  say(about, texts.about(range, [query.device && called(query.device), query.label]));
  for (const [format, link] of exports) link.href = query.exported(range, format);
  chart.show({ counted: found, by: query.by, range, way, nameOf });
  counted.classList.toggle("nothing", told !== null && !found.total);
  counted.classList.toggle("waiting", told === null);
  showEmpty(told !== null && !found.total);
  showTotals(found.total);
  if (told === null) return;
  const byLabel = tally.by("label", range).series;
  falseAlarms(alarms, byLabel.map(({ key, total: all }) => ({
    label: key, colour: colour(key), part: told.false_alarms_by_label[key] ?? 0, all, href: way({ ...span(range), label: key, false_alarm: true }),
  })));
  uptime.show({
    rows: told.uptime.map((row) => ({ ...row, name: called(row.device_id) })),
    span_s: Math.max((Math.min(Date.now(), range.until) - range.since) / 1000, 1),
  });
}

const span = ({ since, until }) => ({ since, until });

function showTotals(found) {
  const name = texts.totals;
  const here = query.way(span(range));
  if (told === null) {
    refill(totals, ...Object.values(name).map((one) => total(one, { value: "–", detail: "\u00a0", href: here })));
    return;
  }
  const { backlog, statuses, false_alarms: wrong } = told;
  const done = statuses.reviewed + statuses.resolved;
  const then = before.counts.reduce((sum, { count }) => sum + count, 0);
  const waits = backlog.oldest_at === null ? null : Math.max((Date.now() - Date.parse(backlog.oldest_at)) / 1000, 0);
  refill(totals,
    total(name.found, { value: texts.number(found), detail: texts.change(found, then, texts.before[range.name]), href: here }),
    total(name.review, {
      value: texts.number(backlog.pending), detail: waits === null ? texts.nothingWaits : texts.oldest(waits),
      href: query.way({ status: "pending" }), tone: backlog.pending ? "waits" : "",
    }),
    total(name.done, {
      value: texts.number(done), detail: texts.ofFound(done, found), href: query.way({ ...span(range), status: ["reviewed", "resolved"] }),
    }),
    total(name.falseAlarms, {
      value: texts.number(wrong), detail: texts.ofFound(wrong, found), href: query.way({ ...span(range), false_alarm: true }),
    }));
}

function showEmpty(isEmpty) {
  empty.hidden = !isEmpty;
  if (!isEmpty) return;
  const inRange = texts.inRange[range.name];
  empty.replaceChildren(...(query.filtered
    ? [el("strong", {}, texts.emptyFilter(inRange)), el("p", {}, texts.emptyFilterHint),
      button(texts.showAll, () => { query.device = query.label = ""; begin(); })]
    : [el("strong", {}, texts.empty(inRange)), el("p", {}, texts.emptyHint), el("a", { class: "plain", href: "/" }, texts.seeLive)]));
}

// What there is to choose from; it does not change from one moment to the next.
async function readChoices() {
  if (performance.now() - choicesAt < READ_EACH_MS) return;
  choicesAt = performance.now();
  const [choices, devices] = await Promise.all([api.get("/api/defects/choices"), api.devices()]).catch(() => [null, null]);
  if (!choices) {
    choicesAt = -Infinity;
    return;
  }
  const nodes = devices.devices.filter(({ role }) => role === "node").map(({ deviceId }) => deviceId);
  ids = [...new Set([...choices.devices, ...nodes])].sort(new Intl.Collator("en", { numeric: true }).compare);
  offerDevices();
  label.offer([["", texts.anyLabel], ...choices.labels.map((one) => [one, one])]);
  show();
}

function offerDevices() {
  device.offer([["", texts.anyDevice], ...ids.map((id) => [id, called(id)])]);
}

shell.onNames = () => {
  offerDevices();
  show();
};

// A find is counted as soon as it is told of; a bar grows without a reading. One that the store refused is told of again.
function add(defect) {
  if (defect.error && tally.refused(defect.event_id)) soon();
  if (defect.error) return;
  if (defect.rev !== 0 || !query.counts(defect) || indexIn(range, new Date(defect.detected_at)) < 0) return;
  if (told === null) stale();
  else if (tally.add(defect)) soon();
}

function soon() {
  drawing ??= setTimeout(() => {
    drawing = null;
    show();
  }, DRAW_EACH_MS);
}

function tick() {
  const now = query.now();
  if (now.since.getTime() !== range.since.getTime()) {
    range = now;
    isStale = true;
    readAt = -Infinity;
  }
  if (document.visibilityState === "visible" && isStale && performance.now() - readAt >= READ_EACH_MS) read();
}

const stale = () => { isStale = true; };
shell.on = {
  detection: ({ defect }) => add(defect),
  receipt: ({ event_id: id, row }) => { if (row === "stored" && !tally.stored(id)) stale(); },
  review: stale, reviews: stale, defect: stale,
  resync: () => { tally.missed(); stale(); },
};
shell.connection.addEventListener("open", () => {
  tally.missed();
  readChoices();
  read();
});
// Where no WebSocket comes through, it is read all the same, and again now and then.
shell.onEnter = () => setTimeout(() => {
  if (shell.connection.open) return;
  readChoices();
  read();
  setInterval(stale, READ_EACH_MS);
}, PATIENCE_MS);
setInterval(tick, TICK_MS);
show();
shell.start();

// One of several, as buttons side by side.
function segments(name, words, values, current, choose) {
  const buttons = values.map((value) => button(words[value], () => choose(value), { class: null, "data-value": value }));
  return {
    element: el("div", { class: "segments", role: "group", "aria-label": name }, ...buttons),
    show: () => buttons.forEach((one) => one.setAttribute("aria-pressed", String(one.dataset.value === current()))),
  };
}

// One of many, from a list.
function choice(name, current, choose) {
  const select = el("select", { class: "input", "aria-label": name, on: { change: () => choose(select.value) } });
  return {
    element: select,
    offer: (values) => {
      if (!values.some(([value]) => value === current())) values.push([current(), current()]);
      select.replaceChildren(...values.map(([value, text]) => el("option", { value }, text)));
    },
    show: () => { select.value = current(); },
  };
}
