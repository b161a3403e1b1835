// The live picture: newest only, honest about its age, with what the model says of it drawn over it, not into it.

import { el, say, sentence } from "../common/dom.js";
import { age, called } from "../common/format.js";
import { drawFinds } from "../common/finds.js";
import { Newest } from "../common/pictures.js";
import { seconds } from "../common/web.js";
import { texts } from "../texts/live.js";

const TICK_MS = 200;
const MOST_DRAWN = 200;
const RATE_S = 3;
const REGION_INK = "#e8f6f5";

export class Stage {
  device = null;
  // Since when the picture stands still, in the page's seconds; null: it does not.
  pausedAt = null;
  onPause = () => {};
  #ages;
  #newest = new Newest((bitmap, frame) => this.#show(bitmap, frame));
  #shown = null;
  #latest = null;
  #missed = 0;
  #drawnAt = [];
  #cause = null;
  #region = null;
  #shows = { boxes: true, masks: true, region: true };

  constructor(root, ages) {
    this.#ages = ages;
    this.canvas = el("canvas", { width: 640, height: 480, "aria-label": texts.stage.label, role: "img" });
    this.over = el("canvas", { class: "over", "aria-hidden": "true" });
    this.mark = el("span", { class: "mark" });
    this.ageText = el("span", { class: "age" });
    this.missedText = el("span");
    this.nameText = el("span", { class: "name" });
    this.sizeText = el("span", { class: "size" });
    this.fpsText = el("span", { class: "fps" });
    this.limit = el("p", { class: "pill limit", role: "status" });
    this.note = el("div", { class: "veil", "aria-live": "polite" });
    this.frame = el("div", { class: "frame" }, this.canvas, this.over);
    this.screen = el("div", { class: "screen" }, this.frame,
      el("div", { class: "overlay" },
        el("span", { class: "pill" }, this.mark, this.ageText, this.missedText),
        el("span", { class: "pill quiet" }, this.nameText, this.sizeText, this.fpsText)),
      this.limit, this.note);
    root.append(this.screen);
    new ResizeObserver(() => this.#fit()).observe(this.frame);
    setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  // Show another device: what was there says nothing about it.
  show(device) {
    this.device = device;
    this.#newest.clear();
    this.#shown?.bitmap.close();
    this.#shown = this.#latest = this.#region = null;
    this.#drawnAt = [];
    this.rename();
    say(this.limit, "");
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.#setPaused(false);
    this.#draw();
  }

  // The device is called so now.
  rename() {
    if (this.device !== null) say(this.nameText, called(this.device));
  }

  // The first thing that is wrong, as the chain says it; null while nothing is.
  setCause(cause) {
    this.#cause = cause;
    this.#tick();
  }

  // What is known of the device: the size its pictures will have, what of them it looks at, what its link can carry.
  setInfo({ image_wh: size, info, health }) {
    const live = health?.live;
    const wh = size ?? info?.camera?.image_wh;
    if (!this.#shown && wh) this.#shape(...wh);
    this.#region = info?.settings?.region ?? null;
    say(this.limit, live?.limited_by === "link" ? texts.stage.slowLink(live) : "");
    this.#drawOver();
  }

  take(frame) {
    if (frame.device !== this.device) return;
    this.#latest = frame;
    if (this.pausedAt === null) this.#newest.take(frame);
    else this.#missed += 1;
  }

  // What is drawn over the picture: {boxes, masks, region}, each whether.
  draws(shows) {
    this.#shows = { ...this.#shows, ...shows };
    this.#drawOver();
  }

  togglePause() {
    if (!this.#shown) return;
    this.#setPaused(this.pausedAt === null);
    if (this.pausedAt === null && this.#latest !== null) this.#newest.take(this.#latest);
  }

  // The picture that is shown: {device, jpeg, meta, bitmap}, or null.
  get shown() {
    return this.#shown;
  }

  // The same with what is drawn over it, as a JPEG of its own size.
  marked() {
    const { bitmap } = this.#shown;
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    this.#drawMarks(context, bitmap.width, bitmap.height, Math.max(1, Math.min(bitmap.width, bitmap.height) / 480));
    return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
  }

  // Seconds since the newest picture was taken, whether it is shown or the picture stands still.
  age() {
    return this.#current && this.#ages.of(this.#current);
  }

  // Seconds since anything arrived here, and whether that is recent enough to call it live.
  arrival() {
    return this.#current ? seconds() - this.#current.gotAt : null;
  }

  isLive() {
    return this.#current !== null && this.#ages.isLive(this.#current);
  }

  get #current() {
    return this.pausedAt === null ? this.#shown : this.#latest;
  }

  #setPaused(paused) {
    const was = this.pausedAt !== null;
    this.pausedAt = paused ? seconds() : null;
    this.#missed = 0;
    if (was !== paused) this.onPause(paused);
    this.#tick();
  }

  #show(bitmap, frame) {
    if (frame.device !== this.device || this.pausedAt !== null) return bitmap.close();
    this.#shown?.bitmap.close();
    this.#shown = { ...frame, bitmap };
    this.#drawnAt.push(seconds());
    if (this.#drawnAt.length > MOST_DRAWN) this.#drawnAt.shift();
    this.#draw();
  }

  // Before the first picture as after it: nothing moves when it comes.
  #shape(width, height) {
    if (this.canvas.width === width && this.canvas.height === height) return;
    [this.canvas.width, this.canvas.height] = [width, height];
    this.screen.style.setProperty("--ratio", width / height);
  }

  #draw() {
    if (this.#shown) {
      const { bitmap } = this.#shown;
      this.#shape(bitmap.width, bitmap.height);
      this.canvas.getContext("2d").drawImage(bitmap, 0, 0);
    }
    this.#drawOver();
    this.#tick();
  }

  // One pixel of the overlay is one of the screen.
  #fit() {
    const [width, height] = [this.frame.clientWidth, this.frame.clientHeight].map((side) => Math.round(side * devicePixelRatio));
    if (this.over.width === width && this.over.height === height) return;
    [this.over.width, this.over.height] = [width, height];
    this.#drawOver();
  }

  #drawOver() {
    const { width, height } = this.over;
    const context = this.over.getContext("2d");
    context.clearRect(0, 0, width, height);
    this.#drawMarks(context, width, height, devicePixelRatio);
  }

  #drawMarks(context, width, height, unit) {
    const place = ([x, y]) => [x * width, y * height];
    if (this.#shows.region && this.#region) drawRegion(context, this.#region.map(place), unit);
    if (this.#shown) drawFinds(context, this.#shown.meta?.boxes ?? [], place, { unit, ...this.#shows });
  }

  #tick() {
    const paused = this.pausedAt !== null;
    const live = this.isLive();
    const shown = this.#shown && this.#ages.of(this.#shown);
    this.mark.className = paused ? "mark paused" : live ? "mark live" : "mark";
    say(this.mark, paused ? texts.stage.paused : live ? texts.stage.live : texts.stage.notLive);
    say(this.ageText, shown === null ? "" : texts.stage.age(age(shown)));
    say(this.missedText, paused ? texts.stage.missed(this.#missed) : "");
    say(this.fpsText, live && !paused ? this.#rate() : "");
    say(this.sizeText, this.#shown ? texts.stage.size(this.#shown.bitmap.width, this.#shown.bitmap.height) : "");
    this.#showWhy(live);
  }

  // Pictures a second, as they were drawn here lately.
  #rate() {
    const from = seconds() - RATE_S;
    this.#drawnAt = this.#drawnAt.filter((at) => at > from);
    const span = this.#drawnAt.at(-1) - this.#drawnAt[0];
    return span > 0.5 ? texts.stage.fps(((this.#drawnAt.length - 1) / span).toFixed(0)) : "";
  }

  #showWhy(live) {
    const why = live ? null : this.#cause?.sentence;
    const title = this.device === null ? texts.stage.noDevices : this.#shown ? "" : texts.stage.waiting;
    const hint = this.device === null ? texts.stage.noDevicesHint : this.#shown ? "" : texts.stage.waitingHint;
    const key = live ? "" : `${title}|${why ?? hint}`;
    if (this.note.dataset.key === key) return;
    this.note.dataset.key = key;
    this.note.replaceChildren();
    this.note.classList.toggle("full", !live && !this.#shown);
    if (live || !(title || why || hint)) return;
    if (title) this.note.append(el("strong", {}, title));
    this.note.append(el("p", {}, ...sentence(why ?? hint)));
  }
}

// What lies outside is not looked at: it is dimmed, and the edge is dashed.
function drawRegion(context, points, unit) {
  const path = new Path2D();
  for (const [x, y] of points) path.lineTo(x, y);
  path.closePath();
  const outside = new Path2D(path);
  outside.rect(0, 0, context.canvas.width, context.canvas.height);
  context.save();
  context.fillStyle = "rgb(4 8 10 / 45%)";
  context.fill(outside, "evenodd");
  context.strokeStyle = REGION_INK;
  context.lineWidth = 1.5 * unit;
  context.setLineDash([6 * unit, 5 * unit]);
  context.stroke(path);
  context.restore();
}
