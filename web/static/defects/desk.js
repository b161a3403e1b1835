// Work on the defects of the list: open one, go on to the next, select many, say what they are, take that back.

import { api } from "../common/web.js";
import { askReason } from "./reason.js";
import { Bar } from "./bar.js";
import { isNews } from "../common/finds.js";
import { canBeReviewed, Reviews } from "./reviews.js";
import { Selection } from "./selection.js";
import { toast, toastError } from "../common/toast.js";
import { texts } from "../texts/defects.js";

const AGAIN_MS = 2000;
const GONE = 404;

export class Desk {
  #shell;
  #rows;
  #list;
  #place;
  #main;
  #panel;
  #detail = null;
  #opened = null;
  #readingAgain = null;
  #picked;
  #reviews;
  #bar;

  constructor({ shell, rows, list, place, panel, main, shown }) {
    [this.#shell, this.#rows, this.#list, this.#place, this.#main, this.#panel] = [shell, rows, list, place, main, panel];
    this.#picked = new Selection(rows);
    this.#picked.onChange = () => this.#showPicked();
    this.#reviews = new Reviews(rows);
    this.#picked.versionOf = (defect) => this.#reviews.versionOf(defect);
    this.#bar = new Bar(shown, this);
    this.#reviews.onProgress = (done, all) => this.#bar.showProgress(done, all);
    this.#reviews.onUndone = (defects) => this.#backTo(defects);
    this.#reviews.onConflict = async (defects, change) => (await import("./conflict.js")).explain(defects, change, {
      look: (defect) => this.open(defect), overwrite: (wish) => this.#say(defects, wish),
    });
    rows.onPut = (defect) => this.#put(defect);
  }

  get mayReview() {
    return this.#shell.session.may("reviewer");
  }

  get isOpen() {
    return this.#opened !== null;
  }

  get hasPicked() {
    return this.#picked.size > 0;
  }

  enter() {
    this.#detail?.setMayReview(this.mayReview);
    this.refresh();
  }

  // A device is called otherwise.
  rename() {
    this.#detail?.refresh();
  }

  stateOf(id) {
    return { isPicked: this.#picked.has(id), hasDraft: Boolean(this.#detail?.drafts.has(id)) };
  }

  refresh() {
    this.#bar.show(this.#picked.size);
    this.#main.classList.toggle("picking", this.hasPicked);
    if (!this.isOpen) return;
    this.#detail?.setPlace(this.#rows.rankOf(this.#opened), this.#rows.total);
    this.#follow(this.#rows.get(this.#opened));
  }

  // What is open is as new as its row is.
  #follow(defect) {
    const shown = this.#detail?.defect;
    if (defect && defect !== shown && shown?.event_id === defect.event_id && isNews(shown, defect)) this.#detail.update(defect);
  }

  // -- one defect ---------------------------------------------------------------------------------------------

  async open(defect) {
    if (!defect) return;
    const { event_id: id } = defect;
    this.#opened = id;
    this.#place.open(id);
    this.#list.select(id, { focus: !this.#isFull });
    const detail = await this.#getDetail();
    if (this.#opened !== id) return;
    this.#panel.hidden = false;
    this.#main.classList.add("with-detail");
    detail.open(this.#rows.get(id) ?? defect);
    if (this.#isFull) this.#panel.focus();
    this.#readAhead();
    this.refresh();
  }

  // One that an address names: it may lie far from what is listed, or not be there at all.
  async openById(id) {
    const known = this.#rows.get(id);
    if (known) return this.open(known);
    try {
      await this.open(await this.#read(id));
    } catch (error) {
      this.#place.close();
      toastError(error);
    }
  }

  // What is open may have changed while nothing was heard.
  async readAgain() {
    const id = this.#opened;
    clearTimeout(this.#readingAgain);
    if (!id) return;
    try {
      const defect = await this.#read(id);
      if (!this.#rows.put(defect)) this.#follow(defect);
    } catch (error) {
      if (error.status !== GONE) this.#readingAgain = setTimeout(() => this.readAgain(), AGAIN_MS);
    }
  }

  #read(id) {
    return api.get(`/api/defects/${encodeURIComponent(id)}`);
  }

  close() {
    this.#place.close();
    this.closed();
  }

  // The address says that none is open any more.
  closed() {
    if (!this.isOpen) return;
    const id = this.#opened;
    this.#opened = null;
    this.#detail?.close();
    this.#panel.hidden = true;
    this.#main.classList.remove("with-detail");
    this.#list.select(this.#rows.rankOf(id) >= 0 ? id : this.#list.current);
    this.refresh();
  }

  // Where the one that is open has left the list, the row in its place comes next.
  move(by) {
    const isGone = this.isOpen && this.#list.current !== this.#opened;
    const next = this.#list.next(isGone && by > 0 ? by - 1 : by);
    if (!next) return false;
    if (this.isOpen) this.open(next);
    else this.#list.select(next.event_id);
    return true;
  }

  // As the person sees it.
  get current() {
    const shown = this.#detail?.defect;
    return shown && shown.event_id === this.#opened ? shown : this.#rows.get(this.#opened ?? this.#list.current) ?? null;
  }

  // -- reviews ------------------------------------------------------------------------------------------------

  // Of what is selected, or of the current one, which then makes room for the next.
  async mark(change) {
    if (!this.mayReview) return;
    if (this.hasPicked) return this.#sayOfPicked(change);
    const { current } = this;
    if (!current) return;
    if (!current.stored) return toast(texts.detail.notStored);
    if (!canBeReviewed(current)) return this.#readFirst(current);
    return this.#sayOne(...(this.#detail?.drafts.along(current, change) ?? [current, change]));
  }

  // They are selected no more, but again where they could not be sent and nobody has selected others meanwhile.
  async #sayOfPicked(change) {
    const picked = this.#picked.defects;
    this.pickNone();
    const { unsent } = await this.#reviews.mark(picked, change);
    if (!this.hasPicked) this.#picked.pickAgain(unsent);
  }

  #readFirst({ event_id: id }) {
    toast(texts.desk.notRead);
    this.#read(id).then((defect) => this.#rows.put(defect), () => {});
  }

  #sayOne(defect, change, { goOn = true } = {}) {
    const done = this.#say([defect], change);
    if (goOn) this.move(1);
    return done;
  }

  // Whether all of it was taken. A note that was is no draft any more.
  async #say(defects, change) {
    const { done } = await this.#reviews.mark(defects, change);
    if (change.note !== undefined) for (const { after } of done) this.#detail?.drafts.took(after.event_id, change.note);
    return done.length === defects.length;
  }

  zoom(factor) {
    if (!this.isOpen) return;
    if (factor) this.#detail?.picture.zoomBy(factor);
    else this.#detail?.picture.toggleClose();
  }

  // A false alarm: of which kind is one more key.
  reject(button = this.#placeOfCurrent()) {
    if (!this.mayReview || !(this.hasPicked || this.current)) return;
    askReason(button, (reason) => this.mark({ status: "resolved", false_alarm: reason }));
  }

  undo() {
    if (this.mayReview) this.#reviews.undo();
  }

  pick(id, isPicked, isRange) {
    if (this.mayReview) this.#picked.pick(id, isPicked, isRange);
  }

  pickAll() {
    if (this.mayReview) this.#picked.pickAll();
  }

  pickNone() {
    this.#picked.pickNone();
  }

  #showPicked() {
    this.#list.refresh();
    this.refresh();
  }

  // -- parts --------------------------------------------------------------------------------------------------

  // Below this width the open defect has the whole page.
  get #isFull() {
    return !matchMedia("(min-width: 1280px)").matches;
  }

  async #getDetail() {
    const { Detail } = await import("./detail.js");
    if (this.#detail) return this.#detail;
    const detail = new Detail(this.#panel);
    detail.setMayReview(this.mayReview);
    detail.onMove = (by) => this.move(by);
    detail.onClose = () => this.close();
    detail.say = (seen, change, how) => this.#sayOne(seen, change, how);
    detail.drafts.versionOf = (defect) => this.#reviews.versionOf(defect);
    detail.onReviewed = (defect) => this.#rows.put(defect);
    detail.addressOf = (id) => this.#place.address(id);
    this.#detail = detail;
    return detail;
  }

  #put(defect) {
    this.#picked.put(defect);
    this.#follow(defect);
  }

  // The next picture is there when it is wanted.
  #readAhead() {
    const next = this.#list.next(1);
    if (next?.image_url) new Image().src = next.image_url;
  }

  #backTo(defects) {
    const id = defects[0]?.event_id;
    if (!id) return;
    if (this.isOpen) this.open(this.#rows.get(id) ?? defects[0]);
    else if (this.#rows.rankOf(id) >= 0) this.#list.select(id);
  }

  #placeOfCurrent() {
    if (this.hasPicked) return this.#bar.element;
    if (this.isOpen) return this.#detail.reasons;
    return this.#list.elementOf(this.#list.current) ?? this.#list.scroller;
  }
}
