// What every page has: the way to the others, who is signed in, the one connection to the web, and keys.

import { api, Connection } from "./web.js";
import { CutOff, CutOffNotice } from "../chain/cutoff.js";
import { el, icon, say } from "./dom.js";
import { learnNames } from "./format.js";
import { texts } from "../texts/texts.js";

const RANKS = ["viewer", "reviewer", "admin"];
const AGAIN_MS = 2000;
const MOST_TOLD = 1000;
const KEYS_OFF = "glassline-keys-off";
const TYPED_IN = 'input:not([type="checkbox"], [type="radio"], [type="button"], [type="range"]), textarea, select, [contenteditable]';
const PRESSED_BY_SPACE = "button, summary, input, [role=button]";
const MOVED_BY_ARROWS = 'input, [role="tablist"], [role="radiogroup"]';

// Who is signed in: as the page itself said first, and the end of a session while the page is open.
class Session {
  onEnter = () => {};
  onLeave = () => {};
  name = null;
  role = null;
  // Whether people sign in here at all.
  signIn = false;
  #account = document.querySelector("#account");
  #who = el("a", { class: "who", href: "/people", title: texts.session.own });
  #role = el("span", { class: "chip" });
  #out = el("button", { type: "button", class: "plain", title: texts.session.signOut, on: { click: () => this.#signOut() } },
    icon("out"), el("span", {}, texts.session.signOut));
  #form = null;
  #asked = false;
  #last = null;

  constructor() {
    this.#account.append(this.#who, this.#role, this.#out);
    addEventListener("pageshow", ({ persisted }) => persisted && this.check());
  }

  start() {
    this.#take(JSON.parse(document.querySelector("#session").textContent));
  }

  // Whether whoever is signed in may do what `role` may.
  may(role) {
    return RANKS.indexOf(this.role) >= RANKS.indexOf(role);
  }

  // The session may have ended, or be another person's by now: the web says.
  async check() {
    const told = await api.session().catch(() => null);
    if (told === null || this.#asked || told.name === this.name) return;
    if (told.name !== null) return location.reload();
    this.#ask(texts.session.ended);
    this.onLeave();
  }

  #take({ sign_in: signIn, name, role }) {
    if (signIn && name === null) return this.#ask("");
    this.#asked = false;
    // What the page holds is for another person, or for one who may do other things: begin anew.
    const who = `${role} ${name}`;
    if (this.#last !== null && this.#last !== who) return location.reload();
    [this.name, this.role, this.signIn, this.#last] = [name, role, signIn, who];
    this.#account.hidden = !signIn;
    say(this.#who, name ?? "");
    say(this.#role, texts.session.roles[role] ?? "");
    this.onEnter();
  }

  async #ask(why) {
    this.#asked = true;
    [this.name, this.role] = [null, null];
    this.#account.hidden = true;
    try {
      const { SignIn } = await import("./sign_in.js");
      this.#form ??= new SignIn((told) => this.#take(told));
      this.#form.ask(why);
    } catch {
      setTimeout(() => this.#ask(why), AGAIN_MS);
    }
  }

  async #signOut() {
    try {
      await api.signOut();
      location.reload();
    } catch (error) {
      say(this.#out.lastElementChild, texts.session.stillIn);
      this.#out.title = error.message;
    }
  }
}

// Keys of a page: `keys.add("Live picture", [{ keys: ["f"], says: "Full screen", run }])`; `?` lists them all.
class Keys {
  groups = [];
  // Told when the first keys are there: there is something to be helped with.
  onFirst = () => {};

  constructor() {
    document.addEventListener("keydown", (event) => this.#press(event));
    this.add(texts.keys.everywhere, [{ keys: ["?"], says: texts.keys.help, run: () => this.help() }], noHelp);
  }

  // {keys: as event.key has them, says: what it does, run(event), may(): whether it can be done; left out: always}.
  // `when()` is whether the group counts now.
  add(title, keys, when = noDialog) {
    this.groups.unshift({ title, keys, when });
    if (this.groups.length > 1) this.onFirst();
  }

  async help() {
    const { openHelp } = await import("./help.js");
    const groups = this.groups.filter(({ when }) => when()).map((group) => ({ ...group, keys: group.keys.filter(may) }));
    openHelp(groups, { off: isOff(), onOff: (off) => localStorage.setItem(KEYS_OFF, off ? "1" : "") });
  }

  #press(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isOff() || isFor(event.target, event.key)) return;
    for (const { keys, when } of this.groups) {
      const found = when() && keys.find((one) => one.keys.includes(event.key) && may(one));
      if (!found) continue;
      event.preventDefault();
      return found.run(event);
    }
  }
}

export class Shell {
  connection = new Connection();
  cutOff = new CutOff(this.connection);
  keys = new Keys();
  session = new Session();
  // What to do with the web's events, by their type.
  on = {};
  // Somebody is signed in, or nobody has to be.
  onEnter = () => {};
  // A device is called otherwise than before.
  onNames = () => {};
  #toldAt = new Map();
  #ways = document.querySelector("#ways");

  // `showsChain`: the page says itself, in its chain, what is broken.
  constructor(page, { showsChain = false } = {}) {
    document.title = texts.shell.title(texts.shell.pages[page]);
    say(document.querySelector(".skip"), texts.shell.skip);
    this.#ways.setAttribute("aria-label", texts.shell.ways);
    for (const way of this.#ways.children) say(way.querySelector("span"), texts.shell.pages[way.dataset.page]);
    this.session.onEnter = () => this.#enter();
    this.session.onLeave = () => this.connection.stop();
    this.keys.onFirst = () => this.#addHelp();
    api.onSignedOut = () => this.session.check();
    this.connection.addEventListener("close", ({ detail: { signedOut, refused } }) => {
      if (signedOut || refused) this.session.check();
    });
    this.connection.addEventListener("open", () => this.#toldAt.clear());
    this.connection.addEventListener("event", ({ detail: event }) => {
      if (event.type === "hello") this.#learn(Object.entries(event.names), { isAll: true });
      if (event.type === "device") this.#learn([[event.device.deviceId, event.device.name]]);
      this.on[event.type]?.(event);
    });
    this.cutOff.addEventListener("found", () => this.#askNames());
    if (!showsChain) new CutOffNotice(this.cutOff);
  }

  start() {
    this.session.start();
  }

  // Whether what is told of a device is the newest word of it: an answer that was long on its way may be older than what
  // was pushed meanwhile. Both tell the web's own clock.
  isNews({ deviceId: id, now_s: at }) {
    if (at < (this.#toldAt.get(id) ?? 0)) return false;
    if (this.#toldAt.size >= MOST_TOLD) this.#toldAt.clear();
    this.#toldAt.set(id, at);
    return true;
  }

  #learn(names, options) {
    if (learnNames(names, options)) this.onNames();
  }

  // Where no WebSocket comes through, names are asked for.
  async #askNames() {
    if (!this.cutOff.fault || !this.cutOff.answers) return;
    const devices = await api.devices().then((answer) => answer.devices, () => []);
    this.#learn(devices.map(({ deviceId: id, name }) => [id, name]));
  }

  #addHelp() {
    this.keys.onFirst = () => {};
    const attributes = { type: "button", class: "icon-button help", title: texts.keys.help, "aria-label": texts.keys.help };
    document.querySelector("#account").before(el("button", { ...attributes, on: { click: () => this.keys.help() } }, icon("help")));
  }

  #enter() {
    for (const way of this.#ways.children) way.hidden = !this.session.may(way.dataset.role);
    this.onEnter();
    this.connection.start();
  }
}

const noDialog = () => !document.querySelector("dialog[open]");
const noHelp = () => !document.querySelector("dialog.help-dialog[open], #sign-in[open]");
const may = (one) => one.may?.() ?? true;
const isOff = () => localStorage.getItem(KEYS_OFF) === "1";

// Whether the element that has the focus wants that key itself.
function isFor(target, key) {
  if (target.closest?.(TYPED_IN)) return true;
  if (key === " " || key === "Enter") return Boolean(target.closest?.(PRESSED_BY_SPACE) || (key === "Enter" && target.closest?.("a")));
  return key.startsWith("Arrow") && Boolean(target.closest?.(MOVED_BY_ARROWS));
}
