// The model of a node: the one in force, those that this server can send, and one on its way.

import { api } from "../common/web.js";
import { button, el, say, sentence, write } from "../common/dom.js";
import { longTime } from "../common/format.js";
import { texts } from "../texts/devices.js";
import { Probation } from "./state.js";

const words = texts.model;

export class DeviceModel {
  #id;
  #shell;
  #device = null;
  #models = null;
  // What was ordered from this page: {sha256, probation, begin()}.
  #ordered = null;
  #now = el("div", { class: "panel model-now" });
  #said = el("p", { class: "field-said", role: "status" });
  #progress = el("progress", { hidden: true, "aria-label": words.there });
  #list = el("section", { class: "panel" });
  #own = button(words.own, () => this.#order(`${this.#way}/cmd/config`, { args: { model: null } }));

  constructor(root, { id, shell }) {
    [this.#id, this.#shell] = [id, shell];
    root.append(this.#now, el("div", { class: "model-way" }, this.#said, this.#progress), this.#list);
    setInterval(() => this.#follow(), 1000);
  }

  get #way() {
    return `/api/devices/${encodeURIComponent(this.#id)}`;
  }

  async open(device) {
    this.put(device);
    try {
      this.#models = (await api.get("/api/models")).models;
      this.#show();
    } catch (error) {
      this.#say(error.explained(), "bad");
    }
  }

  put(device) {
    this.#device = device;
    this.#show();
    this.#follow();
  }

  #show() {
    const { info, online = false } = this.#device ?? {};
    write(this.#now, JSON.stringify([info?.model]), () => [el("header", {}, el("h2", {}, words.inForce)), inForce(info?.model)]);
    if (this.#models === null || !this.#device) return;
    const may = this.#shell.session.may("admin");
    const disabled = !online || this.#ordered !== null || this.#isFetching;
    const key = JSON.stringify([this.#models, info?.settings?.model, info?.config, may, disabled]);
    write(this.#list, key, () => this.#listed({ may, disabled }));
  }

  #listed({ may, disabled }) {
    const { changed = [], models = [] } = this.#device.info?.config ?? {};
    this.#own.hidden = !may || !changed.includes("model");
    this.#own.disabled = disabled;
    const head = el("header", {}, el("h2", {}, words.there), this.#own);
    if (!this.#models.length) return [head, el("p", { class: "hint boxed" }, ...sentence(words.empty))];
    const kept = new Set(models.map(({ sha256 }) => sha256));
    const heads = Object.values(words.columns).map((name) => (name ? el("th", { scope: "col" }, name) : el("td")));
    return [head, el("div", { class: "table-box" }, el("table", { class: "table" }, el("thead", {}, el("tr", {}, ...heads)),
      el("tbody", {}, ...this.#models.map((model) => this.#row(model, { isKept: kept.has(model.sha256), may, disabled })))))];
  }

  #row({ name, sha256, size_bytes: size, published_at: at }, { isKept, may, disabled }) {
    const isInForce = sha256 === this.#device.info?.settings?.model;
    const state = isInForce ? el("span", { class: "chip reviewed" }, words.current) : isKept ? el("span", { class: "chip" }, words.kept) : null;
    const order = button(isKept ? words.use : words.send, () => this.#order(`${this.#way}/model`, { model: sha256 }),
      { disabled, "aria-label": words.sendName(name) });
    return el("tr", {}, el("th", { scope: "row", title: sha256 }, name), el("td", {}, texts.value.bytes(size)),
      el("td", {}, longTime(at)), el("td", {}, state),
      el("td", { class: "number" }, may && !isInForce ? order : null));
  }

  get #isFetching() {
    return ["fetching", "checking"].includes(this.#device?.health?.model_fetch?.state);
  }

  async #order(path, body) {
    const before = this.#device;
    this.#say(words.asking, "busy");
    try {
      const reply = await api.send("POST", path, body);
      if (reply.status !== "ok") throw api.refused(reply.error);
      this.#ordered = { sha256: body.model ?? null, begin: () => new Probation({ on_probation: ["model"] }, before) };
      this.#ordered.probation = this.#ordered.begin();
      this.#follow();
    } catch (error) {
      this.#say(error.explained(), "bad");
    }
    this.#show();
  }

  // On its way, then on probation, then in force or not.
  #follow() {
    const fetch = this.#device?.health?.model_fetch;
    this.#progress.hidden = !this.#isFetching;
    if (this.#isFetching) return this.#showFetching(fetch);
    if (fetch?.state === "failed" && (!this.#ordered || fetch.sha256 === this.#ordered.sha256)) {
      this.#ordered = null;
      return this.#say(words.failed(fetch.name, fetch.why), "bad");
    }
    if (!this.#ordered) return;
    const { state, why } = this.#ordered.probation.look(this.#device);
    if (state === "waits") return this.#say(words.probation(this.#ordered.probation.left), "busy");
    this.#ordered = null;
    this.#say(state === "kept" ? words.stays : words.takenBack(why), state === "kept" ? "well" : "bad");
    this.#show();
  }

  #showFetching({ name, state, done_bytes: done, size_bytes: all }) {
    // Its probation begins when it has come.
    if (this.#ordered) this.#ordered.probation = this.#ordered.begin();
    [this.#progress.max, this.#progress.value] = [all, done];
    this.#say(state === "fetching" ? words.fetching(name, done, all) : words.checking(name), "busy");
  }

  #say(text, kind) {
    say(this.#said, text);
    this.#said.className = `field-said ${kind}`;
  }
}

function inForce(model) {
  if (!model) return el("p", { class: "hint" }, words.none);
  const names = texts.facts;
  const rows = [
    [names.modelName, model.name], [names.runtime, model.runtime], [names.labels, model.labels.join(", ")], [names.why, model.why],
    [names.sha, model.sha256 && texts.digest(model.sha256)],
  ];
  return el("dl", { class: "facts" }, ...rows.filter(([, text]) => text).map(([name, text]) =>
    el("div", {}, el("dt", {}, name), el("dd", {}, text))));
}
