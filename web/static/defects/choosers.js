// What the filter buttons open.

import { api } from "../common/web.js";
import { el, say } from "../common/dom.js";
import { calledInFull } from "../common/format.js";
import { popover } from "./popover.js";
import { RANGES } from "./query.js";
import { texts } from "../texts/defects.js";

const words = texts.list;
const FEW = 8;
const STEPS = [0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];

const FILL = { devices: several("devices"), labels: several("labels"), time: times, score: scores, alarms };

// Open the chooser of that name below `button`; `change(part)` takes what is chosen.
export function choose(name, button, wanted, change) {
  popover(button, words[name], (panel, close) => FILL[name](panel, close, wanted, change));
}

function several(name) {
  return async (panel, close, wanted, change) => {
    const chosen = new Set(wanted[name]);
    const list = el("div", { class: "options" });
    const find = el("input", { type: "search", placeholder: words.findChoice, "aria-label": words.findChoice, hidden: true,
      on: { input: () => filter() } });
    const problem = el("p", { class: "muted", role: "status" }, words.reading);
    panel.append(find, list, problem);
    const offered = await api.get("/api/defects/choices").catch((error) => error);
    if (offered instanceof Error) return say(problem, `${offered.message} ${offered.hint}`);
    const all = [...new Set([...chosen, ...offered[name]])];
    say(problem, all.length ? "" : words.noChoices);
    find.hidden = all.length <= FEW;
    list.append(...all.map((value) => el("label", { class: "switch" },
      el("input", { type: "checkbox", checked: chosen.has(value), on: { change: ({ currentTarget }) => {
        if (currentTarget.checked) chosen.add(value);
        else chosen.delete(value);
        change({ [name]: [...chosen] });
      } } }), name === "devices" ? calledInFull(value) : value)));
    list.querySelector("input")?.focus();
    function filter() {
      for (const label of list.children) label.hidden = !label.textContent.toLowerCase().includes(find.value.toLowerCase());
    }
  };
}

// One of several, as buttons: chosen and gone.
function choices(panel, close, options, now, take) {
  panel.append(el("div", { class: "options" }, ...options.map(([value, name]) =>
    el("button", { type: "button", "aria-pressed": String(value === now), on: { click: () => {
      close();
      take(value);
    } } }, name))));
}

function times(panel, close, wanted, change) {
  const isCustom = Boolean(wanted.since || wanted.until);
  choices(panel, close, ["", ...Object.keys(RANGES)].map((range) => [range, words.ranges[range]]), isCustom ? null : wanted.range,
    (range) => change({ range, since: "", until: "" }));
  const [since, until] = [wanted.since, wanted.until].map((time) => el("input", { type: "datetime-local", value: local(time) }));
  const problem = el("p", { class: "problem", role: "alert" });
  panel.append(el("form", { class: "times", on: { submit: (event) => {
    event.preventDefault();
    const [from, to] = [since, until].map(({ value }) => (value ? new Date(value).toISOString() : ""));
    if (from && to && to <= from) return say(problem, words.badTimes);
    close();
    change({ range: "", since: from, until: to });
  } } },
  el("label", {}, words.since, since), el("label", {}, words.until, until), problem,
  el("button", { type: "submit", class: "primary" }, words.apply)));
}

// As a field of a form has it: the time of this place, without a zone.
function local(time) {
  if (!time) return "";
  const date = new Date(time);
  return new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function scores(panel, close, { scoreMin }, change) {
  const options = STEPS.map((score) => [score, score ? words.chips.score(score) : words.anyScore]);
  choices(panel, close, options, scoreMin, (score) => change({ scoreMin: score }));
}

function alarms(panel, close, { falseAlarm }, change) {
  const options = [null, true, false].map((value) => [value, words.alarmChoices[value ?? ""]]);
  choices(panel, close, options, falseAlarm, (value) => change({ falseAlarm: value }));
}
