// The page about people put together: for admins those who may sign in, for everybody their password and tokens.

import { copyButton } from "../common/copying.js";
import { el, sentence } from "../common/dom.js";
import { Shell } from "../common/shell.js";
import { texts } from "../texts/people.js";
import { OwnPassword } from "./password.js";
import { PeopleList } from "./list.js";
import { Tokens } from "./tokens.js";

const shell = new Shell("people");
const root = document.querySelector("#main");
root.classList.add("page");
const title = el("h1", {}, texts.title);
root.append(el("header", { class: "page-head" }, title));
let parts = null;

shell.onEnter = () => {
  const { signIn } = shell.session;
  const admin = shell.session.may("admin");
  title.textContent = admin || !signIn ? texts.title : texts.own;
  if (!signIn) {
    if (!parts) root.append(openToAll());
    parts = [];
    return;
  }
  if (!parts) parts = [...(admin ? [new PeopleList(root, shell)] : []), new OwnPassword(root), new Tokens(root, shell)];
};
shell.connection.addEventListener("open", () => parts?.forEach((part) => part.read?.()));
shell.start();

// Where nobody signs in: what that means, and how it is changed.
function openToAll() {
  const words = texts.open;
  return el("section", { class: "panel nobody" }, el("h2", {}, words.title), el("p", {}, words.text), el("p", {}, ...sentence(words.how)),
    el("div", { class: "code-box" }, el("pre", { tabindex: 0 }, words.lines), copyButton(words.copy, () => words.lines, { class: "plain" })),
    el("p", {}, ...sentence(words.then)));
}
