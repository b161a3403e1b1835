// What every page has: the way to the others, who is signed in, the one connection to the web, and keys.

import { api } from "./api.js";
import { Connection } from "./connection.js";
import { el, icon, say } from "./dom.js";
import { CutOff } from "../chain/cutoff.js";
import { Keys } from "./keys.js";
import { Session } from "./session.js";
import { texts } from "../texts/texts.js";

export class Shell {
  connection = new Connection();
  cutOff = new CutOff(this.connection);
  keys = new Keys();
  // What to do with the web's events, by their type.
  on = {};
  // Somebody is signed in, or nobody has to be.
  onEnter = () => {};
  #ways = document.querySelector("#ways");

  // `showsChain`: the page says itself, in its chain, what is broken.
  constructor(page, { showsChain = false } = {}) {
    document.title = texts.shell.title(texts.shell.pages[page]);
    say(document.querySelector(".skip"), texts.shell.skip);
    this.#ways.setAttribute("aria-label", texts.shell.ways);
    for (const way of this.#ways.children) say(way.querySelector("span"), texts.shell.pages[way.dataset.page]);
    const account = document.querySelector("#account");
    this.session = new Session(document.querySelector("#sign-in"), account);
    this.session.onEnter = () => this.#enter();
    this.session.onLeave = () => this.connection.stop();
    this.keys.onFirst = () => account.before(this.#helpButton());
    api.onSignedOut = () => this.session.check();
    this.connection.addEventListener("close", ({ detail: { signedOut, refused } }) => {
      if (signedOut || refused) this.session.check();
    });
    this.connection.addEventListener("event", ({ detail: event }) => this.on[event.type]?.(event));
    if (!showsChain) import("../chain/notice.js").then(({ CutOffNotice }) => new CutOffNotice(this.cutOff));
  }

  start() {
    this.session.start();
  }

  #helpButton() {
    this.keys.onFirst = () => {};
    const attributes = { type: "button", class: "icon-button help", title: texts.keys.help, "aria-label": texts.keys.help };
    return el("button", { ...attributes, on: { click: () => this.keys.help() } }, icon("help"));
  }

  #enter() {
    for (const way of this.#ways.children) way.hidden = !this.session.may(way.dataset.role);
    this.onEnter();
    this.connection.start();
  }
}
