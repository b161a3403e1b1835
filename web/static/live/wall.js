// The wall: a small live picture of every camera, to choose the large one from. Without a choice it is not shown.

import { el, say } from "../common/dom.js";
import { age } from "../common/format.js";
import { Newest } from "../common/pictures.js";
import { seconds } from "../common/connection.js";
import { texts } from "../texts/texts.js";

const LARGE_FPS = 15;
const WALL_FPS = 2;
const MAX_TILES = 300;
const MAX_WATCHED = 50;
const TILE_PX = 320;
const TICK_MS = 500;
const byNumber = new Intl.Collator("en", { numeric: true }).compare;

// One camera: its newest picture, its name, whether it is there, and how old the picture is.
class Tile {
  frame = null;
  visible = false;
  #newest = new Newest((bitmap) => this.#draw(bitmap), { resizeWidth: TILE_PX, resizeQuality: "low" });
  #nextAt = 0;

  constructor(id, onClick) {
    this.canvas = el("canvas", { width: 4, height: 3 });
    this.empty = el("span", { class: "tile-empty" }, texts.devices.noPicture);
    this.age = el("span", { class: "tile-age" });
    this.state = el("span", { class: "sr" });
    const attributes = { type: "button", class: "tile", "data-id": id, "aria-pressed": "false", on: { click: onClick } };
    this.button = el("button", attributes,
      el("span", { class: "tile-picture", "aria-hidden": "true" }, this.canvas, this.empty),
      el("span", { class: "tile-words" },
        el("span", { class: "dot", "aria-hidden": "true" }), el("span", { class: "tile-name" }, id), this.state,
        this.age));
  }

  // Of a camera that is also the large one more pictures come than are needed here.
  take(frame) {
    this.frame = frame;
    const now = seconds();
    if (now < this.#nextAt) return;
    this.#nextAt = now + 0.8 / WALL_FPS;
    this.#newest.take(frame);
  }

  #draw(bitmap) {
    this.empty.remove();
    if (this.canvas.width !== bitmap.width || this.canvas.height !== bitmap.height) {
      [this.canvas.width, this.canvas.height] = [bitmap.width, bitmap.height];
    }
    this.canvas.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
  }

  describe(device) {
    this.button.classList.toggle("online", device.online);
    this.button.title = device.why ?? texts.devices.online;
    say(this.state, `, ${device.online ? texts.devices.online : texts.devices.offline}`);
  }

  tick(ages) {
    this.button.classList.toggle("live", this.frame !== null && ages.isLive(this.frame));
    say(this.age, this.frame ? age(ages.of(this.frame)) : "");
  }
}

export class Devices {
  selected = null;
  onSelect = () => {};
  onWish = () => {};
  #root;
  #ages;
  #devices = new Map();
  #tiles = new Map();
  #sight = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "60px" });

  constructor(root, ages) {
    this.#root = root;
    this.#ages = ages;
    root.setAttribute("aria-label", texts.devices.label);
    setInterval(() => this.#tick(), TICK_MS);
  }

  get(id) {
    return this.#devices.get(id);
  }

  lastFrame(id) {
    return this.#tiles.get(id)?.frame ?? null;
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

  show(frame) {
    this.#tiles.get(frame.device)?.take(frame);
  }

  select(id) {
    this.selected = id;
    for (const [name, { button }] of this.#tiles) button.setAttribute("aria-pressed", String(name === id));
    this.#tiles.get(id)?.button.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.onSelect(id);
    this.#wish();
  }

  #take(device) {
    if (device.role !== "node") return;
    const known = this.#devices.has(device.deviceId);
    if (!known && this.#devices.size >= MAX_TILES && !this.#forgetOne()) return;
    this.#devices.set(device.deviceId, device);
    if (!known) this.#addTile(device.deviceId);
    this.#tiles.get(device.deviceId).describe(device);
  }

  // Names may be made up: whoever is away makes room, nobody who is there does.
  #forgetOne() {
    const away = [...this.#devices.values()].find((one) => !one.online && one.deviceId !== this.selected);
    if (!away) return false;
    this.#devices.delete(away.deviceId);
    this.#sight.unobserve(this.#tiles.get(away.deviceId).button);
    this.#tiles.get(away.deviceId).button.remove();
    this.#tiles.delete(away.deviceId);
    return true;
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

  #addTile(id) {
    const tile = new Tile(id, () => {
      history.replaceState(null, "", `#${id}`);
      this.select(id);
    });
    const after = [...this.#tiles.keys()].sort(byNumber).find((name) => byNumber(name, id) > 0);
    this.#root.insertBefore(tile.button, after === undefined ? null : this.#tiles.get(after).button);
    this.#tiles.set(id, tile);
    this.#root.hidden = this.#tiles.size < 2;
    this.#sight.observe(tile.button);
  }

  // Only what can be seen is asked for.
  #seen(entries) {
    for (const { target, isIntersecting } of entries) {
      const tile = this.#tiles.get(target.dataset.id);
      if (tile) tile.visible = isIntersecting;
    }
    this.#wish();
  }

  #wish() {
    const small = [...this.#tiles].filter(([id, tile]) => tile.visible && id !== this.selected).map(([id]) => id);
    const rates = Object.fromEntries(small.slice(0, MAX_WATCHED - 1).map((id) => [id, WALL_FPS]));
    if (this.selected !== null) rates[this.selected] = LARGE_FPS;
    this.onWish(rates);
  }

  #tick() {
    for (const tile of this.#tiles.values()) tile.tick(this.#ages);
  }
}
