// One's own password.

import { api } from "../common/web.js";
import { el, say } from "../common/dom.js";
import { texts } from "../texts/people.js";

const words = texts.password;

export class OwnPassword {
  #old = el("input", { type: "password", autocomplete: "current-password", maxlength: 128, required: true });
  #new = el("input", { type: "password", autocomplete: "new-password", minlength: 8, maxlength: 128, required: true });
  #shown = el("input", { type: "checkbox", on: { change: () => this.#show() } });
  #problem = el("p", { class: "problem", role: "alert" });
  #said = el("p", { class: "said", role: "status" });
  #button = el("button", { class: "primary" }, words.change);

  constructor(root) {
    root.append(el("section", { class: "panel own-password" }, el("h2", {}, words.title),
      el("form", { class: "stack", on: { submit: (event) => this.#change(event) } },
        el("label", { class: "field" }, words.old, this.#old),
        el("label", { class: "field" }, words.new, this.#new, el("span", { class: "hint" }, words.newHint)),
        el("label", { class: "switch" }, this.#shown, words.show), this.#problem, el("div", { class: "toolbar" }, this.#button, this.#said))));
  }

  #show() {
    for (const input of [this.#old, this.#new]) input.type = this.#shown.checked ? "text" : "password";
  }

  async #change(event) {
    event.preventDefault();
    say(this.#problem, "");
    say(this.#said, "");
    this.#button.disabled = true;
    try {
      await api.send("POST", "/api/session/password", { old: this.#old.value, new: this.#new.value });
      this.#old.value = this.#new.value = "";
      say(this.#said, words.changed);
    } catch (error) {
      say(this.#problem, error.explained());
      this.#old.focus();
    } finally {
      this.#button.disabled = false;
    }
  }
}
