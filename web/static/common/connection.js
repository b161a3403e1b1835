// The WebSocket to the web: it comes back by itself, and keeps the web's clock.

const BACKOFF_S = [0.5, 1, 2, 4, 8];
const PING_S = 10;
const SILENCE_S = 15;
const TRY_S = [4, 6, 9, 14, 20];
const SIGNED_OUT = 4001;

// The web's monotonic clock as seen from here: the answer that came back quickest says most.
class WebClock {
  #offsets = [];

  note(sentS, gotS, webS) {
    this.#offsets.push({ trip: gotS - sentS, offset: webS - (sentS + gotS) / 2 });
    if (this.#offsets.length > 8) this.#offsets.shift();
  }

  reset() {
    this.#offsets = [];
  }

  // Seconds on the web's clock, or null while it is not known.
  now() {
    if (!this.#offsets.length) return null;
    const best = this.#offsets.reduce((one, other) => (other.trip < one.trip ? other : one));
    return seconds() + best.offset;
  }
}

export function seconds() {
  return performance.now() / 1000;
}

export class Connection extends EventTarget {
  clock = new WebClock();
  open = false;
  since = seconds();
  #socket = null;
  wanted = false;
  #tries = 0;
  #watch = {};
  #heard = null;
  #triedAt = 0;

  constructor() {
    super();
    setInterval(() => this.#ping(), PING_S * 1000);
    addEventListener("online", () => this.#hurry());
    addEventListener("visibilitychange", () => this.#sendWatch());
  }

  start() {
    if (this.wanted) return;
    this.wanted = true;
    this.#tries = 0;
    this.since = seconds();
    this.#connect();
  }

  // Nobody is signed in: neither connected nor tried again until the next start.
  stop() {
    this.wanted = this.open = false;
    clearTimeout(this.timer);
    this.#socket?.close();
  }

  // Whether anything was heard of the web over this connection.
  get heard() {
    return this.open && this.#heard !== null && this.#heard >= this.since;
  }

  // Seconds since this connection said something, or was opened; Infinity while there is none.
  silentFor() {
    return this.open ? seconds() - Math.max(this.since, this.#heard ?? 0) : Infinity;
  }

  // Seconds since anything was heard over any connection.
  quietFor() {
    return seconds() - (this.#heard ?? this.since);
  }

  // Pictures of these devices, each at most at its rate: {device: fps}.
  watch(rates) {
    this.#watch = rates;
    this.#sendWatch();
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#triedAt = seconds();
    const patience = TRY_S[Math.min(this.#tries, TRY_S.length - 1)];
    setTimeout(() => socket.readyState === WebSocket.CONNECTING && socket.close(), patience * 1000);
    socket.onopen = () => this.#opened();
    socket.onmessage = (message) => this.#got(message.data);
    socket.onclose = (event) => this.#closed(socket, event.code === SIGNED_OUT);
  }

  #opened() {
    this.open = true;
    this.since = seconds();
    this.#tries = 0;
    this.clock.reset();
    this.#ping();
    this.#sendWatch();
    this.dispatchEvent(new Event("open"));
  }

  #closed(socket, signedOut = false) {
    if (socket !== this.#socket) return;
    const refused = !this.open;
    if (this.open) this.since = seconds();
    this.open = false;
    this.dispatchEvent(new CustomEvent("close", { detail: { signedOut, refused, triedAt: this.#triedAt } }));
    if (!this.wanted) return;
    const wait = BACKOFF_S[Math.min(this.#tries, BACKOFF_S.length - 1)] * (0.7 + 0.6 * Math.random());
    this.#tries += 1;
    this.timer = setTimeout(() => this.#connect(), wait * 1000);
  }

  #hurry() {
    if (this.open || !this.timer || !this.wanted) return;
    clearTimeout(this.timer);
    this.#connect();
  }

  #got(data) {
    this.#heard = seconds();
    if (typeof data !== "string") {
      const bytes = new Uint8Array(data);
      const size = bytes[0];
      const device = String.fromCharCode(...bytes.subarray(1, 1 + size));
      const frame = { device, jpeg: bytes.subarray(1 + size), gotAt: this.#heard };
      this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
      return;
    }
    const event = JSON.parse(data);
    if (event.type === "pong") this.clock.note(event.ping, seconds(), event.now_s);
    this.dispatchEvent(new CustomEvent("event", { detail: event }));
  }

  #ping() {
    if (!this.open) return;
    if (this.silentFor() > SILENCE_S) {
      const dead = this.#socket;
      this.#closed(dead);
      dead.onclose = null;
      dead.close();
      return;
    }
    this.#socket.send(JSON.stringify({ ping: seconds() }));
  }

  // A hidden page sees nothing, so it asks for nothing.
  #sendWatch() {
    if (!this.open) return;
    const watch = document.visibilityState === "hidden" ? {} : this.#watch;
    this.#socket.send(JSON.stringify({ watch }));
  }
}
