// The live picture: newest only, boxes drawn from what the frame says of itself, and honest about its age.

import { el, say, sentence } from "../common/dom.js";
import { age, colour } from "../common/format.js";
import { Newest } from "../common/pictures.js";
import { texts } from "../texts/live.js";
import { seconds } from "../common/connection.js";

const TICK_MS = 200;

export class Stage {
  device = null;
  #ages;
  #newest = new Newest((bitmap, frame) => this.#show(bitmap, frame));
  #shown = null;
  #drawnAt = [];
  #cause = null;

  constructor(root, ages) {
    this.#ages = ages;
    this.canvas = el("canvas", { width: 640, height: 480, "aria-label": texts.stage.label, role: "img" });
    this.mark = el("span", { class: "mark" });
    this.ageText = el("span", { class: "age" });
    this.nameText = el("span", { class: "name" });
    this.sizeText = el("span");
    this.fpsText = el("span");
    this.boxes = el("input", { type: "checkbox", checked: true, on: { change: () => this.#draw() } });
    this.limit = el("p", { class: "limit", role: "status" });
    this.note = el("div", { class: "veil", "aria-live": "polite" });
    this.facts = el("dl", { class: "facts" });
    root.append(
      el("div", { class: "screen" },
        this.canvas,
        el("div", { class: "overlay" },
          el("span", { class: "pill" }, this.mark, this.ageText),
          el("span", { class: "pill quiet" }, this.nameText, this.sizeText, this.fpsText)),
        this.note),
      el("div", { class: "bar" }, el("label", { class: "switch" }, this.boxes, texts.stage.boxes), this.limit),
      this.facts);
    setInterval(() => this.#tick(), TICK_MS);
    this.#tick();
  }

  // Show another device: what was there says nothing about it.
  show(device) {
    this.device = device;
    this.#newest.clear();
    this.#shown = null;
    this.#drawnAt = [];
    say(this.nameText, device);
    say(this.limit, "");
    this.canvas.getContext("2d").clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.facts.replaceChildren();
    this.#tick();
  }

  // The first thing that is wrong, as the chain says it; null while nothing is.
  setCause(cause) {
    this.#cause = cause;
    this.#tick();
  }

  // What is known of the device, and how many pages the web let go.
  setInfo(device, letGo) {
    this.#showFacts(device, letGo);
    const live = device.health?.live;
    say(this.limit, live?.limited_by === "link" ? texts.stage.slowLink(live) : "");
  }

  take(frame) {
    if (frame.device === this.device) this.#newest.take(frame);
  }

  #show(bitmap, frame) {
    if (frame.device !== this.device) return bitmap.close();
    this.#shown?.bitmap.close();
    this.#shown = { ...frame, bitmap };
    this.#drawnAt.push(seconds());
    this.#draw();
  }

  #draw() {
    if (!this.#shown) return;
    const { bitmap, meta } = this.#shown;
    if (this.canvas.width !== bitmap.width || this.canvas.height !== bitmap.height) {
      this.canvas.width = bitmap.width;
      this.canvas.height = bitmap.height;
      this.canvas.style.aspectRatio = `${bitmap.width} / ${bitmap.height}`;
    }
    const context = this.canvas.getContext("2d");
    context.drawImage(bitmap, 0, 0);
    if (this.boxes.checked) drawBoxes(context, meta?.boxes ?? [], bitmap.width, bitmap.height);
    this.#tick();
  }

  // Seconds since the shown picture was taken.
  age() {
    return this.#shown && this.#ages.of(this.#shown);
  }

  // Seconds since anything arrived here, and whether that is recent enough to call it live.
  arrival() {
    return this.#shown ? seconds() - this.#shown.gotAt : null;
  }

  isLive() {
    return this.#shown !== null && this.#ages.isLive(this.#shown);
  }

  #tick() {
    const live = this.isLive();
    const now = this.age();
    this.mark.className = live ? "mark live" : "mark";
    say(this.mark, live ? texts.stage.live : texts.stage.notLive);
    say(this.ageText, now === null ? "" : texts.stage.age(age(now)));
    say(this.fpsText, live ? this.#rate() : "");
    say(this.sizeText, this.#shown ? texts.stage.size(this.#shown.bitmap.width, this.#shown.bitmap.height) : "");
    this.#showWhy(live);
  }

  // Pictures a second, as they were drawn here over the last three.
  #rate() {
    const from = seconds() - 3;
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
    if (live || !(title || why)) return;
    if (title) this.note.append(el("strong", {}, title));
    this.note.append(el("p", {}, ...sentence(why ?? hint)));
  }

  #showFacts({ info, health, refused }, letGo) {
    const names = texts.stage.facts;
    const rows = [
      [names.camera, info?.camera?.uri],
      [names.model, info?.model?.name],
      [names.detection, health?.inference_ms ? texts.stage.inference(Math.round(health.inference_ms.p50)) : null],
      [names.temperature, health?.cpu_temp_c === undefined ? null : texts.stage.celsius(Math.round(health.cpu_temp_c))],
      [names.wifi, health?.wifi ? texts.stage.signal(Math.round(health.wifi.signal_dbm)) : null],
      [names.outbox, health?.outbox?.depth ? texts.stage.waitingRows(health.outbox.depth) : null],
      [names.givenUp, texts.stage.givenUp(health?.outbox)],
      [names.version, info?.version],
      [names.refused, texts.stage.refused(refused ?? {})],
      [names.letGo, letGo ? texts.stage.letGo(letGo) : null],
    ];
    this.facts.replaceChildren(...rows.filter(([, value]) => value).map(([name, value]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  }
}

// Boxes are xyxyn: 0-1 of the picture they came with.
export function drawBoxes(context, boxes, width, height) {
  const unit = Math.max(1, Math.min(width, height) / 300);
  context.lineWidth = 1.5 * unit;
  context.font = `600 ${Math.round(8.5 * unit)}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  for (const box of boxes) {
    const [x0, y0, x1, y1] = box.xyxyn;
    const [left, top] = [x0 * width, y0 * height];
    context.strokeStyle = context.fillStyle = colour(box.label);
    context.strokeRect(left, top, (x1 - x0) * width, (y1 - y0) * height);
    drawLabel(context, `${box.label} ${Math.round(box.score * 100)} %`, left, top, unit, width);
  }
}

function drawLabel(context, text, left, top, unit, width) {
  const high = 12.5 * unit;
  const wide = context.measureText(text).width + 8 * unit;
  const x = Math.max(0, Math.min(left - context.lineWidth / 2, width - wide));
  const y = top >= high ? top - high : top;
  context.fillRect(x, y, wide, high);
  context.fillStyle = "#10191d";
  context.fillText(text, x + 4 * unit, y + high / 2);
}
