// Every program that was heard or is remembered: how it is, with numbers to compare; found, chosen and put in order.

import { api } from "../common/web.js";
import { button, el, say, sentence } from "../common/dom.js";
import { texts } from "../texts/devices.js";
import { RETIRED, SORTS, lastWord, nameOf, needsLook, stateOf, told } from "./state.js";

const FIRST_ROWS = 300;
const DRAW_EACH_MS = 400;
const COLUMNS = Object.keys(texts.columns);
const SERVER = ["bridge", "web", "broker"];
const value = texts.value;

class Row {
  #sign = el("span", { class: "sign", "aria-hidden": "true" });
  #name = el("a", { class: "device-name" });
  #id = el("span", { class: "device-id" });
  #state = el("span", { class: "state-word" });
  #reason = el("span", { class: "reason" });
  #cells = Object.fromEntries(COLUMNS.slice(1).map((name) => [name, el("td", { class: `col-${name}`, "data-name": texts.columns[name] })]));
  element = el("tr", {}, el("th", { scope: "row", class: "col-name" },
    el("div", { class: "device" }, this.#sign, el("div", { class: "device-words" },
      el("span", {}, this.#name, " ", this.#id), el("span", { class: "how" }, this.#state, " ", this.#reason)))),
  ...Object.values(this.#cells));

  show(device) {
    const { deviceId: id, role, info, health } = device;
    const { state, word, sign, reason } = stateOf(device);
    this.element.className = `${state} ${device.online ? "there" : "away"}`;
    say(this.#sign, sign);
    this.#name.href = `/devices/${encodeURIComponent(id)}`;
    say(this.#name, nameOf(device));
    say(this.#id, device.name ? id : "");
    say(this.#state, word);
    say(this.#reason, reason);
    this.#reason.title = reason;
    const there = device.online ? health : null;
    this.#say("role", texts.role(role));
    this.#say("version", info?.version);
    this.#say("model", info?.model?.name);
    this.#say("camera", there?.capture_fps === undefined ? null : value.rates(there.capture_fps, there.detect_fps));
    this.#say("inference", there?.inference_ms && value.inference(there.inference_ms));
    this.#say("temperature", there?.cpu_temp_c === undefined ? null : value.celsius(there.cpu_temp_c));
    this.#say("outbox", there?.outbox && value.count(there.outbox.depth));
    this.#say("lag", there?.live?.frame_ms === undefined ? null : value.ms(there.live.frame_ms));
    this.tick(device);
  }

  tick(device) {
    const last = lastWord(device);
    this.#say("last", texts.lastWord(last));
  }

  #say(name, text) {
    const cell = this.#cells[name];
    say(cell, text ?? "–");
    cell.classList.toggle("none", !text);
  }
}

export class DeviceList {
  #shell;
  #devices = new Map();
  #rows = new Map();
  #asked = new URLSearchParams(location.search);
  #text = el("input", { type: "search", class: "input", "aria-label": texts.filter, placeholder: texts.filter,
    value: this.#asked.get("text") ?? "", on: { input: () => this.#changed() } });
  #which = this.#asked.get("which") ?? "";
  #whichs = Object.entries(texts.whichs).map(([which, name]) =>
    button(name, () => { this.#which = which; this.#changed(); }, { class: null, "data-value": which }));
  #trouble = el("input", { type: "checkbox", checked: this.#asked.has("trouble"), on: { change: () => this.#changed() } });
  #troubleText = el("span");
  #sort = this.#asked.get("sort")?.replace(/^-/, "") in SORTS ? this.#asked.get("sort") : "state";
  #sortChoice = el("select", { class: "input", "aria-label": texts.sort, on: { change: () => this.#sortBy(this.#sortChoice.value) } },
    el("option", { value: "state" }, texts.sortByState), ...COLUMNS.map((name) => el("option", { value: name }, texts.columns[name])));
  #heads = Object.fromEntries(COLUMNS.map((name) => [name, this.#head(name)]));
  #summary = el("p", { class: "hint", role: "status" });
  #body = el("tbody");
  #table = el("div", { class: "table-box panel" }, el("table", { class: "table devices-table" },
    el("thead", {}, el("tr", {}, ...Object.values(this.#heads))), this.#body));
  #more = button("", () => { this.#most = Infinity; this.#draw(); }, { class: "more" });
  #empty = el("div", { class: "empty panel", hidden: true });
  #most = FIRST_ROWS;
  #known = false;
  #drawing = null;

  constructor(root, shell) {
    this.#shell = shell;
    root.append(
      el("header", { class: "page-head" }, el("h1", {}, texts.title), this.#summary),
      el("div", { class: "toolbar", role: "search" }, this.#text,
        el("div", { class: "segments", role: "group", "aria-label": texts.which }, ...this.#whichs),
        el("label", { class: "sort-choice" }, el("span", {}, texts.sort), this.#sortChoice),
        el("label", { class: "switch" }, this.#trouble, this.#troubleText)),
      this.#table, this.#more, this.#empty);
    shell.keys.add(texts.title, [{ keys: ["/"], says: texts.filter, run: () => this.#text.focus() }]);
    setInterval(() => this.#tick(), 1000);
    this.#draw();
    this.#tellOfRetired();
  }

  async #tellOfRetired() {
    const said = sessionStorage.getItem(RETIRED);
    if (!said) return;
    sessionStorage.removeItem(RETIRED);
    const { toast } = await import("../common/toast.js");
    toast(said);
  }

  // The whole list. What was pushed while it was on its way is newer.
  async read() {
    const { devices, now_s: at } = await api.devices();
    this.#known = true;
    const ids = new Set(devices.map(({ deviceId }) => deviceId));
    for (const [id, known] of this.#devices) if (!ids.has(id) && known.now_s <= at) this.#forget(id);
    for (const device of devices) if (this.#shell.isNews(device)) this.#take(device);
    this.#draw();
  }

  put(device) {
    if (device.retired_at) this.#forget(device.deviceId);
    else this.#take(device);
    this.#drawing ??= setTimeout(() => this.#draw(), DRAW_EACH_MS);
  }

  #take(device) {
    this.#devices.set(device.deviceId, { ...device, gotAt: performance.now() });
  }

  #forget(id) {
    this.#devices.delete(id);
    this.#rows.get(id)?.element.remove();
    this.#rows.delete(id);
  }

  #head(name) {
    const sort = button(texts.columns[name], () => this.#sortBy(name), { class: null, title: texts.titles[name] });
    return el("th", { scope: "col", class: `col-${name}` }, sort);
  }

  // The same once more turns the order round.
  #sortBy(name) {
    this.#sort = this.#sort === name ? `-${name}` : name;
    this.#changed();
  }

  #changed() {
    const [trouble, sort] = [this.#trouble.checked ? "1" : "", this.#sort === "state" ? "" : this.#sort];
    const kept = { text: this.#text.value.trim(), which: this.#which, trouble, sort };
    const query = new URLSearchParams(Object.entries(kept).filter(([, text]) => text));
    history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
    this.#draw();
  }

  #chosen() {
    const words = this.#text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const [name, sign] = this.#sort.startsWith("-") ? [this.#sort.slice(1), -1] : [this.#sort, 1];
    return [...this.#devices.values()]
      .filter((one) => !this.#which || (this.#which === "server" ? SERVER.includes(one.role) : one.role === this.#which))
      .filter((one) => !this.#trouble.checked || needsLook(one))
      .filter((one) => words.every((word) => told(one).includes(word)))
      .sort((one, other) => sign * SORTS[name](one, other) || SORTS.name(one, other));
  }

  #draw() {
    clearTimeout(this.#drawing);
    this.#drawing = null;
    const all = [...this.#devices.values()];
    const trouble = all.filter(needsLook).length;
    const chosen = this.#chosen();
    const shown = chosen.slice(0, this.#most);
    this.#showControls(trouble);
    const there = all.filter(({ online }) => online).length;
    say(this.#summary, !this.#known ? texts.reading : all.length ? texts.summary(there, all.length, trouble) : "");
    const kept = new Set(shown.map(({ deviceId }) => deviceId));
    for (const [id, { element }] of this.#rows) if (!kept.has(id)) element.remove();
    shown.forEach((device, at) => this.#place(device, at));
    this.#table.hidden = !shown.length;
    this.#more.hidden = shown.length === chosen.length;
    say(this.#more, texts.more(chosen.length - shown.length));
    this.#showEmpty(this.#known && !shown.length, all.length);
  }

  #place(device, at) {
    const id = device.deviceId;
    if (!this.#rows.has(id)) this.#rows.set(id, new Row());
    const row = this.#rows.get(id);
    if (this.#body.children[at] !== row.element) this.#body.insertBefore(row.element, this.#body.children[at] ?? null);
    row.show(device);
  }

  #showControls(trouble) {
    const [name, order] = this.#sort.startsWith("-") ? [this.#sort.slice(1), "descending"] : [this.#sort, "ascending"];
    for (const [column, head] of Object.entries(this.#heads)) {
      if (column === name) head.setAttribute("aria-sort", order);
      else head.removeAttribute("aria-sort");
    }
    for (const one of this.#whichs) one.setAttribute("aria-pressed", String(one.dataset.value === this.#which));
    this.#sortChoice.value = name;
    say(this.#troubleText, texts.trouble(trouble));
  }

  #showEmpty(isEmpty, all) {
    this.#empty.hidden = !isEmpty;
    const key = `${isEmpty} ${all > 0} ${all}`;
    if (!isEmpty || this.#empty.dataset.key === key) return;
    this.#empty.dataset.key = key;
    this.#empty.replaceChildren(...(all
      ? [el("strong", {}, texts.emptyFilter), el("p", {}, texts.emptyFilterHint(all)),
        button(texts.showAll, () => this.#showAll())]
      : [el("strong", {}, texts.empty), el("p", {}, ...sentence(texts.emptyHint))]));
  }

  #showAll() {
    [this.#text.value, this.#which, this.#trouble.checked] = ["", "", false];
    this.#changed();
    this.#text.focus();
  }

  #tick() {
    for (const device of this.#devices.values()) {
      const row = this.#rows.get(device.deviceId);
      if (row?.element.isConnected) row.tick(device);
    }
  }
}
