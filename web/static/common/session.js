// Who is signed in: the form that asks, the name in the header, and the end of a session while the page is open.

import { api } from "./api.js";
import { el, icon, say } from "./dom.js";
import { wordsOf } from "../chain/cutoff.js";
import { texts } from "../texts/texts.js";

const RANKS = ["viewer", "reviewer", "admin"];

export class Session {
  onEnter = () => {};
  onLeave = () => {};
  name = null;
  role = null;
  // Whether people sign in here at all.
  signIn = false;
  #dialog;
  #account;
  #asked = false;
  #lastName = null;

  constructor(dialog, account) {
    this.#dialog = dialog;
    this.#account = account;
    this.nameField = el("input", { id: "sign-in-name", autocomplete: "username", autocapitalize: "none",
      spellcheck: "false", maxlength: 60, required: true });
    this.password = el("input", { id: "sign-in-password", type: "password", autocomplete: "current-password",
      maxlength: 128, required: true });
    this.button = el("button", { type: "submit", class: "primary" }, texts.session.signIn);
    this.why = el("p", { class: "why" });
    this.problem = el("p", { class: "problem", role: "alert" });
    dialog.append(el("form", { method: "dialog", on: { submit: (event) => this.#submit(event) } },
      el("img", { src: "/static/icon.svg", alt: "", width: 44, height: 44 }),
      el("h1", { id: "sign-in-title" }, texts.session.title), this.why,
      el("label", { for: "sign-in-name" }, texts.session.name), this.nameField,
      el("label", { for: "sign-in-password" }, texts.session.password), this.password,
      this.problem, this.button));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.addEventListener("close", () => this.#asked && dialog.showModal());
    this.whoText = el("a", { class: "who", href: "/people", title: texts.session.own });
    this.roleText = el("span", { class: "chip" });
    this.out = el("button", { type: "button", class: "plain", title: texts.session.signOut, on: { click: () => this.#signOut() } },
      icon("out"), el("span", {}, texts.session.signOut));
    account.hidden = true;
    account.append(this.whoText, this.roleText, this.out);
  }

  // Ask the web who is signed in; again until it answers.
  async start() {
    try {
      this.#take(await api.session());
    } catch {
      setTimeout(() => this.start(), 2000);
    }
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
    if (this.#dialog.open) this.#dialog.close();
    // What the page holds is another person's: begin anew.
    if (this.#lastName !== null && this.#lastName !== name) return location.reload();
    [this.name, this.role, this.signIn, this.#lastName] = [name, role, signIn, name];
    this.#account.hidden = !signIn;
    say(this.whoText, name ?? "");
    say(this.roleText, texts.session.roles[role] ?? "");
    this.onEnter();
  }

  #ask(why) {
    this.#asked = true;
    [this.name, this.role] = [null, null];
    this.#account.hidden = true;
    say(this.why, why);
    say(this.problem, "");
    if (!this.#dialog.open) this.#dialog.showModal();
    (this.nameField.value ? this.password : this.nameField).focus();
  }

  async #submit(event) {
    event.preventDefault();
    this.button.disabled = true;
    say(this.problem, "");
    try {
      const told = await api.signIn(this.nameField.value.trim(), this.password.value);
      this.password.value = "";
      this.#take(told);
    } catch (error) {
      say(this.problem, explained(error));
      this.password.select();
    } finally {
      this.button.disabled = false;
    }
  }

  async #signOut() {
    try {
      await api.signOut();
      location.reload();
    } catch (error) {
      say(this.out.lastElementChild, texts.session.stillIn);
      this.out.title = error.message;
    }
  }
}

// Where a proxy changes the name, nobody can sign in: say that, and not what it looks like from the web.
function explained(error) {
  if (error.code !== "web.foreign_origin") return error.explained();
  const { sentence, remedy } = wordsOf("web.origin_refused").verdict.first_cause;
  return `${sentence} ${remedy}`;
}
