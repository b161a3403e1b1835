// What this page can find out alone, in diagnosis' own words: asked for at load, and kept for when the web is away.

import { api } from "./api.js";
import { texts } from "../texts/texts.js";

const AGAIN_MS = 2000;
const PORTS = { "http:": "80", "https:": "443" };

let told = { faults: {}, well: null };

export const faults = {
  async load() {
    try {
      told = await api.faults();
    } catch {
      setTimeout(() => faults.load(), AGAIN_MS);
    }
  },

  // The verdict of a page that sees this and nothing else, and what the fault may follow from.
  of(code, facts = {}) {
    const fault = told.faults[code];
    if (!fault) return { verdict: wordless(code), follows: [], awaits: [] };
    const known = { address: location.origin, host: location.hostname, port: location.port || PORTS[location.protocol], ...facts };
    const fill = (text) => text.replace(/\{(\w+)\}/g, (whole, name) => known[name] ?? whole);
    const filled = (hop) => ({ ...hop, sentence: fill(hop.sentence), remedy: fill(hop.remedy) });
    const { hops, first_cause: first } = fault.verdict;
    return { ...fault, verdict: { ...fault.verdict, hops: hops.map(filled), first_cause: filled(first) } };
  },

  // The last hop while all is well.
  well: () => told.well ?? { hop: "you", state: "ok", sentence: "", remedy: "", code: null, explained_by: null },
};

// The page came, and the web went before it could say what the codes mean.
function wordless(code) {
  const hop = { hop: code.split(".")[0], state: "failed", age_s: null, code, sentence: texts.cutOff.wordless(code), remedy: "" };
  return { ok: false, hops: [hop], first_cause: hop, also: [] };
}
