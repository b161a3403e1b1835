// One device: how it is and why, what it is, and what may be done with it. Settings and model are read when looked at.

import { api } from "../common/web.js";
import { button, el, say, sentence, write } from "../common/dom.js";
import { SIGNS } from "../common/format.js";
import { texts as common } from "../texts/texts.js";
import { texts } from "../texts/devices.js";
import { Actions } from "./actions.js";
import { factsOf, Health } from "./facts.js";
import { nameOf, stateOf } from "./state.js";

const CHAIN_EACH_MS = 3000;
const words = texts.detail;

export class DeviceDetail {
  #id;
  #shell;
  #device = null;
  #sign = el("span", { class: "sign", "aria-hidden": "true" });
  #name = el("h1", { class: "device-title" });
  #wire = el("span", { class: "device-id" });
  #role = el("span", { class: "chip" });
  #state = el("span", { class: "state-word" });
  #mark = el("p", { class: "device-state", role: "status" }, this.#sign, this.#state);
  #causes = el("section", { class: "panel causes-panel", "aria-live": "polite" });
  #facts = el("section", { class: "panel facts-panel", "aria-label": words.facts });
  #health = el("section", { class: "panel health-panel" });
  #picture = el("section", { class: "panel picture-panel", hidden: true });
  #overview = el("div", { class: "overview" });
  #empty = el("div", { class: "empty panel", hidden: true });
  #tabs = {};
  #parts = {};
  #head;
  #tablist;
  #chainAt = -Infinity;
  #chainDue = null;

  constructor(root, shell, id) {
    [this.#id, this.#shell] = [id, shell];
    this.health = new Health(this.#health);
    this.actions = new Actions({ id, shell, name: this.#name, picture: this.#picture });
    this.#overview.append(el("div", { class: "overview-main" }, this.#causes, this.#health, this.#facts),
      el("div", { class: "overview-side" }, this.#picture));
    const way = el("a", { class: "plain", href: `/diagnose?device=${encodeURIComponent(id)}` }, words.diagnosis);
    this.#head = el("header", { class: "page-head device-head" },
      el("div", { class: "device-names" }, this.#name, this.#wire, this.#role, this.#mark),
      el("div", { class: "toolbar device-buttons" }, ...this.actions.buttons, way));
    this.#tablist = el("div", { class: "tabs", role: "tablist", "aria-label": words.tablist, on: { keydown: (event) => this.#arrow(event) } });
    root.append(el("a", { class: "back", href: "/devices" }, `‹ ${words.back}`), this.#head, this.actions.said, this.#tablist, this.#empty);
    for (const name of Object.keys(words.tabs)) this.#addTab(root, name);
    this.#parts.overview.append(this.#overview);
    addEventListener("hashchange", () => this.#open(this.#wanted()));
    this.#show();
  }

  enter() {
    this.actions.setMay(this.#shell.session.may("admin"));
    this.#open(this.#wanted());
  }

  async read() {
    try {
      const device = await api.get(`/api/devices/${encodeURIComponent(this.#id)}`);
      if (this.#shell.isNews(device)) this.put(device);
    } catch (error) {
      if (error.status !== 404) throw error;
      this.#device = null;
      this.#show();
      this.#showUnknown();
    }
  }

  put(device) {
    if (device.deviceId !== this.#id) return;
    this.#device = { ...device, gotAt: performance.now() };
    this.#empty.hidden = true;
    this.health.put(device);
    this.actions.put(this.#device);
    this.settings?.put(this.#device);
    this.model?.put(this.#device);
    this.#show();
    this.#readChain();
  }

  #show() {
    const device = this.#device;
    for (const part of [this.#head, this.#tablist, this.#overview]) part.hidden = device === null;
    if (device === null) return;
    const { state, word, sign } = stateOf(device);
    this.#mark.className = `device-state ${state}`;
    say(this.#sign, sign);
    say(this.#state, word);
    this.actions.sayName(nameOf(device));
    say(this.#wire, device.name ? device.deviceId : "");
    say(this.#role, texts.role(device.role));
    document.title = common.shell.title(nameOf(device));
    this.#showTabs();
    write(this.#facts, JSON.stringify(factsOf(device)), () => factsOf(device).map(([title, rows]) => el("div", { class: "fact-group" },
      el("h3", {}, title), el("dl", {}, ...rows.map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text)))))));
  }

  #showUnknown() {
    this.#empty.hidden = false;
    this.#empty.replaceChildren(el("strong", {}, words.unknown(this.#id)), el("p", {}, words.unknownHint),
      el("a", { class: "plain", href: "/devices" }, words.back));
  }

  // What is wrong with it, in diagnosis' words: the whole chain up to this web.
  #readChain() {
    const wait = this.#chainAt + CHAIN_EACH_MS - performance.now();
    if (wait > 0) {
      this.#chainDue ??= setTimeout(() => {
        this.#chainDue = null;
        this.#readChain();
      }, wait);
      return;
    }
    this.#chainAt = performance.now();
    api.chain(this.#id).then(({ first_cause: first, also }) => {
      const causes = first ? [first, ...also] : [];
      write(this.#causes, JSON.stringify(causes.map(({ code, sentence: what, remedy }) => [code, what, remedy])), () => (causes.length
        ? causes.map((cause, at) => this.#cause(cause, at ? words.also : words.first))
        : [el("p", { class: "well" }, el("span", { class: "ok" }, el("span", { class: "sign", "aria-hidden": "true" }, SIGNS.ok)), words.well)]));
    }, () => { this.#chainAt = -Infinity; });
  }

  #cause({ hop, state, sentence: what, remedy, code }, title) {
    return el("div", { class: `cause ${state}`, "data-code": code },
      el("h2", {}, `${SIGNS[state]} ${title}: ${common.hops[hop]}`), el("p", { class: "what" }, ...sentence(what)),
      remedy ? el("p", { class: "remedy" }, ...sentence(remedy)) : null);
  }

  // -- its parts ---------------------------------------------------------------------------------------------------

  #addTab(root, name) {
    const [tab, panel] = [`tab-${name}`, `part-${name}`];
    this.#tabs[name] = button(words.tabs[name], () => this.#go(name), { class: null, role: "tab", id: tab, "aria-controls": panel });
    this.#parts[name] = el("div", { id: panel, role: "tabpanel", "aria-labelledby": tab, hidden: true });
    this.#tablist.append(this.#tabs[name]);
    root.append(this.#parts[name]);
  }

  #wanted() {
    const name = location.hash.slice(1);
    return name in words.tabs ? name : "overview";
  }

  #go(name) {
    history.replaceState(null, "", name === "overview" ? location.pathname : `#${name}`);
    this.#open(name);
  }

  // Settings and model are those of a node; others have one part only.
  #showTabs() {
    const isNode = this.#device.role === "node";
    this.#tablist.hidden = !isNode;
    if (!isNode) this.#open("overview");
  }

  #open(name) {
    for (const [other, tab] of Object.entries(this.#tabs)) {
      tab.setAttribute("aria-selected", String(other === name));
      tab.setAttribute("tabindex", other === name ? 0 : -1);
      this.#parts[other].hidden = other !== name;
    }
    if (name === "settings") this.#openSettings();
    if (name === "model") this.#openModel();
  }

  async #openSettings() {
    const { DeviceSettings } = await import("./settings.js");
    this.settings ??= new DeviceSettings(this.#parts.settings, { id: this.#id, shell: this.#shell });
    this.settings.open(this.#device);
  }

  async #openModel() {
    const { DeviceModel } = await import("./model.js");
    this.model ??= new DeviceModel(this.#parts.model, { id: this.#id, shell: this.#shell });
    this.model.open(this.#device);
  }

  #arrow(event) {
    const names = Object.keys(this.#tabs);
    const at = names.indexOf(event.target.id?.replace("tab-", ""));
    const next = { ArrowRight: names[(at + 1) % names.length], ArrowLeft: names.at(at - 1), Home: names[0], End: names.at(-1) }[event.key];
    if (at < 0 || !next) return;
    event.preventDefault();
    this.#go(next);
    this.#tabs[next].focus();
  }
}
