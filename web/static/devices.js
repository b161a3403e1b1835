// The cameras: one tab each, with a dot that says whether it is there.

import { el, say } from "./dom.js";
import { texts } from "./texts.js";

const MAX_TABS = 300;
const byNumber = new Intl.Collator("en", { numeric: true }).compare;

export class Devices {
  selected = null;
  #root;
  #devices = new Map();
  #tabs = new Map();
  #onSelect;

  constructor(root, onSelect) {
    this.#root = root;
    this.#onSelect = onSelect;
    root.setAttribute("aria-label", texts.devices.label);
    this.empty = el("span", { class: "no-devices" }, texts.devices.none);
    root.append(this.empty);
  }

  get(id) {
    return this.#devices.get(id);
  }

  // The whole list, as it was just read.
  replace(list) {
    for (const device of list) this.#take(device);
    this.#selectFirst();
  }

  put(device) {
    this.#take(device);
    this.#selectFirst();
  }

  #take(device) {
    if (device.role !== "node") return;
    const known = this.#devices.has(device.deviceId);
    if (!known && this.#devices.size >= MAX_TABS && !this.#forgetOne()) return;
    this.#devices.set(device.deviceId, device);
    if (!known) this.#addTab(device.deviceId);
    this.#show(device);
  }

  // Names may be made up: whoever is away makes room, nobody who is there does.
  #forgetOne() {
    const away = [...this.#devices.values()].find((one) => !one.online && one.deviceId !== this.selected);
    if (!away) return false;
    this.#devices.delete(away.deviceId);
    this.#tabs.get(away.deviceId).button.remove();
    this.#tabs.delete(away.deviceId);
    return true;
  }

  select(id) {
    this.selected = id;
    for (const [name, { button }] of this.#tabs) button.setAttribute("aria-pressed", String(name === id));
    this.#tabs.get(id)?.button.scrollIntoView({ block: "nearest", inline: "center" });
    this.#onSelect(id);
  }

  // The device that the address names, as soon as it is known; until then one that is there.
  #selectFirst() {
    const wanted = location.hash.slice(1);
    if (this.#devices.has(wanted)) {
      if (this.selected !== wanted) this.select(wanted);
    } else if (this.selected === null) {
      const ids = [...this.#devices.keys()].sort(byNumber);
      const first = ids.find((id) => this.#devices.get(id).online) ?? ids[0];
      if (first !== undefined) this.select(first);
    }
  }

  #addTab(id) {
    const state = el("span", { class: "sr" });
    const button = el("button", { type: "button", class: "tab", "aria-pressed": "false", on: { click: () => {
      history.replaceState(null, "", `#${id}`);
      this.select(id);
    } } }, el("span", { class: "dot", "aria-hidden": "true" }), id, state);
    this.#tabs.set(id, { button, state });
    this.empty.remove();
    this.#root.replaceChildren(...[...this.#tabs.keys()].sort(byNumber).map((name) => this.#tabs.get(name).button));
  }

  #show(device) {
    const { button, state } = this.#tabs.get(device.deviceId);
    button.classList.toggle("online", device.online);
    button.title = device.why ?? texts.devices.online;
    say(state, `, ${device.online ? texts.devices.online : texts.devices.offline}`);
  }
}
