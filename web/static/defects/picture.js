// A picture to look at closely: zoom with wheel, fingers, keys or double click, move it, boxes and outlines on or off.

import { el, icon, say } from "../common/dom.js";
import { drawFinds } from "../common/finds.js";
import { longTime } from "../common/format.js";
import { texts } from "../texts/defects.js";

const words = texts.picture;
const STEP = 1.4;
const MOST = 12;
const CLOSE = 3;
const MOVE_PX = 40;

export class Picture {
  #image = null;
  #boxes = [];
  #url = null;
  // Times the whole picture as it fits, and where its middle lies, 0-1 of the picture.
  #zoom = 1;
  #middle = [0.5, 0.5];
  // Whether every next picture begins at its find.
  #isClose = false;
  #pointers = new Map();

  constructor() {
    const tool = (name, says, run) => el("button", { type: "button", class: "icon-button", title: says, "aria-label": says, on: { click: run } }, icon(name));
    this.canvas = el("canvas", { role: "img", tabindex: 0 });
    this.missing = el("p", { class: "missing" });
    this.zoomText = el("span", { class: "zoom", role: "status" });
    this.boxes = el("input", { type: "checkbox", checked: true, on: { change: () => this.#draw() } });
    this.masks = el("input", { type: "checkbox", checked: true, on: { change: () => this.#draw() } });
    this.maskSwitch = el("label", { class: "switch" }, this.masks, words.masks);
    this.element = el("div", { class: "picture" },
      el("div", { class: "canvas" }, this.canvas, this.missing),
      el("div", { class: "tools" },
        el("label", { class: "switch" }, this.boxes, words.boxes), this.maskSwitch, this.zoomText,
        tool("minus", words.out, () => this.zoomBy(1 / STEP)), tool("plus", words.in, () => this.zoomBy(STEP)),
        tool("region", words.toFind, () => this.toggleClose())));
    this.#listen();
    new ResizeObserver(() => this.#draw()).observe(this.canvas.parentElement);
  }

  // Show a defect's picture, from its beginning; the same one with other boxes stays as it lies.
  show(defect) {
    this.#boxes = defect.boxes;
    this.maskSwitch.hidden = !defect.boxes.some((box) => box.mask);
    this.canvas.setAttribute("aria-label", words.label(defect.label));
    if (defect.image_url === this.#url && this.#url) return this.#draw();
    this.#url = defect.image_url;
    this.#image = null;
    const [width, height] = defect.image_wh ?? [4, 3];
    this.canvas.parentElement.style.aspectRatio = `${width} / ${height}`;
    this.canvas.hidden = true;
    say(this.missing, this.#url ? "" : defect.image_removed_at ? words.removed(longTime(defect.image_removed_at)) : words.none);
    if (this.#url) this.#load(this.#url);
  }

  // At the pointer `at`, CSS pixels in the canvas, or at the middle.
  zoomBy(factor, at = null) {
    const before = this.#toPicture(at);
    this.#isClose = false;
    this.#zoom = Math.min(MOST, Math.max(1, this.#zoom * factor));
    const after = this.#toPicture(at);
    this.#moveTo(this.#middle[0] + before[0] - after[0], this.#middle[1] + before[1] - after[1]);
  }

  // To the best find and back to the whole.
  toggleClose() {
    this.#isClose = this.#zoom === 1;
    this.#begin();
    this.#draw();
  }

  async #load(url) {
    const image = new Image();
    image.src = url;
    try {
      await image.decode();
    } catch {
      if (this.#url === url) say(this.missing, words.none);
      return;
    }
    if (this.#url !== url) return;
    this.#image = image;
    this.canvas.hidden = false;
    this.#begin();
    this.#draw();
  }

  #begin() {
    const best = this.#boxes.reduce((one, other) => (one && one.score >= other.score ? one : other), null);
    const [x0, y0, x1, y1] = best?.xyxyn ?? [0, 0, 1, 1];
    this.#zoom = this.#isClose ? Math.min(MOST, Math.max(CLOSE, 0.4 / Math.max(x1 - x0, y1 - y0, 0.01))) : 1;
    this.#moveTo((x0 + x1) / 2, (y0 + y1) / 2);
  }

  // Never beyond its edges; what fits stays in the middle.
  #moveTo(x, y) {
    const { seen, fit } = this.#sizes();
    this.#middle = [x, y].map((at, axis) => {
      const half = Math.min(0.5, seen[axis] / fit[axis] / this.#zoom / 2);
      return Math.min(1 - half, Math.max(half, at));
    });
    this.canvas.classList.toggle("near", this.#zoom > 1);
    this.#draw();
  }

  // CSS pixels: of the canvas, and of the whole picture in it.
  #sizes() {
    const seen = [this.canvas.clientWidth || 1, this.canvas.clientHeight || 1];
    const whole = [this.#image?.naturalWidth ?? 4, this.#image?.naturalHeight ?? 3];
    const scale = Math.min(seen[0] / whole[0], seen[1] / whole[1]);
    return { seen, fit: whole.map((size) => size * scale) };
  }

  // From CSS pixels in the canvas to 0-1 of the picture; left out: the middle.
  #toPicture(at) {
    const { seen, fit } = this.#sizes();
    return this.#middle.map((middle, axis) => middle + ((at?.[axis] ?? seen[axis] / 2) - seen[axis] / 2) / fit[axis] / this.#zoom);
  }

  #draw() {
    if (!this.#image) return;
    const { seen, fit } = this.#sizes();
    const [wide, high] = seen.map((size) => Math.round(size * devicePixelRatio));
    if (this.canvas.width !== wide || this.canvas.height !== high) [this.canvas.width, this.canvas.height] = [wide, high];
    const context = this.canvas.getContext("2d");
    const [width, height] = fit.map((size) => size * this.#zoom * devicePixelRatio);
    const [left, top] = [wide / 2 - this.#middle[0] * width, high / 2 - this.#middle[1] * height];
    context.imageSmoothingEnabled = width / this.#image.naturalWidth < 4;
    context.clearRect(0, 0, wide, high);
    context.drawImage(this.#image, left, top, width, height);
    const place = ([x, y]) => [left + x * width, top + y * height];
    drawFinds(context, this.#boxes, place, { unit: devicePixelRatio, boxes: this.boxes.checked, masks: this.masks.checked });
    say(this.zoomText, words.zoom(this.#zoom));
  }

  #listen() {
    const { canvas } = this;
    const at = ({ offsetX, offsetY }) => [offsetX, offsetY];
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0018)), at(event));
    }, { passive: false });
    canvas.addEventListener("dblclick", (event) => (this.#zoom > 1 ? this.zoomBy(0) : this.zoomBy(CLOSE, at(event))));
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#pointers.set(event.pointerId, at(event));
    });
    canvas.addEventListener("pointermove", (event) => this.#pointers.has(event.pointerId) && this.#drag(event.pointerId, at(event)));
    for (const type of ["pointerup", "pointercancel"]) canvas.addEventListener(type, ({ pointerId }) => this.#pointers.delete(pointerId));
    canvas.addEventListener("keydown", (event) => this.#press(event));
  }

  // One pointer moves the picture, two zoom it as well.
  #drag(id, to) {
    const others = [...this.#pointers].filter(([other]) => other !== id).map(([, at]) => at);
    const from = this.#pointers.get(id);
    this.#pointers.set(id, to);
    if (others.length > 1) return;
    const [other] = others;
    if (other) {
      const gap = (one) => Math.max(1, Math.hypot(one[0] - other[0], one[1] - other[1]));
      this.zoomBy(gap(to) / gap(from), [(to[0] + other[0]) / 2, (to[1] + other[1]) / 2]);
    }
    this.#moveBy(from[0] - to[0], from[1] - to[1]);
  }

  #moveBy(x, y) {
    const { fit } = this.#sizes();
    this.#moveTo(this.#middle[0] + x / fit[0] / this.#zoom, this.#middle[1] + y / fit[1] / this.#zoom);
  }

  // Arrow keys move what is zoomed; else they go to the next defect.
  #press(event) {
    const moves = { ArrowLeft: [-MOVE_PX, 0], ArrowRight: [MOVE_PX, 0], ArrowUp: [0, -MOVE_PX], ArrowDown: [0, MOVE_PX] };
    if (!moves[event.key] || this.#zoom === 1) return;
    event.preventDefault();
    this.#moveBy(...moves[event.key]);
  }
}
