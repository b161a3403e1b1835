// One control for each kind of setting: what is written in it, whether that can be, and what the device says of it.

import { button, el, say } from "../common/dom.js";
import { texts } from "../texts/devices.js";

const words = texts.settings;

// A setting of `GET /api/devices/<id>/settings`. `onInput()` is called when something was written.
export class Field {
  onInput = () => {};
  onReset = () => {};
  isChanged = false;
  #control;
  #problem = el("p", { class: "problem", role: "alert" });
  #said = el("p", { class: "field-said", role: "status" });
  #changed = el("span", { class: "chip" }, words.changed);
  #reset;
  #label;

  constructor(setting, { labels }) {
    this.setting = setting;
    this.name = setting.name;
    const id = `setting-${setting.name}`;
    const title = words.labels[setting.name] ?? setting.name.replaceAll("_", " ");
    this.#control = controlOf(setting, { id, labels });
    this.#reset = button(words.reset, () => this.onReset(), { class: "link", "aria-label": `${words.reset}: ${title}` });
    this.#label = el(this.#control.many ? "span" : "label", this.#control.many ? { id: `${id}-name` } : { for: id }, title);
    this.element = el("div", { class: "field setting", "data-name": setting.name },
      el("div", { class: "setting-head" }, this.#label, el("span", { class: "unit" }, rangeOf(setting)), this.#changed, this.#reset),
      this.#control.element, this.#problem, this.#said,
      el("p", { class: "hint", id: `${id}-hint` }, setting.sentence));
    this.#control.element.setAttribute("aria-describedby", `${id}-hint`);
    this.#control.element.addEventListener("input", () => this.#written());
    this.#control.set(setting.value);
    this.take(setting.value, false);
  }

  // What is in force; what a person has written and not sent stays.
  take(value, isChanged) {
    this.isChanged = isChanged;
    const wasDirty = this.isDirty;
    this.setting = { ...this.setting, value };
    if (!wasDirty) this.#control.set(value);
    this.#changed.hidden = this.#reset.hidden = !isChanged;
  }

  undo() {
    this.#control.set(this.setting.value);
    this.tell("");
    say(this.#problem, "");
  }

  get isDirty() {
    return this.#control.text() !== this.#control.textOf(this.setting.value);
  }

  // What is written, as the device takes it.
  get value() {
    return this.#control.value();
  }

  // Whether it can be sent; says why not.
  check() {
    const problem = this.#control.problem();
    this.refuse(problem);
    return !problem;
  }

  refuse(problem) {
    say(this.#problem, problem);
    this.#control.element.toggleAttribute("data-invalid", Boolean(problem));
    if (problem) this.#control.element.setAttribute("aria-invalid", "true");
    else this.#control.element.removeAttribute("aria-invalid");
  }

  // What the device says of it; `kind`: busy, well, bad.
  tell(text, kind = "") {
    say(this.#said, text);
    this.#said.className = `field-said ${kind}`;
  }

  focus() {
    (this.#control.element.matches("input, select") ? this.#control.element : this.#control.element.querySelector("input, select"))?.focus();
  }

  #written() {
    this.tell("");
    this.check();
    this.onInput();
  }
}

function rangeOf({ minimum: least, maximum: most, unit }) {
  const span = least === null || most === null ? "" : words.from(least, most);
  return [span, /^\d+-\d+$/.test(unit) ? "" : words.units[unit] ?? unit].filter(Boolean).join(" ");
}

// {element, set(value), text(), textOf(value), value(), problem(), many}
function controlOf(setting, { id, labels }) {
  if (setting.type === "boolean") return onOff(id);
  if (["number", "integer"].includes(setting.type)) return number(setting, id);
  if (setting.type === "labels" && labels.length) return ticked(labels, id);
  if (setting.type === "scores" && labels.length) return scores(labels, id);
  if (setting.choices.length) return choice(setting, id);
  return text(setting, id);
}

function plain(element, { read = (written) => written, check = () => "" } = {}) {
  return {
    element,
    set: (value) => { element.value = asText(value); },
    text: () => element.value.trim(),
    textOf: asText,
    value: () => read(element.value.trim()),
    problem: () => check(element.value.trim()),
  };
}

function onOff(id) {
  return plain(el("select", { id }, ...Object.entries(words.onOff).map(([value, name]) => el("option", { value }, name))),
    { read: (written) => written === "true" });
}

function number({ type, minimum: least, maximum: most }, id) {
  const check = (written) => {
    const value = Number(written);
    if (!written || !Number.isFinite(value)) return words.need.number;
    if (type === "integer" && !Number.isInteger(value)) return words.need.whole;
    if (least !== null && value < least) return words.need.least(least);
    if (most !== null && value > most) return words.need.most(most);
    return "";
  };
  return plain(el("input", { id, inputmode: type === "integer" ? "numeric" : "decimal", autocomplete: "off" }), { read: Number, check });
}

function text({ type }, id) {
  return plain(el("input", { id, autocomplete: "off", spellcheck: "false", placeholder: type === "region" ? words.regionAll : null }));
}

// One of several, or what else a person may write.
function choice({ choices }, id) {
  const list = el("datalist", { id: `${id}-choices` }, ...choices.map((value) => el("option", { value })));
  const input = el("input", { id, list: `${id}-choices`, autocomplete: "off", spellcheck: "false" });
  input.append(list);
  return plain(input);
}

// Which of the model's labels do not matter.
function ticked(labels, id) {
  const boxes = labels.map((label) => el("input", { type: "checkbox", value: label }));
  const element = el("div", { id, class: "ticks", role: "group", "aria-labelledby": `${id}-name` },
    ...boxes.map((box) => el("label", { class: "switch" }, box, box.value)));
  const value = () => boxes.filter(({ checked }) => checked).map((box) => box.value);
  return {
    element, value, many: true, problem: () => "",
    set: (chosen) => { for (const box of boxes) box.checked = Boolean(chosen?.includes(box.value)); },
    text: () => JSON.stringify(value()),
    textOf: (chosen) => JSON.stringify(labels.filter((label) => chosen?.includes(label))),
  };
}

// A score for each of the model's labels, where it is another than for all.
function scores(labels, id) {
  const attributes = { inputmode: "decimal", autocomplete: "off", placeholder: words.asModel };
  const inputs = labels.map((label) => el("input", { ...attributes, "data-label": label, "aria-label": label }));
  const element = el("div", { id, class: "scores", role: "group", "aria-labelledby": `${id}-name` },
    ...inputs.map((input) => el("label", {}, el("span", { "aria-hidden": "true" }, input.dataset.label), input)));
  const filled = () => inputs.filter((input) => input.value.trim());
  const value = () => Object.fromEntries(filled().map((input) => [input.dataset.label, Number(input.value)]));
  const inOrder = (chosen) => JSON.stringify(labels.filter((label) => label in (chosen ?? {})).map((label) => [label, String(chosen[label])]));
  return {
    element, value, many: true,
    set: (chosen) => { for (const input of inputs) input.value = asText(chosen?.[input.dataset.label]); },
    text: () => JSON.stringify(filled().map((input) => [input.dataset.label, input.value.trim()])),
    textOf: inOrder,
    problem: () => filled().map((input) => Number(input.value)).map((score) => (Number.isNaN(score) ? words.need.number
      : score < 0 ? words.need.least(0) : score > 1 ? words.need.most(1) : "")).find(Boolean) ?? "",
  };
}

// As it is written: labels and scores like those of the settings file, a region as its corners.
function asText(value) {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return Array.isArray(value[0]) ? value.map((corner) => corner.join(",")).join(" ") : value.join(", ");
  if (typeof value === "object") return Object.entries(value).map(([label, score]) => `${label}=${score}`).join(", ");
  return String(value);
}
