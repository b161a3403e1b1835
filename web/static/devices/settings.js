// The settings of a node that may change while it runs: what is written, what it takes, and what becomes of it.

import { api } from "../common/web.js";
import { button, el, say } from "../common/dom.js";
import { longTime } from "../common/format.js";
import { texts } from "../texts/devices.js";
import { Field } from "./fields.js";
import { Probation, whyOf } from "./state.js";

const words = texts.settings;

export class DeviceSettings {
  #id;
  #shell;
  #device = null;
  #fields = new Map();
  #offered = null;
  #labels = [];
  #probation = null;
  #reading = el("p", { class: "busy", role: "status" }, words.reading);
  #problem = el("p", { class: "problem", role: "alert" });
  #last = el("p", { class: "problem last-back" });
  #groups = el("div", { class: "setting-groups" });
  #count = el("p", { class: "hint", role: "status" });
  #save = el("button", { class: "primary" }, words.save);
  #undo = button(words.forget, () => this.#forget());
  #reset = button(words.resetAll, () => this.#askReset());
  #bar = el("div", { class: "save-bar" }, this.#count, this.#reset, this.#undo, this.#save);
  #set = el("fieldset", { class: "bare" }, this.#groups, this.#bar);
  #form = el("form", { class: "panel settings", hidden: true, novalidate: true, on: { submit: (event) => this.#submit(event) } },
    this.#last, this.#problem, this.#set);

  constructor(root, { id, shell }) {
    [this.#id, this.#shell] = [id, shell];
    root.append(this.#reading, this.#form);
    setInterval(() => this.#follow(), 1000);
  }

  // It is looked at: what is in force now is read once.
  async open(device) {
    this.put(device);
    if (this.#fields.size || this.asking) return;
    this.asking = true;
    try {
      const { settings } = await api.get(`/api/devices/${encodeURIComponent(this.#id)}/settings`);
      this.#build(settings.filter(({ name }) => name !== "model"));
      say(this.#problem, "");
    } catch (error) {
      this.#reading.className = "problem";
      say(this.#reading, error.explained());
    } finally {
      this.asking = false;
    }
  }

  put(device) {
    this.#device = device;
    const labels = device?.info?.model?.labels ?? [];
    // Of the labels a form can tell as soon as the model is there; what is being written stays as it is.
    if (this.#offered && labels.length && String(labels) !== String(this.#labels) && !this.#dirty.length) {
      return this.#build(this.#offered);
    }
    const { settings = {}, config } = device?.info ?? {};
    for (const [name, field] of this.#fields) {
      if (name in settings) field.take(settings[name], Boolean(config?.changed?.includes(name)));
    }
    this.#showBar();
    this.#showLast(config?.taken_back);
    this.#follow();
  }

  #build(settings) {
    this.#offered = settings;
    this.#labels = this.#device?.info?.model?.labels ?? [];
    this.#fields.clear();
    for (const setting of settings) {
      const field = new Field(setting, { labels: this.#labels });
      field.onInput = () => this.#showBar();
      field.onReset = () => this.#send({ [setting.name]: null });
      this.#fields.set(setting.name, field);
    }
    const groups = Object.entries(words.groups).map(([group, title]) =>
      [title, settings.filter(({ name }) => (words.grouped[name] ?? "other") === group)]);
    this.#groups.replaceChildren(...groups.filter(([, list]) => list.length).map(([title, list]) =>
      el("fieldset", { class: "setting-group" }, el("legend", {}, title), ...list.map(({ name }) => this.#fields.get(name).element))));
    this.#fields.get("region")?.element.append(el("a", { href: `/#${encodeURIComponent(this.#id)}` }, words.drawRegion));
    this.#reading.hidden = true;
    this.#form.hidden = false;
    this.put(this.#device);
  }

  // -- what is written ---------------------------------------------------------------------------------------------

  get #dirty() {
    return [...this.#fields.values()].filter((field) => field.isDirty);
  }

  #showBar() {
    const may = this.#shell.session.may("admin");
    const there = Boolean(this.#device?.online);
    const count = this.#dirty.length;
    this.#set.disabled = !may;
    say(this.#count, !may ? words.mayNot : !there ? words.offline : count ? words.changes(count) : words.none);
    this.#save.disabled = !there || !count || this.sending === true;
    this.#undo.hidden = !count;
    this.#reset.hidden = !may || ![...this.#fields.values()].some(({ isChanged }) => isChanged);
    this.#reset.disabled = !there;
    this.#save.hidden = !may;
  }

  #forget() {
    for (const field of this.#dirty) field.undo();
    say(this.#problem, "");
    this.#showBar();
  }

  #submit(event) {
    event.preventDefault();
    const dirty = this.#dirty;
    const wrong = dirty.filter((field) => !field.check());
    if (wrong.length) return wrong[0].focus();
    if (dirty.length) this.#send(Object.fromEntries(dirty.map((field) => [field.name, field.value])));
  }

  async #askReset() {
    const { confirmed } = await import("../common/dialog.js");
    const name = this.#device?.name ?? this.#id;
    const sure = await confirmed({ title: words.resetAllTitle(name), text: words.resetAllText, action: words.resetAll });
    if (sure) this.#send({ reset: true });
  }

  // -- what becomes of it ------------------------------------------------------------------------------------------

  async #send(args) {
    const touched = [...this.#fields.values()].filter((field) => (args.reset ? field.isChanged : field.name in args));
    say(this.#problem, "");
    for (const field of touched) {
      field.refuse("");
      field.tell(words.asking, "busy");
    }
    this.sending = true;
    this.#showBar();
    try {
      const before = this.#device;
      const reply = await api.send("POST", `/api/devices/${encodeURIComponent(this.#id)}/cmd/config`, { args });
      if (reply.status !== "ok") throw api.refused(reply.error);
      this.#took(touched, args, reply.data, before);
    } catch (error) {
      for (const field of touched) field.tell("");
      this.#refused(error);
    } finally {
      this.sending = false;
      this.#showBar();
    }
  }

  // Its echo: all settings as they are in force now.
  #took(touched, args, echo, before) {
    const waiting = echo.on_probation ?? [];
    for (const field of touched) {
      field.take(echo[field.name] ?? field.setting.value, field.isChanged);
      if (field.isDirty) field.undo();
      field.tell(args[field.name] === null || args.reset ? words.back : words.inForce, "well");
    }
    if (waiting.length) this.#probation = new Probation(echo, before);
    this.#follow();
  }

  // What it refuses is said at the fields that it names; what names none stands above all.
  #refused(error) {
    const named = Object.entries(error.body?.error?.fields ?? {}).filter(([name]) => this.#fields.has(name));
    for (const [name, what] of named) this.#fields.get(name).refuse(words.refusedAs(what));
    if (named.length) this.#fields.get(named[0][0]).focus();
    else say(this.#problem, error.explained());
  }

  #follow() {
    if (!this.#probation) return;
    const { state, why } = this.#probation.look(this.#device);
    const said = {
      waits: [words.probation(this.#probation.left), "busy"], kept: [words.kept, "well"], taken_back: [words.takenBack(why), "bad"],
    }[state];
    for (const name of this.#probation.names) this.#fields.get(name)?.tell(...said);
    if (state !== "waits") this.#probation = null;
  }

  // The last change that did not work, as long as the node tells of it.
  #showLast(back) {
    const names = back && Object.entries(back.settings).map(([name, value]) => `${words.labels[name] ?? name} ${JSON.stringify(value)}`).join(", ");
    say(this.#last, back ? words.last(names, whyOf(back), longTime(back.at)) : "");
  }
}
