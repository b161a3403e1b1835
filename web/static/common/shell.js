// What every page has: the way to the others, who is signed in, and the one connection to the web.

import { api } from "./api.js";
import { Connection } from "./connection.js";
import { el } from "./dom.js";
import { faults } from "./faults.js";
import { Session } from "./session.js";
import { texts } from "../texts/texts.js";

// Where each page is, and which role sees it in the header.
const PAGES = { live: ["/", "viewer"], diagnose: ["/diagnose", "viewer"] };

export class Shell {
  connection = new Connection();
  // What to do with the web's events, by their type.
  on = {};
  // Somebody is signed in, or nobody has to be.
  onEnter = () => {};
  #nav = el("nav", { class: "ways", "aria-label": texts.shell.ways });
  #page;

  constructor(page) {
    this.#page = page;
    document.title = texts.shell.title(texts.shell.pages[page]);
    const account = el("div", { id: "account", class: "account", hidden: true });
    document.querySelector("#top").append(
      el("a", { class: "brand", href: "/" },
        el("img", { src: "/static/icon.svg", alt: "", width: 28, height: 28 }), el("span", {}, texts.shell.name)),
      this.#nav, account);
    this.session = new Session(document.querySelector("#sign-in"), account);
    this.session.onEnter = () => this.#enter();
    this.session.onLeave = () => this.connection.stop();
    api.onSignedOut = () => this.session.check();
    this.connection.addEventListener("close", ({ detail: { signedOut, refused } }) => {
      if (signedOut || refused) this.session.check();
    });
    this.connection.addEventListener("event", ({ detail: event }) => this.on[event.type]?.(event));
  }

  start() {
    faults.load();
    this.session.start();
  }

  #enter() {
    const seen = Object.entries(PAGES).filter(([, [, role]]) => this.session.may(role));
    this.#nav.replaceChildren(...seen.map(([page, [path]]) =>
      el("a", { href: path, "aria-current": page === this.#page ? "page" : null }, texts.shell.pages[page])));
    this.onEnter();
    this.connection.start();
  }
}
