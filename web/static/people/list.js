// Those who may sign in, for admins: their roles, new passwords, and who is added or removed.

import { api } from "../common/web.js";
import { copyable } from "../common/copying.js";
import { button, el, say, write } from "../common/dom.js";
import { texts } from "../texts/people.js";
import { handedOver, madeUp } from "./secret.js";

const ROLES = Object.keys(texts.roles);
const words = texts.people;

export class PeopleList {
  #shell;
  #rows = new Map();
  #body = el("tbody");
  #problem = el("p", { class: "problem", role: "alert" });
  #said = el("p", { class: "sr", role: "status" });
  #handed = el("div");
  #panel;
  #elsewhere = el("p");
  #there = el("section", { class: "panel add-person" }, el("h2", {}, texts.add.title), this.#elsewhere);
  #add = new AddPerson((person, password) => this.#added(person, password)).element;

  constructor(root, shell) {
    this.#shell = shell;
    const heads = Object.values(words.columns).map((name) => (name ? el("th", { scope: "col" }, name) : el("td")));
    this.#panel = el("section", { class: "panel people-panel" }, el("header", {}, el("h2", {}, words.title)), this.#problem, this.#said, this.#handed,
      el("div", { class: "table-box" }, el("table", { class: "table" }, el("thead", {}, el("tr", {}, ...heads)), this.#body)));
    root.append(this.#panel);
    this.read();
  }

  async read() {
    try {
      const { people, elsewhere } = await api.get("/api/people");
      say(this.#problem, "");
      this.#showAdding(elsewhere);
      const names = new Set(people.map(({ name }) => name));
      for (const [name, row] of this.#rows) if (!names.has(name)) this.#drop(name, row);
      people.forEach((person, at) => this.#put(person, at));
    } catch (error) {
      say(this.#problem, error.explained());
    }
  }

  // Where people are kept elsewhere they are added there, and get their passwords there.
  #showAdding(elsewhere) {
    this.#panel.classList.toggle("elsewhere", elsewhere !== null);
    if (elsewhere !== null) write(this.#elsewhere, elsewhere[0].toUpperCase() + elsewhere.slice(1), copyable);
    const [shown, other] = elsewhere === null ? [this.#add, this.#there] : [this.#there, this.#add];
    other.remove();
    if (!shown.isConnected) this.#panel.after(shown);
  }

  #put(person, at) {
    if (!this.#rows.has(person.name)) {
      this.#rows.set(person.name, new PersonRow(person, {
        isSelf: person.name === this.#shell.session.name, onRemoved: (row) => this.#removed(person.name, row),
        onPassword: (password) => this.#hand(person.name, password), onSelf: () => this.#shell.session.check(),
      }));
    }
    const row = this.#rows.get(person.name);
    row.show(person);
    if (this.#body.children[at] !== row.element) this.#body.insertBefore(row.element, this.#body.children[at] ?? null);
  }

  #drop(name, row) {
    row.element.remove();
    this.#rows.delete(name);
  }

  // Who uses the keyboard goes on at the person beside.
  #removed(name, row) {
    const beside = row.element.nextElementSibling ?? row.element.previousElementSibling;
    this.#drop(name, row);
    say(this.#said, words.removed(name));
    beside?.querySelector(".danger").focus();
  }

  #added(person, password) {
    this.#hand(person.name, password);
    this.read();
  }

  #hand(name, password) {
    const { handed, handedHint: hint, copy, done } = texts.add;
    this.#handed.replaceChildren(handedOver({ title: handed(name), hint, secret: password, copy, done }));
    this.#handed.querySelector("button").focus();
  }
}

class PersonRow {
  #name;
  #isSelf;
  #on;
  #saved = el("span", { class: "said", role: "status" });
  #problem = el("p", { class: "problem", role: "alert" });
  #under = el("div");
  #role;
  #before = null;

  constructor({ name }, { isSelf, ...on }) {
    [this.#name, this.#isSelf, this.#on] = [name, isSelf, on];
    this.#role = el("select", { class: "input", "aria-label": words.roleOf(name), on: { change: () => this.#setRole() } },
      ...ROLES.map((role) => el("option", { value: role }, texts.role(role))));
    this.element = el("tr", {},
      el("th", { scope: "row" }, name, isSelf ? el("span", { class: "chip" }, words.you) : null, this.#problem, this.#under),
      el("td", {}, this.#role, this.#saved),
      el("td", { class: "row-buttons" },
        button(words.newPassword, () => this.#askPassword(), { class: "plain new-password", "aria-label": words.newPasswordOf(name) }),
        button(words.remove, () => this.#remove(), { class: "plain danger", "aria-label": words.removeOf(name) })));
  }

  show({ role }) {
    if (document.activeElement !== this.#role) this.#role.value = role;
    this.#before = role;
  }

  async #setRole() {
    const role = this.#role.value;
    if (this.#isSelf && !await sure({ title: words.lessTitle, text: words.lessText, action: words.less, danger: true })) {
      this.#role.value = this.#before;
      return;
    }
    await this.#try(async () => {
      await api.send("PATCH", this.#way, { role });
      this.#before = role;
      say(this.#saved, words.saved);
      if (this.#isSelf) this.#on.onSelf();
    });
    this.#role.value = this.#before;
  }

  get #way() {
    return `/api/people/${encodeURIComponent(this.#name)}`;
  }

  // What is refused is said in the row.
  async #try(change) {
    say(this.#problem, "");
    say(this.#saved, "");
    try {
      await change();
      return true;
    } catch (error) {
      say(this.#problem, error.explained());
      return false;
    }
  }

  #askPassword() {
    const password = passwordField();
    const form = el("form", { class: "stack row-form", on: { submit: async (event) => {
      event.preventDefault();
      const secret = password.input.value;
      if (!await this.#try(() => api.send("PATCH", this.#way, { password: secret }))) return;
      this.#under.replaceChildren();
      this.#on.onPassword(secret);
    } } }, password.element, el("div", { class: "toolbar" }, el("button", { class: "primary" }, texts.add.save),
      button(texts.cancel, () => this.#under.replaceChildren())));
    this.#under.replaceChildren(form);
    password.input.focus();
  }

  async #remove() {
    const name = this.#name;
    if (!await sure({ title: words.removeTitle(name), text: words.removeText(name), action: words.remove, danger: true })) return;
    if (await this.#try(() => api.send("DELETE", this.#way))) this.#on.onRemoved(this);
  }
}

async function sure(question) {
  const { confirmed } = await import("../common/dialog.js");
  return confirmed(question);
}

// A password to hand over: made up already, in plain sight.
function passwordField() {
  const words = texts.add;
  const input = el("input", { class: "input secret", autocomplete: "off", autocapitalize: "none", spellcheck: "false",
    minlength: 8, maxlength: 128, required: true });
  const another = button(words.another, () => { input.value = madeUp(); });
  input.value = madeUp();
  const element = el("div", { class: "field" }, el("label", {}, words.password, input),
    el("div", { class: "toolbar" }, another, el("span", { class: "hint" }, words.passwordHint)));
  return { input, element };
}

class AddPerson {
  #name = el("input", { class: "input", autocomplete: "off", maxlength: 60, required: true });
  #role = el("select", { class: "input" }, ...ROLES.map((role) => el("option", { value: role }, texts.role(role))));
  #password = passwordField();
  #problem = el("p", { class: "problem", role: "alert" });
  #button = el("button", { class: "primary" }, texts.add.add);
  #onAdded;

  constructor(onAdded) {
    this.#onAdded = onAdded;
    this.element = el("section", { class: "panel add-person" }, el("h2", {}, texts.add.title),
      el("form", { class: "stack", on: { submit: (event) => this.#add(event) } },
        el("label", { class: "field" }, texts.add.name, this.#name, el("span", { class: "hint" }, texts.add.nameHint)),
        el("label", { class: "field" }, texts.add.role, this.#role), this.#password.element, this.#problem,
        el("div", { class: "toolbar" }, this.#button)));
  }

  async #add(event) {
    event.preventDefault();
    say(this.#problem, "");
    this.#button.disabled = true;
    const [name, password] = [this.#name.value.trim(), this.#password.input.value];
    try {
      const person = await api.send("POST", "/api/people", { name, role: this.#role.value, password });
      this.#name.value = "";
      this.#password.input.value = madeUp();
      this.#onAdded({ name, ...person }, password);
    } catch (error) {
      say(this.#problem, error.explained());
      this.#name.focus();
    } finally {
      this.#button.disabled = false;
    }
  }
}
