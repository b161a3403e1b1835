// The JSON API. Errors are {code, message, hint}, thrown as ApiError.

import { texts } from "./texts.js";

export class ApiError extends Error {
  constructor(status, body) {
    super(body?.error?.message ?? texts.errors.unreachable);
    this.status = status;
    this.code = body?.error?.code ?? "web.down";
    this.hint = body?.error?.hint ?? texts.errors.noHint;
    this.body = body;
  }
}

async function call(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: { Accept: "application/json", ...options.headers } });
  } catch {
    throw new ApiError(0, null);
  }
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError(answer.status, body);
  return body;
}

function post(path, value) {
  return call(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });
}

export const api = {
  devices: () => call("/api/devices"),
  chain: (device) => call(`/api/devices/${encodeURIComponent(device)}/chain`),
  defects: (query) => call(`/api/defects?${new URLSearchParams(query)}`),
  unconfirmed: () => call("/api/defects/unconfirmed"),
  review: (id, review) => post(`/api/defects/${encodeURIComponent(id)}/review`, review),
};
