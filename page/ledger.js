"use strict";
// Where everything went: bars that add to 100 %. A part is a button; it opens the rule or the reason.

/** @type {Record<string, string>} */
const KINDS = {
  exact: "in a track, used exact",
  confirmed: "in a confirmed track",
  coarse: "in a track, used coarse or late",
  either: "in a track, used exact or coarse",
  unconfirmed: "in a track never confirmed",
  none: "in no track",
  outside: "outside its sensor’s coverage",
  unknown: "level not known",
  not_due: "not due yet",
  withheld: "withheld",
  rejected: "rejected",
};

/** @param {string} kind @param {string} bar */
function kindText(kind, bar) {
  if (bar === "rows" && kind === "exact") return "exact and at once";
  if (bar === "rows" && kind === "coarse") return "coarse or late";
  return KINDS[kind] ?? words(kind);
}

/** Words for what a level demands. @param {Level | undefined} level */
function levelText(level) {
  if (!level) return "exact and at once";
  if (level.unknown) return "of a level not known";
  const out = [];
  if (level.delay_s) out.push(`${seconds(level.delay_s)} late`);
  if (level.coarsen_m) out.push(`in cells of ${metres(level.coarsen_m)}`);
  if (level.omit?.length) out.push(`without ${level.omit.join(", ")}`);
  return out.length ? out.join(", ") : "exact and at once";
}

/** What is said of a row in a word: how coarse, or else how fast. @param {Picture} pic @param {number} row */
function rowText(pic, row) {
  if (pic.reduced(row)) return levelText(pic.levelAt(row));
  return Number.isFinite(pic.speedAt(row)) ? `${plain(pic.speedAt(row))}${NB}m/s` : "";
}

/** @typedef {{text: string, count?: number, rules?: string[], level?: string}} Reason */
/** @typedef {{kind: string, count: number, reasons: Reason[]}} Part */
/** @typedef {{total: number, parts: Part[]}} Bar */

/** @param {string} partner @returns {{partner: string, detections: Bar, rows: Bar} | undefined} */
function accountOf(partner) {
  return (doc.ledger ?? []).find((/** @type {any} */ entry) => entry.partner === partner);
}

/** @param {Part} part @param {string} name @param {number} total */
function partText(part, name, total) {
  return `${kindText(part.kind, name)}: ${count(part.count)} (${share(part.count / total)})`;
}

/** A bar of `name`, "detections" or "rows", whose parts fill the box of an id.
 * @param {string} partner @param {string} name @param {Bar} bar @param {string} box */
function barOf(partner, name, bar, box) {
  if (!bar.total) return h("div", { class: "bar empty" });
  return h(
    "div",
    { class: "bar", role: "group", "aria-label": `${partner}, ${name}` },
    bar.parts.map((part) =>
      h("button", {
        type: "button",
        class: `part ${part.kind}`,
        style: `flex-grow:${part.count / bar.total}`,
        "data-partner": partner,
        "data-bar": name,
        "data-part": part.kind,
        "aria-label": `${partner}, ${name}, ${partText(part, name, bar.total)}`,
        title: partText(part, name, bar.total),
        "data-box": box,
      }),
    ),
  );
}

/** The parts in words, each as wide a target as a thin part is not.
 * @param {string} partner @param {Bar} bar @param {string} name */
function sharesOf(partner, bar, name) {
  if (!bar.total) return h("p", { class: "shares" }, name === "rows" ? "no rows" : "no detections");
  const sum = bar.parts.reduce((n, part) => n + part.count, 0);
  return h(
    "p",
    { class: "shares" },
    bar.parts.map((part) =>
      h(
        "button",
        { type: "button", class: "says", "data-partner": partner, "data-bar": name, "data-part": part.kind },
        h("span", { class: `key ${part.kind}`, "aria-hidden": "true" }),
        ` ${kindText(part.kind, name)} `,
        h("b", null, share(part.count / bar.total)),
        ` ${count(part.count)}`,
      ),
    ),
    sum === bar.total
      ? null
      : h("span", { class: "wrong" }, `The parts add to ${count(sum)}, not to ${count(bar.total)}.`),
  );
}

/** What the box says of a part. @param {any} box @param {string} partner @param {string} name @param {string} kind */
function explain(box, partner, name, kind) {
  const account = accountOf(partner);
  /** @type {Bar | undefined} */
  const bar = account?.[/** @type {"rows" | "detections"} */ (name)];
  const part = bar?.parts.find((p) => p.kind === kind);
  if (!bar || !part || !box) return false;
  const things = name === "rows" ? "track rows" : "detections";
  fill(
    box,
    h(
      "p",
      { class: "what" },
      `${isOperator ? partner + " · " : ""}${kindText(kind, name)} · `,
      `${count(part.count)} of ${count(bar.total)} ${things} (${share(part.count / bar.total)})`,
    ),
    ...part.reasons.map((reason) =>
      h(
        "p",
        null,
        rich(reason.text),
        part.reasons.length > 1 && reason.count !== undefined ? ` ${count(reason.count)}.` : "",
      ),
    ),
  );
  if (doc.decisions) box.append(h("p", null, h("a", { href: "#decisions" }, "All decisions")));
  box.hidden = false;
  // In the section it stands under the bars of its partner.
  if (box.id === "why") document.querySelector(`.account[data-partner="${CSS.escape(partner)}"]`)?.append(box);
  for (const old of document.querySelectorAll(".part[aria-pressed]")) old.removeAttribute("aria-pressed");
  for (const found of document.querySelectorAll(
    `.part[data-partner="${CSS.escape(partner)}"][data-bar="${name}"][data-part="${kind}"]`,
  )) {
    found.setAttribute("aria-pressed", "true");
  }
  return true;
}

/** The section, where the summary does not bring one. */
function ledgerSection() {
  const most = 40;
  const accounts = doc.ledger ?? [];
  const total = Math.max(0, ...accounts.map((/** @type {any} */ a) => a.detections.total));
  const list = h("div", null);
  const show = (/** @type {number} */ n) => {
    fill(
      list,
      ...accounts.slice(0, n).map((/** @type {any} */ a) =>
        h(
          "div",
          { class: "account", "data-partner": a.partner },
          h("h3", null, a.partner),
          h(
            "div",
            { class: "bars" },
            ["detections", "rows"].map((name) => {
              const bar = a[name];
              if (!bar || (name === "detections" && !bar.total && !isOperator)) return null;
              return h(
                "div",
                { class: "account-lane" },
                h("span", { class: "what" }, name === "rows" ? "track rows" : "detections"),
                h("div", { class: "content" }, barOf(a.partner, name, bar, "why"), sharesOf(a.partner, bar, name)),
              );
            }),
          ),
        ),
      ),
    );
    if (accounts.length > n) {
      list.append(
        h(
          "button",
          { type: "button", class: "more", onclick: () => show(accounts.length) },
          `Show all ${count(accounts.length)} partners`,
        ),
      );
    }
  };
  show(most);
  const text = isOperator
    ? `Each bar is 100${NB}%: of the ${counted(total, "pooled detection")}, and of the rows of the tracks computed ` +
      "from those that a partner may fuse. Choose a part to see the rule or the reason."
    : `Each bar is 100${NB}%: of the detections that your picture was computed from, and of its rows. ` +
      "Choose a part to see the reason.";
  return h(
    "section",
    { id: "ledger", class: "section" },
    h("h2", null, isOperator ? "Where everything went" : "What your picture is made of"),
    h("p", { class: "lead" }, text),
    list,
    h("div", { class: "why", id: "why", "aria-live": "polite", hidden: true }),
  );
}

/** Opens the box beside the map with the part that says most of the rules: what is withheld from one that sees some. */
function explainFirst() {
  if (!isOperator) return;
  let [most, best] = [0, /** @type {string[]} */ ([])];
  for (const account of doc.ledger ?? []) {
    for (const bar of ["detections", "rows"]) {
      for (const part of account[bar]?.parts ?? []) {
        const told = { withheld: 1, not_due: 1, coarse: 0.5, rejected: 0.5 }[/** @type {string} */ (part.kind)] ?? 0;
        const weight = (told * part.count) / account[bar].total / (account.rows.total ? 1 : 4);
        if (weight > most) [most, best] = [weight, [account.partner, bar, part.kind]];
      }
    }
  }
  if (best.length) explain(byId("why-side"), best[0], best[1], best[2]);
}
