// What else can be done with the list: take all of it along as a file, or print it.

import { api } from "../common/web.js";
import { el, icon } from "../common/dom.js";
import { popover } from "./popover.js";
import { MOST_PRINTED, showSheet } from "./row.js";
import { toApi } from "./query.js";
import { toastError } from "../common/toast.js";
import { texts } from "../texts/defects.js";

const words = texts.list;
const PAGE = 200;

export function more(button, rows) {
  popover(button, words.more, (panel, close) => {
    const link = (format, name) => {
      const query = toApi(rows.wanted);
      query.set("format", format);
      return el("a", { href: `/api/defects/export?${query}`, download: "", on: { click: close } }, icon("download"), name);
    };
    const print = el("button", { type: "button", on: { click: () => {
      close();
      printAll(rows.wanted).catch(toastError);
    } } }, words.print);
    panel.append(el("div", { class: "options" }, link("csv", words.exportCsv), link("json", words.exportJson), print));
  });
}

// All of it that a printer should be asked for; the list on the screen has only what is seen.
async function printAll(wanted) {
  const query = toApi(wanted);
  query.set("limit", PAGE);
  let page = await api.defects(query);
  const [defects, { counts }] = [[...page.defects], page];
  while (page.next_cursor && defects.length < MOST_PRINTED) {
    query.set("cursor", page.next_cursor);
    page = await api.defects(query);
    defects.push(...page.defects);
  }
  showSheet(defects, { counts, wanted });
  print();
}
