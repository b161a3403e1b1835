// What can be done with the live picture, by button and by key: pause, keep, enlarge, draw over it, say what counts.

import { el, icon } from "../common/dom.js";
import { texts } from "../texts/live.js";

const KEPT = "glassline-live-draws";
const words = texts.controls;

export class Controls {
  onGrid = () => {};
  // What is to be drawn over the pictures: {boxes, masks}, each whether.
  onDraws = () => {};
  #panel;
  #stage;
  #editor = null;
  #device = null;

  // `panel` holds the picture, and is what fills the screen.
  constructor(panel, stage, keys) {
    [this.#panel, this.#stage] = [panel, stage];
    const button = (name, run, attributes = {}) => el("button", { type: "button", class: "icon-button", "data-does": name,
      title: words[name], "aria-label": words[name], ...attributes, on: { click: run } }, icon(attributes.icon ?? name));
    this.pause = button("pause", () => stage.togglePause(), { "aria-pressed": "false" });
    this.snapshot = button("snapshot", () => this.#keep(false));
    this.marked = button("marked", () => this.#keep(true));
    this.full = button("full", () => this.#fill(), { "aria-pressed": "false" });
    this.region = button("region", () => this.#editRegion(), { hidden: true, "aria-pressed": "false" });
    this.grid = button("grid", () => this.onGrid(), { hidden: true });
    const shows = { boxes: true, masks: true, ...JSON.parse(localStorage.getItem(KEPT) ?? "{}") };
    this.switches = Object.fromEntries(["boxes", "masks"].map((name) =>
      [name, el("input", { type: "checkbox", checked: shows[name], on: { change: () => this.#draws() } })]));
    panel.append(el("div", { class: "bar", role: "toolbar", "aria-label": words.label },
      this.pause, this.snapshot, this.marked, this.full,
      el("span", { class: "draws" }, ...Object.entries(this.switches).map(([name, box]) =>
        el("label", { class: "switch", title: words.draws[name] }, box, texts.stage[name]))),
      this.region, this.grid));
    stage.onPause = (paused) => this.#showPaused(paused);
    document.addEventListener("fullscreenchange", () => this.#showFull(document.fullscreenElement === panel));
    this.#addKeys(keys);
  }

  start() {
    this.#draws();
  }

  // Whether whoever is signed in may say what counts.
  setMay(may) {
    this.region.hidden = !may;
  }

  // Whether there are several cameras.
  setSeveral(several) {
    this.grid.hidden = !several;
  }

  // Another device, or news of it.
  setDevice(device) {
    if (device.deviceId !== this.#device?.deviceId) this.#editor?.close();
    this.#device = device;
    this.#editor?.learn(device);
  }

  #addKeys(keys) {
    const press = (name) => () => this[name].click();
    const flip = (name) => () => this.switches[name].click();
    keys.add(words.label, [
      { keys: [" "], says: words.pause, run: press("pause") },
      { keys: ["f"], says: words.full, run: press("full") },
      { keys: ["b"], says: words.draws.boxes, run: flip("boxes") },
      { keys: ["m"], says: words.draws.masks, run: flip("masks") },
      { keys: ["s"], says: words.snapshot, run: press("snapshot") },
      { keys: ["S"], says: words.marked, run: press("marked") },
      { keys: ["r"], says: words.region, run: press("region"), may: () => !this.region.hidden },
    ]);
  }

  #draws() {
    const shows = { boxes: this.switches.boxes.checked, masks: this.switches.masks.checked };
    localStorage.setItem(KEPT, JSON.stringify(shows));
    this.onDraws(shows);
  }

  #showPaused(paused) {
    this.pause.setAttribute("aria-pressed", String(paused));
    this.pause.title = this.pause.ariaLabel = paused ? words.goOn : words.pause;
    this.pause.replaceChildren(icon(paused ? "play" : "pause"));
  }

  // The very JPEG that the camera sent; or one with the boxes in it.
  async #keep(marked) {
    const shown = this.#stage.shown;
    if (!shown) return;
    const at = (shown.meta?.ts ?? new Date().toISOString()).replaceAll(":", "-");
    const data = marked ? await this.#stage.marked() : new Blob([shown.jpeg], { type: "image/jpeg" });
    const url = URL.createObjectURL(data);
    el("a", { href: url, download: `${shown.device}_${at}${marked ? "_boxes" : ""}.jpg` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }

  // Where no page may have the screen, it takes the window.
  async #fill() {
    const isFull = document.fullscreenElement === this.#panel || this.#panel.classList.contains("filling");
    if (isFull && document.fullscreenElement) return document.exitFullscreen();
    if (!isFull && document.fullscreenEnabled) {
      const filled = await this.#panel.requestFullscreen().then(() => true, () => false);
      if (filled) return;
    }
    this.#showFull(this.#panel.classList.toggle("filling", !isFull));
  }

  #showFull(full) {
    this.full.setAttribute("aria-pressed", String(full));
    this.full.title = this.full.ariaLabel = full ? words.notFull : words.full;
  }

  async #editRegion() {
    if (this.#editor) return this.#editor.close();
    const { RegionEditor } = await import("./region.js");
    if (this.#editor || !this.#device) return;
    this.#editor = new RegionEditor(this.#panel, this.#stage, this.#device, () => {
      this.#editor = null;
      this.region.setAttribute("aria-pressed", "false");
      this.region.focus();
    });
    this.region.setAttribute("aria-pressed", "true");
  }
}
