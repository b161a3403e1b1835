// Small pictures: of each picture what lies around its best box, decoded aside and kept while they are few.

const AT_ONCE = 4;
const MOST_PIXELS = 8_000_000;
const MAX_ZOOM = 4;

export class Thumbs {
  #kept = new Map();
  #pixels = 0;
  #waiting = new Map();
  #running = new Map();

  // Draw `defect` into `canvas` at that size in device pixels, the best box as large as `share` of it.
  // False: there is no picture after all.
  want(canvas, defect, share, size) {
    const key = `${defect.image_url} ${size.join()}`;
    const kept = this.#kept.get(key);
    if (kept) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      draw(canvas, kept);
      return Promise.resolve(true);
    }
    return new Promise((done) => {
      this.#waiting.set(canvas, { key, defect, share, size, done });
      this.#next();
    });
  }

  // It is not seen any more.
  drop(canvas) {
    this.#waiting.delete(canvas);
    this.#running.get(canvas)?.abort();
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
