// The web as a page reaches it: asked over HTTP, and heard over the WebSocket, which comes back by itself and keeps the
// web's clock.

import { texts } from "../texts/texts.js";

const SESSION = "/api/session";
const TIMEOUT_MS = 40_000;
const BACKOFF_S = [0.5, 1, 2, 4, 8];
const PING_S = 10;
const SILENCE_S = 15;
const TRY_S = [4, 6, 9, 14, 20];
const SIGNED_OUT = 4001;

// What the API refuses: {code, message, hint}.
export class ApiError extends Error {
  constructor(status, body) {
    super(body?.error?.message ?? texts.errors.unreachable);
    this.status = status;
    this.code = body?.error?.code ?? "web.down";
    this.hint = body?.error?.hint ?? texts.errors.noHint;
    this.body = body;
  }

  // Asked again it would be refused again.
  get isRefusal() {
    return this.status >= 400 && this.status < 500;
  }

  // The message as a sentence of its own.
  sentence() {
    const text = this.message;
    return `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
  }

  // With what to do about it.
  explained() {
    return `${this.sentence()} ${this.hint}`.trim();
  }
}

async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      signal: AbortSignal.timeout(TIMEOUT_MS), ...options, headers: { Accept: "application/json", ...options.headers },
    });
  } catch {
    throw new ApiError(0, null);
  }
  const body = await answer.json().catch(() => null);
  if (answer.status === 401 && path !== SESSION) api.onSignedOut();
  if (!answer.ok) throw new ApiError(answer.status, body);
  return body;
}

function send(method, path, value) {
  return call(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });
}

export const api = {
  // Something was asked for that wants a session, and there is none any more.
  onSignedOut: () => {},
  // For what one page alone asks for: a path with its query, as an object or a list of pairs; a change and its body.
  get: (path, query = {}) => call(`${path}${[...new URLSearchParams(query)].length ? `?${new URLSearchParams(query)}` : ""}`),
  send: (method, path, value = {}) => send(method, path, value),
  devices: () => call("/api/devices"),
  chain: (device) => call(`/api/devices/${encodeURIComponent(device)}/chain`),
  liveCheck: () => send("POST", "/api/live-check", {}),
  doctor: () => send("POST", "/api/doctor", {}),
  nodeDoctor: (device) => send("POST", `/api/devices/${encodeURIComponent(device)}/cmd/doctor`, {}),
  // What a node refuses, as the web's own errors are.
  refused: (error) => new ApiError(0, { error }),
  defects: (query) => call(`/api/defects?${new URLSearchParams(query)}`),
  unconfirmed: () => call("/api/defects/unconfirmed"),
  review: (id, review) => send("POST", `/api/defects/${encodeURIComponent(id)}/review`, review),
  session: () => call(SESSION),
  signIn: (name, password) => send("POST", SESSION, { name, password }),
  signOut: () => send("DELETE", SESSION, {}),
};

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

  // The one socket that is in use: another that is still tried, or half dead, goes.
  #connect() {
    clearTimeout(this.timer);
    this.#socket?.close();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#triedAt = seconds();
    const patience = TRY_S[Math.min(this.#tries, TRY_S.length - 1)];
    setTimeout(() => socket.readyState === WebSocket.CONNECTING && socket.close(), patience * 1000);
    socket.onopen = () => socket === this.#socket && this.#opened();
    socket.onmessage = (message) => socket === this.#socket && this.#got(message.data);
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
    if (this.wanted && !this.open) this.#connect();
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
