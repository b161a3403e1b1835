// The bar above the list: what is asked for, what that makes, and how it is shown.

import { el, icon, say } from "../common/dom.js";
import { called } from "../common/format.js";
import { anything, isNarrow } from "./query.js";
import { texts } from "../texts/defects.js";

const words = texts.list;
const TYPING_MS = 250;
const CHOOSERS = ["devices", "labels", "time", "score", "alarms"];

export class Filters {
  wanted = anything();
  // `isTyping`: more of it is to be expected.
  onChange = (_wanted, { isTyping: _ }) => {};
  onKind = () => {};
  onMore = () => {};
  #counts = null;
  #timer = null;

  constructor(root) {
    this.search = el("input", { type: "search", class: "search", placeholder: words.search, "aria-label": words.search,
      maxlength: 100, on: { input: () => this.#typed(), change: () => this.#typed(0) } });
    this.tabs = el("div", { class: "segments tabs", role: "group", "aria-label": words.statuses });
    this.choosers = el("div", { class: "choosers", role: "group", "aria-label": words.filters },
      ...CHOOSERS.map((name) => el("button", { type: "button", class: "choose", "data-name": name, "aria-haspopup": "dialog",
        "aria-expanded": "false", on: { click: ({ currentTarget }) => this.#choose(name, currentTarget) } }, words[name])));
    this.kinds = el("div", { class: "segments kinds", role: "group", "aria-label": words.view },
      ...Object.entries(words.views).map(([kind, name]) => el("button", { type: "button", "data-kind": kind,
        title: name, "aria-label": name, on: { click: () => this.onKind(kind) } }, icon(kind))));
    this.more = el("button", { type: "button", class: "icon-button", title: words.more, "aria-label": words.more,
      "aria-haspopup": "dialog", "aria-expanded": "false", on: { click: ({ currentTarget }) => this.onMore(currentTarget) } },
    icon("more"));
    this.chips = el("div", { class: "chips" });
    root.append(
      el("div", { class: "asked" }, this.search, this.choosers, el("div", { class: "looks" }, this.kinds, this.more)),
      el("div", { class: "got" }, this.tabs, this.chips));
    this.#show();
  }

  // What is asked for, as the address says.
  set(wanted) {
    this.wanted = wanted;
    this.search.value = wanted.text;
    this.#show();
  }

  setKind(kind) {
    for (const button of this.kinds.children) button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
  }

  setCounts(counts) {
    this.#counts = counts;
    this.#showTabs();
  }

  // A device is called otherwise.
  rename() {
    this.#show();
  }

  change(part, { isTyping = false } = {}) {
    this.wanted = { ...this.wanted, ...part };
    if (!isTyping) this.search.value = this.wanted.text;
    this.#show();
    this.onChange(this.wanted, { isTyping });
  }

  clear() {
    this.change(anything());
  }

  #typed(wait = TYPING_MS) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const text = this.search.value.trim();
      if (text !== this.wanted.text) this.change({ text }, { isTyping: true });
    }, wait);
  }

  async #choose(name, button) {
    const { choose } = await import("./choosers.js");
    choose(name, button, this.wanted, (part) => this.change(part));
  }

  #show() {
    this.#showTabs();
    const chips = this.#chips();
    this.chips.replaceChildren(...chips.map(([text, without]) =>
      el("button", { type: "button", class: "chip removable", "aria-label": words.without(text),
        on: { click: () => this.#remove(without) } }, el("span", {}, text), el("b", { "aria-hidden": "true" }, "×"))),
    ...(chips.length > 1 ? [el("button", { type: "button", class: "plain", on: { click: () => this.#remove(anything()) } }, words.clear)] : []));
    const set = { devices: this.wanted.devices.length, labels: this.wanted.labels.length, score: this.wanted.scoreMin,
      time: this.wanted.range || this.wanted.since || this.wanted.until, alarms: this.wanted.falseAlarm !== null };
    for (const button of this.choosers.children) button.classList.toggle("set", Boolean(set[button.dataset.name]));
  }

  // The chip is gone with its filter: whoever came by keyboard goes on at the next one.
  #remove(part) {
    const at = [...this.chips.children].indexOf(document.activeElement);
    this.change(part);
    if (at >= 0) (this.chips.children[Math.min(at, this.chips.children.length - 1)] ?? this.search).focus();
  }

  #showTabs() {
    const { statuses } = this.wanted;
    const names = ["", ...Object.keys(texts.status)];
    if (!this.tabs.children.length) {
      this.tabs.append(...names.map((status) => el("button", { type: "button", "data-status": status,
        on: { click: () => this.change({ statuses: status ? [status] : [] }) } },
      status ? texts.status[status] : words.all, el("span", { class: "count" }))));
    }
    for (const button of this.tabs.children) {
      const { status } = button.dataset;
      const isOn = status ? statuses.includes(status) : !statuses.length;
      const sum = this.#counts && Object.values(this.#counts).reduce((all, one) => all + one, 0);
      button.setAttribute("aria-pressed", String(isOn));
      say(button.lastElementChild, this.#counts ? words.count(status ? this.#counts[status] ?? 0 : sum) : "");
    }
  }

  #chips() {
    const { devices, labels, range, since, until, scoreMin, text, falseAlarm } = this.wanted;
    const without = (list, value) => list.filter((other) => other !== value);
    return [
      ...devices.map((id) => [called(id), { devices: without(devices, id) }]),
      ...labels.map((label) => [label, { labels: without(labels, label) }]),
      ...(range ? [[words.ranges[range], { range: "" }]] : []),
      ...(since ? [[words.chips.since(since), { since: "" }]] : []),
      ...(until ? [[words.chips.until(until), { until: "" }]] : []),
      ...(scoreMin ? [[words.chips.score(scoreMin), { scoreMin: 0 }]] : []),
      ...(text ? [[words.chips.text(text), { text: "" }]] : []),
      ...(falseAlarm === null ? [] : [[words.chips[falseAlarm], { falseAlarm: null }]]),
    ];
  }

  get isNarrow() {
    return isNarrow(this.wanted);
  }
}
