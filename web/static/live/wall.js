// The wall: a small live picture of every camera, to choose the large one from, or all of them over the whole page.
// Without a choice it is not shown.

import { el, icon, say } from "../common/dom.js";
import { age, called } from "../common/format.js";
import { drawFinds } from "../common/finds.js";
import { Newest } from "../common/pictures.js";
import { seconds } from "../common/web.js";
import { texts } from "../texts/live.js";

const LARGE_FPS = 15;
const STRIP_FPS = 2;
const GRID_FPS = 10;
const GRID_SUM_FPS = 40;
const MAX_TILES = 300;
const MAX_WATCHED = 50;
const TICK_MS = 500;
const byNumber = new Intl.Collator("en", { numeric: true }).compare;

// One camera: its newest picture, its name, whether it is there, and how old the picture is.
class Tile {
  frame = null;
  visible = false;
  fps = STRIP_FPS;
  #options = { resizeQuality: "low" };
  #newest = new Newest((bitmap, frame) => this.#draw(bitmap, frame), this.#options);
  #nextAt = 0;

  constructor(id, onClick) {
    this.canvas = el("canvas", { width: 4, height: 3 });
    this.empty = el("span", { class: "tile-empty" }, texts.devices.noPicture);
    this.why = el("span", { class: "tile-why" });
    this.age = el("span", { class: "tile-age" });
    this.state = el("span", { class: "sr" });
    this.name = el("span", { class: "tile-name", title: id }, called(id));
    const attributes = { type: "button", class: "tile", "data-id": id, "aria-pressed": "false", on: { click: onClick } };
    this.button = el("button", attributes,
      el("span", { class: "tile-picture", "aria-hidden": "true" }, this.canvas, this.empty),
      el("span", { class: "tile-words" },
        el("span", { class: "dot", "aria-hidden": "true" }), this.name, this.state, this.age),
      this.why);
  }

  // Of a camera that is also the large one more pictures come than are needed here.
  take(frame) {
    this.frame = frame;
    const now = seconds();
    if (!this.visible || now < this.#nextAt) return;
    this.#nextAt = now + 0.8 / this.fps;
    const wide = this.button.clientWidth * devicePixelRatio;
    const whole = frame.meta?.image_wh?.[0] ?? 0;
    if (wide < whole) this.#options.resizeWidth = Math.round(wide);
    else delete this.#options.resizeWidth;
    this.#newest.take(frame);
  }

  #draw(bitmap, { meta }) {
    this.empty.remove();
    const { width, height } = bitmap;
    if (this.canvas.width !== width || this.canvas.height !== height) [this.canvas.width, this.canvas.height] = [width, height];
    const context = this.canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    if (!this.draws) return;
    const place = ([x, y]) => [x * width, y * height];
    drawFinds(context, meta?.boxes ?? [], place, { unit: width / this.button.clientWidth, ...this.draws });
  }

  describe(device) {
    this.button.classList.toggle("online", device.online);
    this.button.title = device.why ?? texts.devices.online;
    say(this.why, device.online ? "" : device.why ?? "");
    say(this.state, `, ${device.online ? texts.devices.online : texts.devices.offline}`);
  }

  tick(ages) {
    this.button.classList.toggle("live", this.frame !== null && ages.isLive(this.frame));
    say(this.age, this.frame ? age(ages.of(this.frame)) : "");
  }
}

export class Devices {
  selected = null;
  isGrid = false;
  onSelect = () => {};
  onWish = () => {};
  // Another camera came, or one more was forgotten.
  onCount = () => {};
  // One of the grid is to be the large one.
  onLarge = () => {};
  #root;
  #ages;
  #draws = null;
  #devices = new Map();
  #tiles = new Map();
  #sight = new IntersectionObserver((entries) => this.#seen(entries), { rootMargin: "60px" });

  constructor(root, ages) {
    this.#root = root;
    this.#ages = ages;
    root.setAttribute("aria-label", texts.devices.label);
    this.title = el("h1");
    this.tiles = el("div", { class: "tiles" });
    root.append(el("header", { class: "wall-head" }, this.title,
      el("button", { type: "button", class: "plain", on: { click: () => this.onLarge() } }, icon("large"), texts.wall.large)), this.tiles);
    setInterval(() => this.#tick(), TICK_MS);
  }

  get(id) {
    return this.#devices.get(id);
  }

  // A device is called otherwise.
  rename() {
    for (const [id, { name }] of this.#tiles) say(name, called(id));
  }

  lastFrame(id) {
    return this.#tiles.get(id)?.frame ?? null;
  }

  get several() {
    return this.#tiles.size > 1;
  }

  // All over the whole page, or a strip beside the large one.
  setGrid(isGrid) {
    this.isGrid = isGrid;
    this.#wish();
  }

  // What is drawn over the pictures, {boxes, masks}: only where they are large enough.
  draws(shows) {
    this.#draws = shows;
    this.#wish();
  }

  // The camera before or behind the chosen one; in the grid the focus goes along.
  step(by) {
    const ids = [...this.#tiles.keys()].sort(byNumber);
    const id = ids[(ids.indexOf(this.selected) + by + ids.length) % ids.length];
    if (id === undefined || id === this.selected) return;
    this.#choose(id);
    if (this.isGrid) this.#tiles.get(id).button.focus();
  }

  // What was just read: news of these, and whoever of the others is not there any more goes.
  replace(news, isThere) {
    for (const id of [...this.#devices.keys()]) if (!isThere(id)) this.#remove(id);
    for (const device of news) this.#take(device);
    this.#selectFirst();
  }

  put(device) {
    if (device.retired_at) this.#remove(device.deviceId);
    else this.#take(device);
    this.#selectFirst();
  }

  show(frame) {
    this.#tiles.get(frame.device)?.take(frame);
  }

  select(id) {
    this.selected = id;
    for (const [name, { button }] of this.#tiles) button.setAttribute("aria-pressed", String(name === id));
    this.#reveal(id);
    this.onSelect(id);
    this.#wish();
  }

  #choose(id) {
    history.replaceState(history.state, "", `#${id}`);
    this.select(id);
  }

  // Within the strip, without moving the page.
  #reveal(id) {
    const tile = this.#tiles.get(id)?.button;
    if (!tile || this.isGrid) return;
    const { tiles } = this;
    const place = (start, size, from, whole) => Math.min(start, Math.max(from, start + size - whole));
    tiles.scrollTo(place(tile.offsetLeft, tile.offsetWidth, tiles.scrollLeft, tiles.clientWidth),
      place(tile.offsetTop, tile.offsetHeight, tiles.scrollTop, tiles.clientHeight));
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
    if (away) this.#remove(away.deviceId);
    return Boolean(away);
  }

  #remove(id) {
    const tile = this.#tiles.get(id);
    if (!tile) return;
    this.#devices.delete(id);
    this.#sight.unobserve(tile.button);
    tile.button.remove();
    this.#tiles.delete(id);
    if (this.selected === id) this.selected = null;
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
      this.#choose(id);
      if (this.isGrid) this.onLarge();
    });
    const after = [...this.#tiles.keys()].sort(byNumber).find((name) => byNumber(name, id) > 0);
    this.tiles.insertBefore(tile.button, after === undefined ? null : this.#tiles.get(after).button);
    this.#tiles.set(id, tile);
    this.#root.hidden = !this.several;
    this.#sight.observe(tile.button);
    say(this.title, texts.wall.title(this.#tiles.size));
    this.onCount();
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
    const seen = [...this.#tiles].filter(([, tile]) => tile.visible);
    const grid = Math.max(STRIP_FPS, Math.min(GRID_FPS, Math.floor(GRID_SUM_FPS / Math.max(seen.length, 1))));
    const fps = this.isGrid ? grid : STRIP_FPS;
    for (const tile of this.#tiles.values()) [tile.fps, tile.draws] = [fps, this.isGrid ? this.#draws : null];
    const small = seen.filter(([id]) => this.isGrid || id !== this.selected).slice(0, MAX_WATCHED - 1);
    const rates = Object.fromEntries(small.map(([id]) => [id, fps]));
    if (this.selected !== null) rates[this.selected] = this.isGrid ? Math.max(STRIP_FPS, rates[this.selected] ?? 0) : LARGE_FPS;
    this.onWish(rates);
  }

  #tick() {
    for (const tile of this.#tiles.values()) tile.tick(this.#ages);
  }
}
