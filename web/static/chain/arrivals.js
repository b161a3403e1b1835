// Pictures as they arrive, where none is shown: the same questions as the stage answers.

import { seconds } from "../common/connection.js";

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
