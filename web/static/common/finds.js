// Finds wherever they are shown: which stands first, which word of one is newer, drawn over a picture, and as a small one.

import { colour } from "./format.js";

const LINE = 2;
const FONT_PX = 12;
const PAD = 5;
const AT_ONCE = 4;
const MOST_PIXELS = 8_000_000;
const MAX_ZOOM = 4;

// Negative: `one` stands before `other`.
export function order(one, other) {
  if (one.detected_at !== other.detected_at) return one.detected_at > other.detected_at ? -1 : 1;
  return one.event_id > other.event_id ? -1 : one.event_id < other.event_id ? 1 : 0;
}

// What is stored is not made unstored by a find that is only repeated; an older word changes nothing.
export function isNews(known, defect) {
  if (known.stored && !defect.stored) return false;
  return known.rev <= defect.rev && (known.version ?? -1) <= (defect.version ?? -1);
}

// What a model says of a picture, drawn over it: lines stay as thin at every zoom.
// Boxes are xyxyn and outlines polygons in the same unit; `place` gives pixels of the canvas, `unit` is a CSS pixel there.
export function drawFinds(context, finds, place, { unit, boxes, masks }) {
  context.lineWidth = LINE * unit;
  context.font = `600 ${FONT_PX * unit}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  for (const find of finds) {
    context.strokeStyle = context.fillStyle = colour(find.label);
    if (masks && find.mask) drawMask(context, find.mask.map(place));
    if (boxes) drawBox(context, find, place, unit);
  }
}

function drawMask(context, points) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x, y);
  context.closePath();
  context.globalAlpha = 0.28;
  context.fill();
  context.globalAlpha = 1;
  context.stroke();
}

function drawBox(context, { label, score, xyxyn: [x0, y0, x1, y1] }, place, unit) {
  const [[left, top], [right, bottom]] = [place([x0, y0]), place([x1, y1])];
  context.strokeRect(left, top, right - left, bottom - top);
  const text = `${label} ${Math.round(score * 100)} %`;
  const [wide, high] = [context.measureText(text).width + 2 * PAD * unit, (FONT_PX + PAD) * unit];
  const x = Math.max(0, Math.min(left - context.lineWidth / 2, context.canvas.width - wide));
  const y = top >= high ? top - high : Math.max(0, top);
  context.fillRect(x, y, wide, high);
  context.fillStyle = "#10191d";
  context.fillText(text, x + PAD * unit, y + high / 2);
}

// Small pictures: of each picture what lies around its best box, decoded aside and kept while they are few.
export class Thumbs {
  #kept = new Map();
  #pixels = 0;
  #waiting = new Map();
  #running = new Map();

  // Show `defect` in `canvas`: the best box as large as `share` of it, of `size` CSS pixels. Whether there is a picture;
  // null: nothing is to be said of that, for it was shown already, or another one is by now.
  async show(canvas, defect, { share, size }) {
    const url = defect.image_url ?? "";
    if (canvas.dataset.url === url) return null;
    canvas.dataset.url = url;
    canvas.hidden = true;
    const came = url !== "" && await this.#want(canvas, defect, share, size.map((px) => Math.round(px * Math.min(2, devicePixelRatio))));
    return canvas.dataset.url === url ? came : null;
  }

  // It is not seen any more.
  drop(canvas) {
    this.#waiting.delete(canvas);
    this.#running.get(canvas)?.abort();
  }

  // At that size in device pixels. False: there is no picture after all.
  #want(canvas, defect, share, size) {
    const key = `${defect.image_url} ${size.join()}`;
    const kept = this.#kept.get(key);
    if (kept) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      draw(canvas, kept);
      return true;
    }
    return new Promise((done) => {
      this.#waiting.set(canvas, { key, defect, share, size, done });
      this.#next();
    });
  }

  // Who came last is seen now.
  #next() {
    while (this.#running.size < AT_ONCE && this.#waiting.size) {
      const [canvas, wish] = [...this.#waiting].at(-1);
      this.#waiting.delete(canvas);
      this.#run(canvas, wish);
    }
  }

  async #run(canvas, { key, defect, share, size, done }) {
    const abort = new AbortController();
    this.#running.set(canvas, abort);
    try {
      const answer = await fetch(defect.image_url, { signal: abort.signal });
      if (!answer.ok) return done(false);
      const bitmap = await cut(await answer.blob(), defect, share, size);
      this.#keep(key, bitmap);
      if (!abort.signal.aborted) draw(canvas, bitmap);
      done(true);
    } catch {
      done(abort.signal.aborted);
    } finally {
      this.#running.delete(canvas);
      this.#next();
    }
  }

  #keep(key, bitmap) {
    const before = this.#kept.get(key);
    if (before) {
      this.#pixels -= before.width * before.height;
      before.close();
    }
    this.#kept.set(key, bitmap);
    this.#pixels += bitmap.width * bitmap.height;
    for (const [old, other] of this.#kept) {
      if (this.#pixels <= MOST_PIXELS || old === key) return;
      this.#pixels -= other.width * other.height;
      this.#kept.delete(old);
      other.close();
    }
  }
}

function draw(canvas, bitmap) {
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  canvas.hidden = false;
}

async function cut(blob, { boxes, image_wh: wh }, share, [wide, high]) {
  const options = { resizeWidth: wide, resizeHeight: high, resizeQuality: "medium" };
  const best = boxes.reduce((one, other) => (one && one.score >= other.score ? one : other), null);
  if (!best || !wh) return createImageBitmap(blob, options);
  const [x, y, width, height] = around(best.xyxyn, wh, wide / high, share);
  return createImageBitmap(blob, x, y, width, height, options);
}

// The part of the picture, in its pixels, that has the thumbnail's form and the box in its middle, as far as it goes.
function around([x0, y0, x1, y1], [width, height], form, share) {
  const whole = Math.min(width, height * form);
  const wide = Math.min(whole, Math.max(whole / MAX_ZOOM, ((x1 - x0) * width) / share, ((y1 - y0) * height * form) / share));
  const place = (centre, all, part) => Math.min(Math.max(0, centre * all - part / 2), all - part);
  return [place((x0 + x1) / 2, width, wide), place((y0 + y1) / 2, height, wide / form), wide, wide / form].map(Math.round);
}
