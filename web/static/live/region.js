// Drawing the region that a camera's node looks at, on its picture, by mouse, touch and keyboard.

import { api } from "../common/web.js";
import { el, say, svg } from "../common/dom.js";
import { texts } from "../texts/live.js";

const words = texts.region;
const STEP = 0.01;
const BIG_STEP = 0.05;
const LEAST_DRAWN = 0.03;
const START = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class RegionEditor {
  #stage;
  #device;
  #onClose;
  #corners;
  // What the node answered that is in force, undefined: it was not asked, yet; and its last announcement before that.
  #echoed;
  #askedAt;
  #onKey = (event) => { if (event.key === "Escape" && !document.querySelector("dialog[open]")) this.close(); };

  constructor(panel, stage, device, onClose) {
    [this.#stage, this.#device, this.#onClose] = [stage, device, onClose];
    this.#corners = structuredClone(inForce(device) ?? START);
    this.shape = svg("polygon");
    this.handles = el("div", { class: "handles" });
    this.layer = el("div", { class: "region-layer" },
      svg("svg", { viewBox: "0 0 1 1", preserveAspectRatio: "none" }, this.shape), this.handles);
    this.said = el("p", { class: "said", role: "status" });
    this.send = el("button", { type: "button", class: "primary", on: { click: () => this.#send(this.#corners) } }, words.send(device.deviceId));
    this.whole = el("button", { type: "button", class: "plain", on: { click: () => this.#send(null) } }, words.whole);
    this.bar = el("div", { class: "region-bar", role: "group", "aria-label": words.title },
      el("p", { class: "hint" }, words.hint), this.said,
      el("div", { class: "buttons" }, el("button", { type: "button", class: "plain", on: { click: () => this.close() } }, words.close),
        this.whole, this.send));
    this.layer.addEventListener("pointerdown", (event) => this.#draw(event));
    document.addEventListener("keydown", this.#onKey);
    stage.draws({ region: false });
    stage.frame.append(this.layer);
    panel.querySelector(".bar").after(this.bar);
    this.#show();
    this.handles.firstElementChild.focus();
  }

  close() {
    document.removeEventListener("keydown", this.#onKey);
    this.layer.remove();
    this.bar.remove();
    this.#stage.draws({ region: true });
    this.#onClose();
  }

  // News of the device: what it announces may not be what it answered, or not for long.
  learn(device) {
    this.#device = device;
    const { info } = device;
    if (this.#echoed === undefined || info?.ts === this.#askedAt) return;
    const back = info.config?.taken_back;
    const id = device.deviceId;
    if (same(inForce(device), this.#echoed)) say(this.said, words.echo(id, this.#echoed));
    else say(this.said, back && "region" in back.settings ? words.takenBack(id, back.why) : words.changed(id, inForce(device)));
  }

  async #send(region) {
    for (const button of [this.send, this.whole]) button.disabled = true;
    say(this.said, words.sending(this.#device.deviceId));
    [this.#echoed, this.#askedAt] = [undefined, this.#device.info?.ts];
    try {
      const { status, data, error } = await api.send("POST", `/api/devices/${encodeURIComponent(this.#device.deviceId)}/cmd/config`, { args: { region } });
      if (status !== "ok") throw api.refused(error);
      this.#echoed = data.region ?? null;
      this.#corners = structuredClone(this.#echoed ?? START);
      this.#show();
      say(this.said, words.echo(this.#device.deviceId, this.#echoed));
    } catch (error) {
      say(this.said, words.refused(this.#device.deviceId, error.explained()));
    } finally {
      for (const button of [this.send, this.whole]) button.disabled = false;
      if (document.activeElement === document.body) this.send.focus();
    }
  }

  #show() {
    this.shape.setAttribute("points", this.#corners.map((corner) => corner.join()).join(" "));
    const made = this.#corners.flatMap((corner, at) => [this.#corner(corner, at), this.#middle(corner, at)]);
    const focused = [...this.handles.children].indexOf(document.activeElement);
    this.handles.replaceChildren(...made);
    if (focused >= 0) this.handles.children[Math.min(focused, made.length - 1)]?.focus();
  }

  #corner([x, y], at) {
    const name = words.corner(at + 1, this.#corners.length, x, y);
    return placed(el("button", { type: "button", class: "corner", "aria-label": name, on: {
      pointerdown: (event) => this.#drag(event, at),
      keydown: (event) => this.#key(event, at),
      dblclick: () => this.#remove(at),
    } }), x, y);
  }

  // Between two corners: a third comes where it is dragged, or by Enter.
  #middle([x, y], at) {
    const [nextX, nextY] = this.#corners[(at + 1) % this.#corners.length];
    const middle = [(x + nextX) / 2, (y + nextY) / 2];
    const insert = () => { this.#corners.splice(at + 1, 0, middle); };
    return placed(el("button", { type: "button", class: "middle", "aria-label": words.middle(at + 1), on: {
      pointerdown: (event) => { insert(); this.#drag(event, at + 1); },
      click: (event) => { if (event.detail === 0) { insert(); this.#show(); this.handles.children[2 * (at + 1)].focus(); } },
    } }), ...middle);
  }

  #key(event, at) {
    const [dx, dy] = ARROWS[event.key] ?? [0, 0];
    const step = event.shiftKey ? BIG_STEP : STEP;
    if (dx || dy) {
      const [x, y] = this.#corners[at];
      this.#corners[at] = [inside(x + dx * step), inside(y + dy * step)];
      this.#show();
    } else if (event.key === "Delete" || event.key === "Backspace") this.#remove(at);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #remove(at) {
    if (this.#corners.length > 3) this.#corners.splice(at, 1);
    this.#show();
  }

  #drag(event, at) {
    event.stopPropagation();
    this.#follow(event, (point) => { this.#corners[at] = point; });
  }

  // From one corner to the opposite one: a new rectangle.
  #draw(event) {
    const [x0, y0] = this.#point(event);
    this.#follow(event, ([x1, y1]) => {
      if (Math.abs(x1 - x0) < LEAST_DRAWN || Math.abs(y1 - y0) < LEAST_DRAWN) return;
      this.#corners = [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
    });
  }

  #follow(event, take) {
    event.preventDefault();
    this.layer.setPointerCapture(event.pointerId);
    const move = (moved) => { take(this.#point(moved)); this.#show(); };
    const end = () => {
      for (const name of ["pointerup", "pointercancel"]) this.layer.removeEventListener(name, end);
      this.layer.removeEventListener("pointermove", move);
    };
    this.layer.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) this.layer.addEventListener(name, end);
  }

  #point({ clientX, clientY }) {
    const { left, top, width, height } = this.layer.getBoundingClientRect();
    return [inside((clientX - left) / width), inside((clientY - top) / height)];
  }
}

const inForce = (device) => device.info?.settings?.region ?? null;
const inside = (value) => Number(Math.min(1, Math.max(0, value)).toFixed(4));
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

function placed(handle, x, y) {
  handle.style.left = `${x * 100}%`;
  handle.style.top = `${y * 100}%`;
  return handle;
}
