// Elements from values. Text only ever goes in as text, so nothing from the wire becomes markup.

const SVG = "http://www.w3.org/2000/svg";

export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

// The same of a drawing: `svg("svg", {…}, svg("rect", {…}))`.
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// A button that says `name` and does `run`.
export function button(name, run, attributes = {}) {
  return el("button", { type: "button", class: "plain", ...attributes, on: { click: run } }, name);
}

// One of the pictures of templates/icons.svg; it says nothing by itself.
export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `#icon-${name}` }));
}

// Set a text only when it differs: no needless layout, and a screen reader is not disturbed.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// A sentence in which `backticks` mark what is to be typed.
export function sentence(text) {
  return text.split("`").map((part, at) => (at % 2 ? el("code", {}, part) : part));
}

// Set a text with parts made by `build(text)` only when it differs: whoever selects or copies is not disturbed.
export function write(element, text, build = sentence) {
  if (element.dataset.text === text) return;
  element.dataset.text = text;
  element.replaceChildren(...build(text));
}

// Say in attributes what an element is about, for styles, tests and tools.
export function mark(element, kind, hop) {
  const className = `${kind} ${hop.state}`;
  if (element.className !== className) element.className = className;
  element.dataset.hop = hop.hop;
  element.dataset.code = hop.code ?? "";
}
