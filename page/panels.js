"use strict";
// The sections under the map, each only where its data are there, and the list of pictures beside it.

/** @param {any} score @param {string} path */
function dig(score, path) {
  return path.split(".").reduce((at, key) => at?.[key], score);
}

/** Measures of a score that the page names, in this order; what else there is follows under its own name. */
const MEASURES = [
  ["resolution.coverage", "share of the truth seen, at its own resolution", "share"],
  ["coverage", "share of the truth seen, by the exact measure", "share"],
  ["resolution.delay_mean_s", "late, mean", "seconds"],
  ["resolution.position_rmse_m", "error, at its own resolution", "metres"],
  ["position_rmse_m", "error of what is matched, root mean square", "metres"],
  ["gospa_rms_m.total", "GOSPA", "metres"],
  ["resolution.spuriousness", "share of rows that match no object, at its own resolution", "share"],
  ["spuriousness", "share of rows that match no object, by the exact measure", "share"],
  ["mota", "MOTA", "number"],
  ["identity.objects_tracked", "objects tracked", "number"],
  ["identity.tracks", "tracks", "number"],
  ["identity.switches", "switches of identity", "number"],
  ["identity.fragmentations", "breaks", "number"],
  ["identity.purity", "purity", "share"],
  ["identity.longest_segment_share", "longest segment, share of an object’s life", "share"],
];

/** @param {any} app */
function scoresSection(app) {
  const extra = (doc.panels ?? []).filter((/** @type {any} */ p) => p.id === "scores");
  const scores = doc.scores ?? {};
  const partners = app.pictures
    .map((/** @type {Picture} */ p) => p.partner)
    .filter((/** @type {string} */ p) => scores[p])
    .slice(0, 12);
  if (!partners.length && !extra.length && basePictures.every((p) => !p.n)) return null;
  const of = (/** @type {string} */ p) => ({ ...scores[p], resolution: scores[p].resolution ?? doc.resolution?.[p] });
  const rows = MEASURES.map(([path, name, kind]) => ({
    name,
    kind,
    values: partners.map((/** @type {string} */ p) => dig(of(p), path)),
  })).filter((r) => r.values.some((/** @type {any} */ v) => v !== undefined && v !== null));
  const table = partners.length
    ? tableOf({
        columns: [{ name: "" }, ...partners.map((/** @type {string} */ name) => ({ name }))],
        rows: rows.map((r) => [
          r.name,
          ...r.values.map((/** @type {any} */ v) =>
            v === null || v === undefined ? "–" : h("span", { class: "figure" }, cellText(v, r.kind)),
          ),
        ]),
      })
    : null;
  const made = section(
    "scores",
    partners.length ? "How good it is" : "Over time",
    partners.length ? "Against all of the truth, also where a partner may see nothing." : null,
    coarseNote(partners),
    table,
    extra.map((/** @type {any} */ p) => [p.text ? h("p", { class: "lead" }, rich(p.text)) : null, panelBody(p)]),
  );
  lazily(made, async () => {
    const chosen = app.pictures.filter((/** @type {Picture} */ p) => p.n).slice(0, 6);
    if (!chosen.length) return;
    const bins = 240;
    const time = Array.from({ length: bins }, (_, s) => epoch + (s / (bins - 1)) * duration * 1e6);
    const series = [];
    for (const pic of chosen) {
      await pic.ready();
      const delta = new Int32Array(bins + 1);
      const width = duration / (bins - 1);
      for (let k = 0; k < pic.tracks; k++) {
        for (let i = pic.start[k]; i < pic.start[k + 1]; i++) {
          const more = i + 1 < pic.start[k + 1] && pic.time[i + 1] - pic.time[i] <= pic.gap;
          delta[Math.min(bins, Math.ceil(pic.time[i] / width))]++;
          delta[Math.min(bins, Math.ceil((more ? pic.time[i + 1] : pic.time[i] + pic.step / 2) / width))]--;
        }
      }
      let n = 0;
      series.push({ name: pic.partner, values: Array.from({ length: bins }, (_, s) => (n += delta[s])) });
    }
    made.append(
      chartOf({
        title: isOperator ? "Tracks in each picture" : "Tracks in your picture",
        unit: "tracks",
        time,
        series,
      }),
    );
  });
  return made;
}

/** Why rows in cells are false by the exact measure, where there are some. @param {string[]} partners */
function coarseNote(partners) {
  const cutoff = doc.configuration?.score?.cutoff_m;
  const coarse = partners.filter((p) => doc.resolution?.[p]?.cell_m);
  if (!coarse.length) return null;
  const own = coarse.map((p) => {
    const { cell_m, within_m } = doc.resolution[p];
    return `within ${metres(within_m)} for ${p}, whose cells are up to ${metres(cell_m)} wide`;
  });
  return h(
    "p",
    { class: "lead" },
    "Exact measure: a row counts for an object ",
    typeof cutoff === "number" ? `within ${metres(cutoff)}` : "within the cut-off of the configuration",
    ". The middle of a cell may be farther from an object that is in it: then the row counts as false and the " +
      "object as missed. At its own resolution: ",
    own.join("; "),
    ".",
  );
}

/** @param {any} app */
function coherenceSection(app) {
  if (!isOperator || app.pictures.length < 2) return null;
  const given = doc.coherence;
  const shown = [...app.pictures]
    .sort((p, q) => q.n - p.n)
    .slice(0, 8)
    .sort((p, q) => app.pictures.indexOf(p) - app.pictures.indexOf(q));
  const made = section(
    "coherence",
    "Do the pictures agree?",
    "Of the rows of the picture in each line, how many are in the other picture at the same time. Choose a share to " +
      "have the two on the map." +
      (shown.length < app.pictures.length
        ? ` The ${shown.length} largest of ${count(app.pictures.length)} pictures.`
        : ""),
  );
  const matrix = h("div", null);
  made.append(matrix);
  if (given?.pairs?.length) {
    const keys = Object.keys(given.pairs[0]).filter(
      (key) =>
        key !== "a" &&
        key !== "b" &&
        given.pairs.some((/** @type {any} */ p) => typeof p[key] !== "object" || p[key] === null),
    );
    const unit = { share: "share", m: "metres", s: "seconds" };
    made.append(
      ...tableOf({
        title: "Pair by pair",
        columns: [{ name: "pair" }, ...keys.map((key) => ({ name: given.keys?.[key]?.title ?? words(key) }))],
        rows: given.pairs.map((/** @type {any} */ p) => [
          `${p.a} and ${p.b}`,
          ...keys.map((key) =>
            p[key] === null || p[key] === undefined
              ? "–"
              : h(
                  "span",
                  { class: "figure" },
                  cellText(p[key], /** @type {any} */ (unit)[given.keys?.[key]?.unit ?? ""]),
                ),
          ),
        ]),
      }).filter(Boolean),
    );
    if (given.note) made.append(h("p", { class: "caption" }, rich(given.note)));
  }
  if (shown.reduce((n, p) => n + p.n, 0) * (shown.length - 1) > 4e6) {
    fill(matrix, h("p", { class: "caption" }, "Too many rows to compare them all here: choose a pair on the map."));
    return made;
  }
  lazily(made, async () => {
    const cells = [];
    for (const a of shown) {
      const row = [];
      for (const b of shown) {
        if (a === b) row.push(h("td", { class: "number" }, "–"));
        else if (!a.n) row.push(h("td", { class: "number faint" }, "empty"));
        else if (!b.n) row.push(h("td", { class: "number" }, share(0)));
        else {
          const rel = await relation(a, b);
          let both = 0;
          for (let i = 0; i < a.n; i++) if (rel.toB[i] >= 0) both++;
          const part = both / a.n;
          row.push(
            h(
              "td",
              { class: "number heat", style: `--heat:${(part * 34).toFixed(0)}%`, title: rel.how },
              h(
                "button",
                {
                  type: "button",
                  class: "link",
                  "aria-label": `${share(part)} of ${a.partner} in ${b.partner}: show both on the map`,
                  onclick: async () => {
                    await app.choose(a, b);
                    app.say(`The map now shows ${app.a?.partner} as A and ${app.b?.partner} as B.`, true);
                  },
                },
                share(part),
              ),
            ),
          );
        }
      }
      cells.push(h("tr", null, h("th", { scope: "row" }, `of ${a.partner}`), row));
    }
    const heads = shown.map((p) => h("th", { scope: "col", class: "number" }, `in ${p.partner}`));
    const table = h(
      "table",
      { class: "matrix" },
      h("thead", null, h("tr", null, h("td", null), heads)),
      h("tbody", null, cells),
    );
    fill(matrix, cued(table, "Rows of each picture that are in the others"));
  });
  return made;
}

/** @param {any} app */
function authoritySection(app) {
  const made = section("authority", isOperator ? "Who may act" : "What you may do", null);
  if (!isOperator) {
    const pic = basePictures[0];
    if (!pic?.n) return null;
    lazily(made, async () => {
      await pic.ready();
      const held = await pic.column("authorities");
      const list = pic.words("authorities");
      /** @type {Map<string, number>} */
      const sums = new Map();
      for (let i = 0; i < pic.n; i++)
        for (const action of held && held[i] >= 0 ? list[held[i]].split(", ") : [])
          if (action) sums.set(action, (sums.get(action) ?? 0) + 1);
      if (!sums.size) made.append(h("p", { class: "lead" }, "No rule lets you act on a track."));
      for (const [action, n] of sums)
        made.append(
          h("p", null, h("code", null, action), ` on ${count(n)} of ${count(pic.n)} rows (${share(n / pic.n)})`),
          h(
            "div",
            { class: "bar" },
            h("span", { class: "part confirmed", style: `flex-grow:${n / pic.n}` }),
            h("span", { class: "part none", style: `flex-grow:${1 - n / pic.n}` }),
          ),
        );
    });
    return made;
  }
  const lanes = doc.authority?.lanes ?? [];
  if (!lanes.length) return null;
  for (const lane of [...lanes].sort((a, b) => Number(b.reference) - Number(a.reference)).slice(0, 6)) {
    for (const [action, data] of Object.entries(lane.actions ?? {})) {
      const of = /** @type {any} */ (data);
      const held = Object.entries(of.held_rows ?? {});
      const parts = [
        ...held.map(([p, n]) => ({ name: p, n: Number(n), kind: "held" })),
        { name: "nobody", n: of.gap_rows ?? 0, kind: "withheld" },
      ].filter((p) => p.n);
      const total = Math.max(1, parts.reduce((n, p) => n + p.n, 0) - (of.overlap_rows ?? 0));
      made.append(
        h(
          "h3",
          null,
          `${words(action)}, in the tracks of ${lane.partners.slice(0, 6).join(", ")}`,
          lane.partners.length > 6 ? ` and ${count(lane.partners.length - 6)} more` : "",
        ),
        h(
          "div",
          { class: "bar", role: "img", "aria-label": parts.map((p) => `${p.name} ${share(p.n / total)}`).join(", ") },
          parts.map((p) =>
            h("span", {
              class: `part ${p.kind === "held" ? "holder" : p.kind}`,
              "data-holder": p.name,
              style: `flex-grow:${p.n / total}`,
            }),
          ),
        ),
        h(
          "p",
          { class: "shares" },
          parts.map((p) =>
            h(
              "span",
              null,
              h("span", { class: `key ${p.kind === "held" ? "holder" : p.kind}`, "data-holder": p.name }),
              ` ${p.name} `,
              h("b", null, share(p.n / total)),
              ` ${count(p.n)} rows`,
            ),
          ),
        ),
        h(
          "p",
          { class: "caption" },
          `Nobody on ${counted(of.gap_tracks ?? 0, "track")} at times; `,
          `several at once on ${counted(of.overlap_tracks ?? 0, "track")}; `,
          `${counted(of.hand_overs ?? 0, "hand-over")}.`,
          of.exclusive ? " One at a time by agreement." : "",
        ),
      );
    }
  }
  if (doc.authority_events) {
    const details = h("details", null, h("summary", null, "Gaps, overlaps and hand-overs, one by one"));
    details.addEventListener("toggle", async () => {
      if (!details.open || details.dataset.done) return;
      details.dataset.done = "1";
      const rows = new Rows(doc.authority_events);
      const get = async (/** @type {string} */ name) => {
        const column = await rows.column(name);
        return (/** @type {number} */ i) => (column && column[i] >= 0 ? rows.words(name)[column[i]] : "");
      };
      const [event, track, lane, action, holders, before, zones] = await Promise.all(
        ["event", "track", "lane", "action", "holders", "before", "zones"].map(get),
      );
      const [first, last] = [await rows.times("first"), await rows.times("last")];
      /** @type {any[][]} */
      const list = [];
      for (let i = 0; i < rows.n; i++) {
        const pic = app.pictures.find((/** @type {Picture} */ p) => lane(i).split(", ").includes(p.partner));
        const k = pic ? pic.find(track(i)) : -1;
        list.push([
          k >= 0 ? `#${k + 1}` : track(i),
          words(event(i)),
          words(action(i)),
          clockText(first?.[i] ?? 0),
          seconds((last?.[i] ?? 0) - (first?.[i] ?? 0)),
          holders(i) || "nobody",
          before(i),
          zones(i),
          { pic, k, t: first?.[i] ?? 0 },
        ]);
      }
      details.append(
        ...tableOf({
          columns: ["track", "event", "action", "from", "for", "holders", "before", "zones"].map((name) => ({ name })),
          rows: list.map((row) => row.slice(0, 8)),
          onrow: (_, at) => {
            const { pic, k, t } = list[at][8];
            if (pic && k >= 0) app.goTo(pic, k, t);
          },
        }).filter(Boolean),
      );
    });
    made.append(details);
  }
  return made;
}

function sensorsSection() {
  const sensors = doc.sensors ?? [];
  if (!isOperator || !sensors.length) return null;
  const keysOf = (/** @type {string} */ what) => sensors.flatMap((/** @type {any} */ s) => Object.keys(s[what] ?? {}));
  const measured = keysOf("measured");
  const keys = /** @type {string[]} */ ([...new Set([...measured, ...keysOf("declared")])]);
  const number = (/** @type {any} */ v) => (Number.isInteger(v) ? count(v) : plain(v));
  return section(
    "sensors",
    "Sensors",
    measured.length
      ? "As measured over the whole recording, and in brackets as it declares them. NIS: innovations squared over what " +
          "is expected of them, in the middle; 1 is as declared, less means that the declared noise is too large."
      : "As the recording declares them.",
    tableOf({
      columns: [{ name: "sensor" }, { name: "owner" }, { name: "kind" }, ...keys.map((key) => ({ name: titled(key) }))],
      rows: sensors.map((/** @type {any} */ s) => [
        s.name,
        s.owner,
        s.kind,
        ...keys.map((key) => {
          const [found, said] = [s.measured?.[key], s.declared?.[key]];
          if (typeof (found ?? said) !== "number") return found ?? said ?? null;
          const told = typeof said === "number" ? h("span", { class: "caption" }, ` (${number(said)})`) : null;
          return h("span", { class: "figure" }, typeof found === "number" ? number(found) : "–", told);
        }),
      ]),
    }),
    doc.sensors_lacking ? h("p", { class: "caption" }, rich(doc.sensors_lacking), ".") : null,
    biasesOf(),
  );
}

/** What two sensors that see the same objects say of each other; why nothing, where they say nothing. */
function biasesOf() {
  const { pairs = [], unpaired = [], why } = doc.biases ?? {};
  if (!doc.biases) return null;
  const [east, north] = isLocal ? ["x", "y"] : ["east", "north"];
  const names = [
    ["east_m", `${east}, m`],
    ["north_m", `${north}, m`],
    ["up_m", "up, m"],
    ["range_m", "range, m"],
    ["azimuth_deg", "azimuth, °"],
    ["clock_s", "clock, s"],
  ].filter(([key]) => pairs.some((/** @type {any} */ p) => p[key]));
  /** Millimetres, milliseconds: less is no bias of a sensor. */
  const LEAST = 0.001;
  const tiny = (/** @type {number} */ v) => (v < LEAST ? `<${NB}0.001` : plain(v, 2));
  const told = (/** @type {any} */ of) => {
    if (!of) return "–";
    const text = `${Math.abs(of.value) < LEAST ? "0" : plain(of.value)} ± ${tiny(of.error)}`;
    const isSure = Math.abs(of.value) > Math.max(LEAST, 3 * of.error);
    return h("span", { class: "figure" }, isSure ? h("b", null, text) : text);
  };
  const few = pairs.some((/** @type {any} */ p) => p.errors_between === "pieces");
  return [
    h("h3", null, "Bias between sensors"),
    pairs.length
      ? h(
          "p",
          { class: "lead" },
          "Where the first places the objects that both follow, less where the second does: no truth is asked, so " +
            "that one of the two is off, not which. Clock: by how much the second’s times are later. Range and " +
            "azimuth: of the radar of the two. ± one standard error; bold beyond three. ",
          few ? "Of fewer than six objects errors are those between pieces of their ways." : "",
        )
      : null,
    pairs.length
      ? tableOf({
          columns: ["sensor", "against", ...names.map(([, name]) => name), "left over, m", "objects", "rows"].map(
            (name) => ({
              name,
            }),
          ),
          rows: pairs.map((/** @type {any} */ p) => [
            ...p.sensors,
            ...names.map(([key]) => told(p[key])),
            h("span", { class: "figure" }, tiny(p.residual_m)),
            p.objects,
            p.rows,
          ]),
          limit: 24,
        })
      : null,
    unpaired.length
      ? tableOf({
          title: pairs.length ? "Not told" : "",
          columns: [{ name: "sensor" }, { name: "against" }, { name: "no bias is told, for" }],
          rows: unpaired.map((/** @type {any} */ p) => [...p.sensors, h("span", null, rich(p.why))]),
          limit: 12,
        })
      : null,
    why
      ? h("p", { class: "caption" }, pairs.length || unpaired.length ? "Compared: " : "Not told: ", rich(why), ".")
      : null,
  ];
}

/** A key in words, its unit behind a comma. @param {string} key */
function titled(key) {
  const unit = { m: "m", s: "s", deg: "°" }[key.split("_").at(-1) ?? ""];
  return unit ? `${words(key.slice(0, key.lastIndexOf("_")))}, ${unit}` : words(key).replace("P D", "P_D");
}

function decisionsSection() {
  const list = doc.decisions ?? [];
  if (!isOperator || !list.length) return null;
  const partners = /** @type {string[]} */ ([...new Set(list.map((/** @type {any} */ d) => d.partner))]);
  const box = h("div", null);
  const show = (/** @type {string} */ partner) => {
    const rows = list.filter((/** @type {any} */ d) => !partner || d.partner === partner);
    fill(
      box,
      ...tableOf({
        columns: [
          { name: "partner" },
          { name: "level or action", kind: "code" },
          { name: "of" },
          { name: "decided" },
          { name: "rules", kind: "code" },
          { name: "classes" },
          { name: "of how many" },
        ],
        rows: rows.map((/** @type {any} */ d) => [
          d.partner,
          d.action,
          d.of,
          d.allowed ? "permitted" : "denied",
          d.policies.length ? d.policies : h("span", { class: "caption" }, "no rule permits it"),
          d.classes,
          d.count,
        ]),
        limit: 24,
      }).filter(Boolean),
    );
  };
  show("");
  const chooser =
    partners.length > 1
      ? h(
          "label",
          { class: "filter" },
          "Partner ",
          h(
            "select",
            { onchange: (/** @type {any} */ e) => show(e.target.value) },
            h("option", { value: "" }, "all"),
            partners.map((p) => h("option", { value: p }, p)),
          ),
        )
      : null;
  return section(
    "decisions",
    "Decisions and withheld",
    "Each decision of the policy, summed over the classes of detections and tracks that it was made for. " +
      "What no rule permits is denied.",
    chooser,
    box,
  );
}

function auditSection() {
  const list = doc.audit ?? [];
  if (isOperator || !list.length) return null;
  return section(
    "decisions",
    "The rules behind it",
    "What the policy permitted, class by class.",
    tableOf({
      columns: [
        { name: "level or action" },
        { name: "of" },
        { name: "class" },
        { name: "by rule", kind: "code" },
        { name: "demands" },
        { name: "count" },
      ],
      rows: list.map((/** @type {any} */ e) => {
        const { of, ...rest } = typeof e.class === "object" && e.class ? e.class : { of: "" };
        const known = Object.entries(rest)
          .filter(([, v]) => !(Array.isArray(v) && !v.length) && v !== "" && v !== false)
          .map(([key, v]) => (v === true ? words(key) : `${words(key)}: ${[v].flat().join(", ")}`));
        return [
          h("code", null, e.action),
          of,
          typeof e.class === "string" ? e.class : known.join("; "),
          e.decided_by ?? [],
          levelText(
            e.obligations
              ? {
                  name: "",
                  delay_s: (e.obligations.delay_us ?? 0) / 1e6,
                  coarsen_m: e.obligations.coarsen_m ?? 0,
                  omit: e.obligations.omit ?? [],
                }
              : undefined,
          ),
          e.count ?? null,
        ];
      }),
      limit: 40,
    }),
  );
}

/** @type {Record<string, string>} */
const PRICED = {
  coverage_share: "truth, points",
  of_all_source_share: "all sources, points",
  delay_mean_s: "late, mean",
  apart_m: "off all sources",
  may_act: "to act on",
};

/** @param {any} app */
function pricesSection(app) {
  const rows = doc.prices?.rows ?? [];
  if (!isOperator || !rows.length) return null;
  const keys = /** @type {string[]} */ ([
    ...new Set(rows.flatMap((/** @type {any} */ r) => Object.keys(r.gains ?? {}))),
  ]);
  const lifts = doc.prices.lifts ?? [];
  const name = (/** @type {string} */ key) => PRICED[key] ?? words(key.replace(/_(m|s|share|percent)$/, ""));
  const text = (/** @type {string} */ key, /** @type {any} */ v) => {
    if (typeof v !== "number") return cellText(v);
    if (v === 0) return "0";
    const sign = v > 0 ? "+" : "−";
    const size = Math.abs(v);
    return (
      sign +
      (key.endsWith("_m")
        ? metres(size)
        : key.endsWith("_s")
          ? seconds(size)
          : key.endsWith("_share")
            ? (100 * size).toFixed(1)
            : key.endsWith("_percent")
              ? `${plain(size)}${NB}%`
              : Number.isInteger(size)
                ? count(size)
                : plain(size, 4))
    );
  };
  return section(
    "prices",
    "What each rule costs",
    "What each partner would have more or less with one change, all else kept: each change is a run of its own. Points: of " +
      "the truth, and of what all sources show, how much it sees. Late, and off all sources: less is a gain.",
    tableOf({
      columns: [
        { name: "if" },
        { name: "partner" },
        ...keys.map((key) => ({ name: name(key) })),
        ...(lifts.length ? [{ name: "map" }] : []),
      ],
      rows: rows.map((/** @type {any} */ r, /** @type {number} */ at) => [
        h("span", null, rows[at - 1]?.rule === r.rule ? "" : rich(r.title ?? r.rule)),
        r.partner,
        ...keys.map((key) =>
          r.gains?.[key] === undefined || r.gains[key] === null
            ? "–"
            : h("span", { class: "figure" }, text(key, r.gains[key])),
        ),
        ...(lifts.length
          ? [
              pictureOf(lifts, r)
                ? h(
                    "button",
                    { type: "button", class: "small", onclick: () => (app.lift(r.rule), app.toMap()) },
                    "Show",
                  )
                : h("span"),
            ]
          : []),
      ]),
      limit: 40,
    }),
    notesOf("Not on the map, for want of room", doc.prices.left_out),
    notesOf("No price", doc.prices.refused),
  );
}

/** Whether a lift brings the picture of a line's partner. @param {any[]} lifts @param {any} r */
function pictureOf(lifts, r) {
  const of = lifts.find((lift) => lift.rule === r.rule);
  return of?.pictures.some((/** @type {any} */ p) => p.partner === r.partner);
}

/** Things in a line, where there are some. @param {string} what @param {string[]} [list] */
function notesOf(what, list) {
  return list?.length ? h("p", { class: "caption" }, `${what}: `, rich(list.join("; ")), ".") : null;
}

function timesSection() {
  const t = doc.timings;
  if (!isOperator || !t) return null;
  const bars = (/** @type {Record<string, number>} */ times, /** @type {string} */ title) => {
    const entries = Object.entries(times ?? {})
      .filter(([, s]) => typeof s === "number")
      .sort((a, b) => b[1] - a[1]);
    const most = Math.max(1e-9, ...entries.map(([, s]) => s));
    return entries.length
      ? [
          h("h3", null, title),
          h(
            "div",
            { class: "times" },
            entries.map(([name, s]) =>
              h(
                "div",
                null,
                h("span", null, words(name)),
                h("span", { class: "track" }, h("span", { style: `width:${(s / most) * 100}%` })),
                h("span", { class: "figure" }, `${plain(s * 1000)}${NB}ms`),
              ),
            ),
          ),
        ]
      : null;
  };
  const total = /** @type {number} */ (
    Object.values(t.seconds ?? {}).reduce((/** @type {any} */ n, /** @type {any} */ s) => n + s, 0)
  );
  const limit = doc.limit_s ? `, ${share(total / doc.limit_s)} of the limit of ${seconds(doc.limit_s)}` : "";
  const f = t.fusion ?? {};
  return section(
    "times",
    "Time by stage",
    `${plain(total)} s in all${limit}. This alone may differ between equal runs.`,
    h("div", { class: "two" }, h("div", null, bars(t.seconds, "The run")), h("div", null, bars(t.stages_s, "Fusion"))),
    f.detections
      ? h(
          "p",
          { class: "caption" },
          `${count(f.detections)} detections in ${count(f.waves ?? 0)} waves, ${count(f.edges ?? 0)} pairs within `,
          `their gates, ${count(f.births ?? 0)} births, ${count(f.merged ?? 0)} merged.`,
        )
      : null,
  );
}

function rejectedSection() {
  const r = doc.rejected;
  if (!isOperator || !r) return null;
  const reasons = Object.entries(r.rejected ?? {});
  const sum = reasons.reduce((n, [, v]) => n + Number(v), 0);
  return section(
    "rejected",
    "Rejected rows",
    `${count(r.rows_read ?? 0)} rows read, ${count(r.rows_accepted ?? 0)} taken, ` +
      `${sum ? count(sum) : "none"} rejected.`,
    reasons.length ? tableOf({ columns: [{ name: "why" }, { name: "rows" }], rows: reasons }) : null,
    r.first_rejected?.length
      ? tableOf({
          title: "The first of them",
          columns: [{ name: "what was found" }],
          rows: r.first_rejected.map((/** @type {any} */ x) => [cellText(x)]),
          limit: 10,
        })
      : null,
  );
}

function provenanceSection() {
  /** @type {any[]} */
  const leaves = [];
  const walk = (/** @type {any} */ value, /** @type {string} */ name) => {
    if (value && typeof value === "object" && !Array.isArray(value))
      for (const [key, v] of Object.entries(value)) walk(v, name ? `${name}.${key}` : key);
    else
      leaves.push([
        h("code", null, name),
        Array.isArray(value)
          ? value.map((v) => (typeof v === "number" ? Number(v.toPrecision(6)) : v)).join(", ")
          : typeof value === "number"
            ? String(Number(value.toPrecision(6)))
            : String(value),
      ]);
  };
  walk(doc.configuration ?? {}, "");
  const digests = Object.entries(doc.digests ?? {})
    .slice(0, 40)
    .flatMap(([partner, files]) =>
      Object.entries(/** @type {any} */ (files)).map(([name, sha]) => [
        isOperator ? `${partner}/${name}` : name,
        h("code", { class: "digest" }, sha),
      ]),
    );
  const from = doc.computed_from;
  const policy = [...(doc.made_from?.recording ?? []), ...(doc.policy ?? [])].map((/** @type {any} */ f) => [
    f.name,
    h("code", { class: "digest" }, f.sha256),
  ]);
  return section(
    "provenance",
    "Configuration and provenance",
    `Trackweave ${doc.version ?? ""}. \`trackweave verify\` checks these SHA-256 digests.`,
    h(
      "div",
      { class: "two" },
      h("div", null, tableOf({ title: "Pictures", columns: [{ name: "file" }, { name: "SHA-256" }], rows: digests })),
      h(
        "div",
        null,
        policy.length
          ? tableOf({ title: "Made from", columns: [{ name: "file" }, { name: "SHA-256" }], rows: policy })
          : from
            ? tableOf({
                title: "Computed from",
                columns: [{ name: "what" }, { name: "" }],
                rows: [
                  ...(from.detections
                    ? [
                        ["detections", count(from.detections.rows)],
                        ["their SHA-256", h("code", { class: "digest" }, from.detections.sha256)],
                      ]
                    : []),
                  ...(from.policy_sha256
                    ? [["the policy’s part about you, SHA-256", h("code", { class: "digest" }, from.policy_sha256)]]
                    : []),
                ],
              })
            : null,
      ),
    ),
    h(
      "details",
      null,
      h("summary", null, "Configuration"),
      h("p", { class: "caption" }, "SHA-256 ", h("code", { class: "digest" }, doc.configuration_sha256 ?? "")),
      tableOf({ columns: [{ name: "key" }, { name: "value" }], rows: leaves, limit: 200 }),
    ),
    doc.basemap
      ? h(
          "p",
          { class: "caption" },
          `Map: ${[doc.basemap.source ?? "Natural Earth", doc.basemap.detail].filter(Boolean).join(", ")}.`,
        )
      : null,
  );
}

/** All sections in their order. @param {any} app */
function sections(app) {
  const made = [
    coherenceSection(app),
    authoritySection(app),
    scoresSection(app),
    sensorsSection(),
    pricesSection(app),
    decisionsSection(),
    auditSection(),
    timesSection(),
    rejectedSection(),
    provenanceSection(),
  ].filter(Boolean);
  for (const panel of doc.panels ?? []) {
    if (panel.id === "scores") continue;
    const at = made.findIndex((s) => s.id === panel.after);
    made.splice(
      at < 0 ? Math.max(0, made.length - 1) : at + 1,
      0,
      section(panel.id, panel.title, panel.text ?? null, panelBody(panel)),
    );
  }
  return made;
}

/** One picture in the list beside the map. @param {any} app @param {Picture} pic */
function pictureCard(app, pic) {
  const account = accountOf(pic.partner);
  const bar = account?.detections;
  const said = doc.summaries?.[pic.partner];
  const inTracks = bar?.total
    ? bar.parts
        .filter((p) => ["exact", "confirmed", "coarse", "either"].includes(p.kind))
        .reduce((n, p) => n + p.count, 0) / bar.total
    : NaN;
  const value = said?.share ?? inTracks;
  const rows = account?.rows;
  const reduced = rows?.total ? (rows.parts.find((p) => p.kind === "coarse")?.count ?? 0) / pic.n : 0;
  const late = pic.levels.find((l) => l.delay_s || l.coarsen_m);
  const text =
    said?.text ??
    (!pic.n
      ? "nothing: its picture is empty"
      : rows?.parts.some((p) => p.kind === "unknown")
        ? rows.parts.map((p) => `${share(p.count / rows.total)} ${kindText(p.kind, "rows")}`).join(", ")
        : reduced > 0 && late
          ? (reduced < 1 ? `${share(1 - reduced)} of its rows exact, ${share(reduced)} ` : "") + levelText(late)
          : "exact and at once");
  const side = (/** @type {"a" | "b"} */ which) =>
    h(
      "button",
      {
        type: "button",
        class: `side ${which}`,
        "data-partner": pic.partner,
        "aria-pressed": "false",
        "aria-label": `${pic.partner} as ${which.toUpperCase()}`,
        title: `Show as ${which.toUpperCase()}`,
        onclick: () => app.choose(which === "a" ? pic : app.a, which === "b" ? pic : app.b),
      },
      which.toUpperCase(),
    );
  return h(
    "div",
    { class: "picture", "data-partner": pic.partner },
    h(
      "div",
      { class: "line" },
      h("h3", null, isOperator ? pic.partner : "Your picture"),
      isOperator && app.pictures.length > 1 ? [side("a"), side("b")] : null,
      h(
        "span",
        { class: "share" },
        isOperator ? (Number.isFinite(value) ? share(value) : `${count(pic.n)} rows`) : `${count(pic.n)} rows`,
      ),
    ),
    h(
      "p",
      { class: "caption" },
      isOperator ? text : pic.n ? `${counted(pic.tracks, "track")}, ${text}` : "No tracks, no detections, no authority",
    ),
    bar && (isOperator || bar.total)
      ? barOf(pic.partner, "detections", bar, "why-side")
      : rows
        ? barOf(pic.partner, "rows", rows, "why-side")
        : h("div", { class: "bar empty" }),
    // How fine its rows are, where detections do not tell.
    rows && bar?.total && reduced > 0 && !bar.parts.some((part) => part.kind === "coarse")
      ? h(
          "div",
          { class: "second" },
          h("span", { class: "caption" }, "its rows"),
          barOf(pic.partner, "rows", rows, "why-side"),
        )
      : null,
  );
}
