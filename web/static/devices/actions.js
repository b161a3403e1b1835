// What may be done with a device: rename it, take a picture, restart it and see it come back, retire it.

import { api } from "../common/web.js";
import { button, el, say } from "../common/dom.js";
import { texts } from "../texts/devices.js";
import { RETIRED } from "./state.js";

const words = texts.actions;
const PICTURE_TRIES = 8;
const PICTURE_EACH_MS = 400;
const BACK_S = 120;

export class Actions {
  said = el("p", { class: "action-said", role: "status", hidden: true });
  #id;
  #shell;
  #name;
  #called = "";
  #device = null;
  #may = false;
  #restart = null;
  #renaming = null;
  #image = el("img", { alt: "", width: 640, height: 480, hidden: true });
  #pictureAge = el("span", { class: "hint" });
  #pictureNone = el("p", { class: "hint" }, texts.detail.noPicture);
  #save = el("a", { class: "plain", hidden: true }, words.savePicture);
  #bytes = null;
  #button = {
    rename: button(words.rename, () => this.#rename()),
    snapshot: button(words.snapshot, () => this.#snapshot()),
    restart: button(words.restart, () => this.#askRestart()),
    retire: button(words.retire, () => this.#retire(), { class: "plain danger" }),
  };

  constructor({ id, shell, name, picture }) {
    [this.#id, this.#shell, this.#name] = [id, shell, name];
    picture.append(el("header", {}, el("h2", {}, texts.detail.picture), this.#pictureAge),
      el("div", { class: "picture-box" }, this.#image, this.#pictureNone), el("div", { class: "toolbar" }, this.#button.snapshot, this.#save));
    this.picture = picture;
    setInterval(() => this.#tick(), 1000);
  }

  get buttons() {
    const { rename, restart, retire } = this.#button;
    return [rename, restart, retire];
  }

  setMay(may) {
    this.#may = may;
    this.#showButtons();
  }

  put(device) {
    this.#device = device;
    const sees = device.role === "node";
    this.picture.hidden = !sees;
    this.#showButtons();
    this.#follow(device);
    if (sees && !this.#bytes && device.picture_age_s !== null) this.#fetch();
    this.#image.alt = texts.detail.pictureOf(device.name ?? device.deviceId);
  }

  // Not while it is being written.
  sayName(text) {
    this.#called = text;
    if (!this.#renaming) say(this.#name, text);
  }

  #showButtons() {
    const isNode = this.#device?.role === "node";
    const { rename, snapshot, restart, retire } = this.#button;
    rename.hidden = retire.hidden = !this.#may;
    restart.hidden = !this.#may || !isNode;
    restart.disabled = !this.#device?.online || this.#restart !== null;
    snapshot.disabled = !this.#device?.online;
  }

  #say(text, kind = "") {
    this.said.hidden = !text;
    this.said.className = `action-said ${kind}`;
    say(this.said, text);
  }

  #fail(error) {
    this.#say(error.explained(), "problem");
  }

  // A command to the node; what it refuses is an error like those of the web.
  async #command(name) {
    const reply = await api.send("POST", `${this.#way}/cmd/${name}`, {});
    if (reply.status !== "ok") throw api.refused(reply.error);
    return reply.data;
  }

  get #way() {
    return `/api/devices/${encodeURIComponent(this.#id)}`;
  }

  // -- its name ----------------------------------------------------------------------------------------------------

  #rename() {
    if (this.#renaming) return this.#renaming.querySelector("input").focus();
    const input = el("input", { class: "input", maxlength: 60, value: this.#device.name ?? "", "aria-label": words.newName,
      placeholder: this.#id, title: words.newNameHint(this.#id) });
    const form = el("form", { class: "rename", on: { submit: (event) => { event.preventDefault(); this.#saveName(input.value.trim()); } } },
      input, el("button", { class: "primary" }, words.save), button(words.cancel, () => this.#endRename()));
    form.addEventListener("keydown", ({ key }) => { if (key === "Escape") this.#endRename(); });
    this.#renaming = form;
    this.#name.hidden = true;
    this.#name.after(form);
    input.select();
    input.focus();
  }

  async #saveName(name) {
    try {
      const device = await api.send("PATCH", this.#way, { name: name || null });
      this.#endRename();
      this.#say("");
      this.#shell.on.device({ device });
    } catch (error) {
      this.#fail(error);
    }
  }

  #endRename() {
    this.#renaming?.remove();
    this.#renaming = null;
    say(this.#name, this.#called);
    this.#name.hidden = false;
    this.#button.rename.focus();
  }

  // -- a picture ---------------------------------------------------------------------------------------------------

  async #snapshot() {
    this.#button.snapshot.disabled = true;
    this.#say(words.taking, "busy");
    try {
      await this.#command("snapshot");
      for (let turn = 0; turn < PICTURE_TRIES; turn += 1) {
        if (await this.#fetch()) return this.#say(words.taken);
        await new Promise((done) => { setTimeout(done, PICTURE_EACH_MS); });
      }
      this.#say(words.noNewPicture, "problem");
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#showButtons();
    }
  }

  // Fetch the newest picture that the web has; whether it is another one than before.
  async #fetch() {
    const answer = await fetch(`${this.#way}/snapshot.jpg`).catch(() => null);
    const bytes = answer && new Uint8Array(await answer.arrayBuffer());
    if (!answer?.ok) return false;
    if (this.#bytes?.length === bytes.length && this.#bytes.every((byte, at) => byte === bytes[at])) return false;
    this.#bytes = bytes;
    if (this.#image.src) URL.revokeObjectURL(this.#image.src);
    this.#image.src = this.#save.href = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    this.#save.download = `${this.#id}.jpg`;
    this.#save.hidden = this.#image.hidden = false;
    this.#pictureNone.hidden = true;
    this.#pictureAt = performance.now() - (this.#device?.picture_age_s ?? 0) * 1000;
    this.#tick();
    return true;
  }

  #pictureAt = null;

  // -- a new beginning ---------------------------------------------------------------------------------------------

  async #askRestart() {
    const { confirmed } = await import("../common/dialog.js");
    const name = this.#device.name ?? this.#id;
    if (!await confirmed({ title: words.restartTitle(name), text: words.restartText, action: words.restart })) return;
    const before = this.#device.info?.boot;
    this.#restart = { before, at: performance.now(), gone: false };
    this.#showButtons();
    this.#tick();
    await this.#command("restart").catch((error) => {
      this.#restart = null;
      this.#fail(error);
    });
    this.#showButtons();
  }

  #follow(device) {
    if (!this.#restart) return;
    this.#restart.gone ||= !device.online;
    if (device.info?.boot === this.#restart.before || !device.online) return;
    this.#say(words.restartBack(this.#restartedFor()), "well-said");
    this.#restart = null;
    this.#showButtons();
  }

  #restartedFor() {
    return Math.floor((performance.now() - this.#restart.at) / 1000);
  }

  #tick() {
    if (this.#pictureAt !== null) say(this.#pictureAge, texts.detail.pictureAge(Math.floor((performance.now() - this.#pictureAt) / 1000)));
    if (!this.#restart) return;
    const s = this.#restartedFor();
    if (s < BACK_S) return this.#say(this.#restart.gone ? words.restartGone(s) : words.restartAsked(s), "busy");
    this.#say(words.restartLost(s), "problem");
    this.#restart = null;
    this.#showButtons();
  }

  // -- its end -----------------------------------------------------------------------------------------------------

  async #retire() {
    if (this.#device.online) return this.#say(words.retireOnline, "problem");
    const { confirmed } = await import("../common/dialog.js");
    const name = this.#device.name ?? this.#id;
    if (!await confirmed({ title: words.retireTitle(name), text: words.retireText, action: words.retire, danger: true })) return;
    try {
      const { account } = await api.send("POST", `${this.#way}/retire`);
      sessionStorage.setItem(RETIRED, `${words.retired(name)} ${account}`);
      location.assign("/devices");
    } catch (error) {
      this.#fail(error);
    }
  }
}
