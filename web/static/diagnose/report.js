// All that the page shows, for a bug report: as text and as JSON. The page knows no secret, so none can be in it.

import { age, SIGNS } from "../common/format.js";
import { texts } from "../texts/diagnose.js";

// {at, page, web, device, verdict, programs, doctors}
export function gathered({ web, device, verdict, programs, doctors }) {
  return {
    at: new Date().toISOString(),
    page: location.origin,
    web,
    device,
    verdict: { ok: verdict.ok, first_cause: verdict.first_cause, also: verdict.also, hops: verdict.hops },
    programs: programs.map(({ deviceId, role, online, why, age_s, info }) =>
      ({ id: deviceId, role, online, why, age_s: rounded(age_s), version: info?.version ?? null })),
    doctors,
  };
}

export function asText(report) {
  const { at, page, web, device, verdict, programs, doctors } = report;
  const parts = [
    `Glassline, ${at}, ${page}, web ${web?.id ?? "?"} ${web?.version ?? ""}, ${texts.diagnose.device}: ${device ?? texts.diagnose.noDevice}`,
    ...verdictLines(verdict),
    `\n${texts.diagnose.programs}`,
    ...programs.map((one) => line([one.online ? SIGNS.ok : SIGNS.failed, one.id, one.role, age(one.age_s), one.version, one.why])),
  ];
  for (const [name, told] of Object.entries(doctors)) {
    if (told) parts.push(`\n${name}, ${told.asked_at}, ${told.took_s} s`, ...doctorLines(told));
  }
  return `${parts.join("\n")}\n`;
}

export function asJson(report) {
  return JSON.stringify(report, (name, value) => (name === "age_s" ? rounded(value) : value), 2);
}

function doctorLines({ answer, error }) {
  if (error) return [`${error.code}: ${error.message} ${error.hint}`];
  const others = Object.entries(answer.others ?? {}).flatMap(([id, other]) => [`\n${texts.doctors.others(id)}`, ...verdictLines(other)]);
  return [...verdictLines(answer), ...others];
}

function verdictLines({ hops, first_cause: first, also }) {
  const names = (hop) => texts.hops[hop.hop] ?? hop.hop;
  const causes = first ? [first, ...also] : [];
  return [
    ...causes.flatMap((hop, at) => [
      `${at ? texts.diagnose.also : texts.diagnose.first}: ${names(hop)} [${hop.code ?? "no code"}] ${hop.sentence}`,
      `  ${texts.diagnose.next}: ${hop.remedy}`,
    ]),
    ...hops.map((hop) => line([SIGNS[hop.state], names(hop), age(hop.age_s), hop.code, hop.sentence,
      hop.explained_by ? texts.diagnose.follows(texts.hops[hop.explained_by]) : ""])),
  ];
}

const line = (words) => words.filter(Boolean).join(" ");
const rounded = (age_s) => (age_s === null || age_s === undefined ? null : Number(age_s.toFixed(1)));
