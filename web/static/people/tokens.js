// One's own tokens for scripts: made, shown once, revoked.

import { copyButton } from "../common/copying.js";
import { api } from "../common/web.js";
import { button, el, say } from "../common/dom.js";
import { longTime } from "../common/format.js";
import { texts } from "../texts/people.js";
import { handedOver } from "./secret.js";

const DAYS = [1, 7, 30, 90, 365];
const words = texts.tokens;
const cell = (name, text) => el("td", { "data-name": words.columns[name] }, text);

export class Tokens {
  #shell;
  #problem = el("p", { class: "problem", role: "alert" });
  #said = el("p", { class: "sr", role: "status" });
  #handed = el("div");
  #list = el("div", { class: "table-box" });
  #everybody = el("input", { type: "checkbox", on: { change: () => this.read() } });
  #name = el("input", { class: "input", autocomplete: "off", maxlength: 60, required: true, placeholder: words.nameHint });
  #role = el("select", { class: "input" });
  #days = el("select", { class: "input" }, ...DAYS.map((days) => el("option", { value: days, selected: days === 90 }, words.daysOf(days))));
  #button = el("button", { class: "primary" }, words.make);

  constructor(root, shell) {
    this.#shell = shell;
    const roles = Object.keys(texts.roles).filter((role) => shell.session.may(role));
    this.#role.append(...roles.map((role) => el("option", { value: role }, texts.role(role))));
    root.append(el("section", { class: "panel tokens-panel" }, el("header", {}, el("h2", {}, words.title),
        shell.session.may("admin") ? el("label", { class: "switch" }, this.#everybody, words.everybody) : null),
      el("p", { class: "hint" }, words.hint),
      this.#said, this.#list, this.#handed,
      el("form", { class: "token-form", on: { submit: (event) => this.#make(event) } },
        el("label", { class: "field" }, words.name, this.#name), el("label", { class: "field" }, words.role, this.#role),
        el("label", { class: "field" }, words.days, this.#days), this.#button), this.#problem));
    this.read();
  }

  async read() {
    try {
      const { tokens } = await api.get("/api/tokens", this.#everybody.checked ? { everybody: true } : {});
      say(this.#problem, "");
      this.#show(tokens);
    } catch (error) {
      say(this.#problem, error.explained());
    }
  }

  #show(tokens) {
    if (!tokens.length) return this.#list.replaceChildren(el("p", { class: "hint" }, words.none));
    const heads = Object.values(words.columns).map((name) => (name ? el("th", { scope: "col" }, name) : el("td")));
    this.#list.replaceChildren(el("table", { class: "table" },
      el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...tokens.map((token, at) => this.#row(token, at)))));
  }

  #row({ id, name, owner, role, made_at: made, expires_at: ends, used_on: used }, at) {
    const isOver = Date.parse(ends) < Date.now();
    const whose = owner === this.#shell.session.name ? null : el("span", { class: "chip" }, owner);
    return el("tr", { class: isOver ? "over" : null },
      el("th", { scope: "row" }, name, whose), cell("role", texts.roles[role]), cell("made", longTime(made)),
      cell("ends", isOver ? words.ended(ends) : longTime(ends)), cell("used", used ? words.day(used) : words.never),
      el("td", { class: "row-buttons" },
        button(words.revoke, () => this.#revoke(id, name, at), { class: "plain danger", "aria-label": words.revokeOf(name) })));
  }

  async #make(event) {
    event.preventDefault();
    say(this.#problem, "");
    this.#button.disabled = true;
    const name = this.#name.value.trim();
    try {
      const { secret } = await api.send("POST", "/api/tokens", { name, role: this.#role.value, days: Number(this.#days.value) });
      this.#name.value = "";
      this.#hand(name, secret);
      this.read();
    } catch (error) {
      say(this.#problem, error.explained());
    } finally {
      this.#button.disabled = false;
    }
  }

  #hand(name, secret) {
    const line = `curl -H 'Authorization: Bearer ${secret}' ${location.origin}/api/defects`;
    const { handed, handedHint: hint, copy, done } = words;
    const example = el("div", { class: "code-box" }, el("code", { class: "example" }, line),
      copyButton(words.copyExample, () => line, { class: "plain" }));
    this.#handed.replaceChildren(handedOver({ title: handed(name), hint, secret, copy, done, close: () => this.#name.focus() },
      el("p", {}, words.example), example));
    this.#handed.querySelector("button").focus();
  }

  // Who uses the keyboard goes on at the token beside.
  async #revoke(id, name, at) {
    const { confirmed } = await import("../common/dialog.js");
    if (!await confirmed({ title: words.revokeTitle(name), text: words.revokeText, action: words.revoke, danger: true })) return;
    try {
      await api.send("DELETE", `/api/tokens/${encodeURIComponent(id)}`);
      say(this.#said, words.revoked(name));
      await this.read();
      const left = this.#list.querySelectorAll("button");
      (left[Math.min(at, left.length - 1)] ?? this.#name).focus();
    } catch (error) {
      say(this.#problem, error.explained());
    }
  }
}
