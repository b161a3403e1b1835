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
