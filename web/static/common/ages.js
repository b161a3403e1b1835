// How old a picture is: the node's clock is read through the web's, never compared with ours.

import { seconds } from "./connection.js";

const LIVE_S = 2;

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
