// The JSON API. Errors are {code, message, hint}, thrown as ApiError.

import { texts } from "../texts/texts.js";

const SESSION = "/api/session";
const TIMEOUT_MS = 40_000;

export class ApiError extends Error {
  constructor(status, body) {
    super(body?.error?.message ?? texts.errors.unreachable);
    this.status = status;
    this.code = body?.error?.code ?? "web.down";
    this.hint = body?.error?.hint ?? texts.errors.noHint;
    this.body = body;
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
