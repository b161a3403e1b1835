// Live pictures: what a JPEG says of itself, how old it is, and decoding the newest only.

import { seconds } from "./web.js";

const LIVE_S = 2;
const SOS = 0xda;
const COM = 0xfe;

// The metadata that a frame carries in a COM segment of its JPEG (ITU-T T.81, annex B), read without decoding it.
export function metadata(bytes) {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length || marker === SOS) return null;
    if (marker === COM && length > 2 && bytes[at + 4] === 0x7b) return parsed(bytes.subarray(at + 4, end));
    at = end;
  }
  return null;
}

function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

// How old a picture is: the node's clock is read through the web's, never compared with ours.
export class Ages {
  #webClock;
  #clocks = new Map();

  constructor(webClock) {
    this.#webClock = webClock;
  }

  // How the web reads that device's clock.
  set(event) {
    this.#clocks.set(event.device_id, event);
  }

  // Seconds since the frame was taken; since it came here, while the clocks are not known.
  of({ device, meta, gotAt }) {
    const clock = this.#clocks.get(device);
    const now = this.#webClock.now();
    if (!meta || !clock || clock.boot !== meta.boot || now === null) return seconds() - gotAt;
    return Math.max(now - (Date.parse(meta.ts) / 1000 + clock.offset_s), 0);
  }

  // Whether it is recent enough to call it live.
  isLive(frame) {
    const fps = frame.meta?.fps;
    return this.of(frame) < Math.max(LIVE_S, fps > 0 ? 3 / fps : 0);
  }
}

// Decodes JPEGs one at a time; of those that wait meanwhile only the newest.
export class Newest {
  #onBitmap;
  #options;
  #pending = null;
  #busy = false;

  // `onBitmap(bitmap, frame)` owns the bitmap; `options` are createImageBitmap's.
  constructor(onBitmap, options = {}) {
    this.#onBitmap = onBitmap;
    this.#options = options;
  }

  take(frame) {
    this.#pending = frame;
    if (!this.#busy) this.#run();
  }

  // What waits is not wanted any more.
  clear() {
    this.#pending = null;
  }

  async #run() {
    this.#busy = true;
    while (this.#pending) {
      const frame = this.#pending;
      this.#pending = null;
      try {
        this.#onBitmap(await createImageBitmap(new Blob([frame.jpeg], { type: "image/jpeg" }), this.#options), frame);
      } catch (error) {
        console.warn("a picture could not be decoded", error);
      }
    }
    this.#busy = false;
  }
}

// Pictures as they arrive, where none is shown: the same questions as the stage answers.
export class Arrivals {
  device = null;
  #ages;
  #newest = null;

  constructor(ages) {
    this.#ages = ages;
  }

  show(device) {
    this.device = device;
    this.#newest = null;
  }

  take(frame) {
    if (frame.device === this.device) this.#newest = frame;
  }

  // Seconds since the newest picture was taken.
  age() {
    return this.#newest && this.#ages.of(this.#newest);
  }

  // Seconds since it came here.
  arrival() {
    return this.#newest ? seconds() - this.#newest.gotAt : null;
  }

  isLive() {
    return this.#newest !== null && this.#ages.isLive(this.#newest);
  }
}
