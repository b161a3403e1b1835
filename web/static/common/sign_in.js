// The form that asks who is there.

import { api } from "./web.js";
import { wordsOf } from "../chain/cutoff.js";
import { el, say } from "./dom.js";
import { texts } from "../texts/texts.js";

export class SignIn {
  #dialog = document.querySelector("#sign-in");
  #onEnter;
  #asked = false;
  #name = el("input", { id: "sign-in-name", autocomplete: "username", autocapitalize: "none", spellcheck: "false",
    maxlength: 60, required: true });
  #password = el("input", { id: "sign-in-password", type: "password", autocomplete: "current-password", maxlength: 128,
    required: true });
  #button = el("button", { type: "submit", class: "primary" }, texts.session.signIn);
  #why = el("p", { class: "why" });
  #problem = el("p", { class: "problem", role: "alert" });

  // `onEnter` is told what the web says of who is signed in then.
  constructor(onEnter) {
    this.#onEnter = onEnter;
    this.#dialog.append(el("form", { method: "dialog", on: { submit: (event) => this.#submit(event) } },
      el("img", { src: "/static/icon.svg", alt: "", width: 44, height: 44 }),
      el("h1", { id: "sign-in-title" }, texts.session.title), this.#why,
      el("label", { for: "sign-in-name" }, texts.session.name), this.#name,
      el("label", { for: "sign-in-password" }, texts.session.password), this.#password,
      this.#problem, this.#button));
    this.#dialog.addEventListener("cancel", (event) => event.preventDefault());
    this.#dialog.addEventListener("close", () => this.#asked && this.#dialog.showModal());
  }

  ask(why) {
    this.#asked = true;
    say(this.#why, why);
    say(this.#problem, "");
    if (!this.#dialog.open) this.#dialog.showModal();
    (this.#name.value ? this.#password : this.#name).focus();
  }

  // Somebody is signed in.
  close() {
    this.#asked = false;
    if (this.#dialog.open) this.#dialog.close();
  }

  async #submit(event) {
    event.preventDefault();
    this.#button.disabled = true;
    say(this.#problem, "");
    try {
      const told = await api.signIn(this.#name.value.trim(), this.#password.value);
      this.#password.value = "";
      this.close();
      this.#onEnter(told);
    } catch (error) {
      say(this.#problem, explained(error));
      this.#password.select();
    } finally {
      this.#button.disabled = false;
    }
  }
}

// Where a proxy changes the name, nobody can sign in: say that, and not what it looks like from the web.
function explained(error) {
  if (error.code !== "web.foreign_origin") return error.explained();
  const { sentence, remedy } = wordsOf("web.origin_refused").verdict.first_cause;
  return `${sentence} ${remedy}`;
}
