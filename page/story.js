"use strict";
// A track's story: who contributes, who may act, who sees it how, how sure it is, over its life; and why.

/** @typedef {{from: number, to: number, text: string, colour: string, ink?: string}} Block */
/**
 * Rows of blocks, or a line with a band or a bound, or dots at times of their own, perhaps on stems; the ends where
 * they are fixed, and the least that they span.
 * @typedef {{name: string, note?: string, rows?: {name: string, blocks: Block[]}[], line?: ArrayLike<number>,
 *   times?: ArrayLike<number>, stems?: boolean, band?: ArrayLike<number>, bound?: number, low?: number, high?: number,
 *   least?: number, height: number}} Strip
 */

/** Below these are 95 in 100 sums of so many squares of standard normal numbers (χ²). */
const BOUNDS = [0, 3.841, 5.991, 7.815, 9.488, 11.07, 12.592];

class Story {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.root = h("div", { class: "story" });
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.cursor = h("div", { class: "cursor thin", "aria-hidden": "true" });
    /** @type {Picture | null} */
    this.pic = null;
    this.k = -1;
    this.turn = 0;
    /** @type {any} */
    this.extra = {};
    /** @type {Strip[]} */
    this.strips = [];
    /** @type {Map<string, Relation>} */
    this.others = new Map();
    this.shown = -1;
    /** @type {any} */
    this.facts = this.why = this.shownOf = null;
    /** @type {any} */
    this.columns = null;
    /** @type {Taken | null} */
    this.taken = null;
    /** @type {any[] | null} */
    this.stretch = null;
    /** @type {{name: string, error: Float32Array} | null} */
    this.object = null;
    /** @type {{left: number, right: number, t0: number, t1: number} | null} */
    this.box = null;
  }

  clear() {
    this.pic = null;
    this.k = -1;
    this.turn++;
    this.extra = {};
  }

  /** @param {Picture} pic @param {number} k */
  async show(pic, k) {
    const turn = ++this.turn;
    this.pic = pic;
    this.k = k;
    this.extra = { label: (/** @type {number} */ row) => this.label(row) };
    await pic.ready();
    const names = [
      "altitude",
      "speed",
      "existence",
      "minor",
      "angle",
      "contributors",
      "authorities",
      "identity",
      "detections",
      "climb",
      "identity_probability",
      "last_detection",
    ];
    const got = await Promise.all(names.map((name) => pic.column(name)));
    /** @type {Record<string, any>} */
    const columns = {};
    names.forEach((name, i) => (columns[name] = got[i]));
    const filtered = isLocal ? ["filtered_x", "filtered_y"] : ["filtered_longitude", "filtered_latitude"];
    const [fx, fy] = await Promise.all(filtered.map((name) => pic.column(name)));
    const stretch = (await stretches()).get(`${pic.partner} ${pic.ids[k]}`) ?? null;
    const object = await truthOf(pic, k);
    const taken = await pic.takenBy(k);
    if (turn !== this.turn) return;
    this.columns = columns;
    this.taken = taken;
    this.stretch = stretch;
    this.object = object;
    this.extra.minor = columns.minor;
    this.extra.angle = columns.angle;
    if (fx && fy) {
      const [from, to] = [pic.start[k], pic.start[k + 1]];
      const [u, v] = [new Float64Array(pic.n).fill(NaN), new Float64Array(pic.n).fill(NaN)];
      for (let i = from; i < to; i++) {
        if (Number.isNaN(fx[i])) continue;
        u[i] = view.worldX(fx[i]);
        v[i] = view.worldY(fy[i]);
      }
      if (u.subarray(from, to).some(Number.isFinite)) this.extra.filtered = [u, v];
    }
    this.extra.links = this.linked().flatMap(({ from, to }) => {
      if (from < 0 || to < 0) return [];
      const [last, first] = [pic.start[from + 1] - 1, pic.start[to]];
      return [[pic.x[last], pic.y[last], pic.x[first], pic.y[first]]];
    });
    this.others = new Map();
    this.build();
    if (!isOperator) return;
    const sides = [this.app.b, this.app.a, ...this.app.pictures]
      .filter((p, at, all) => p && p !== pic && all.indexOf(p) === at)
      .slice(0, 7);
    for (const other of sides) {
      if (!other.n || (other !== this.app.a && other !== this.app.b && other.n + pic.n > 600000)) continue;
      const rel = await relation(pic, other);
      if (turn !== this.turn) return;
      this.others.set(other.partner, rel);
    }
    this.build();
  }

  /** @param {number} row */
  label(row) {
    const { pic, columns } = this;
    if (!pic || !columns) return [`#${this.k + 1}`];
    const name = this.identity() ? `#${this.k + 1} ${this.identity()}` : `#${this.k + 1}`;
    const facts = [];
    const altitude = columns.altitude?.[row];
    if (Number.isFinite(altitude) && (!isLocal || Math.abs(altitude) > 1)) facts.push(`${count(altitude)}${NB}m`);
    if (Number.isFinite(columns.speed?.[row])) facts.push(`${plain(columns.speed[row])}${NB}m/s`);
    return facts.length ? [name, facts.join("  ")] : [name];
  }

  identity() {
    const { pic, columns } = this;
    if (!pic || !columns) return "";
    const ids = columns.identity;
    if (ids) {
      for (let i = pic.start[this.k + 1] - 1; i >= pic.start[this.k]; i--)
        if (ids[i] >= 0) return pic.words("identity")[ids[i]];
    }
    return this.object?.name ?? "";
  }

  /** The row that the story speaks of: the last at or before the clock. */
  row() {
    const { pic, k } = this;
    if (!pic) return -1;
    const row = pic.rowAt(k, this.app.t);
    return row < 0 ? pic.start[k] : row;
  }

  /** Runs of equal words of rows, as blocks.
   * @param {(i: number) => string | null} word @param {(text: string) => [string, string]} paint */
  runs(word, paint) {
    const pic = /** @type {Picture} */ (this.pic);
    /** @type {Block[]} */
    const out = [];
    const [from, to] = [pic.start[this.k], pic.start[this.k + 1]];
    for (let i = from; i < to; i++) {
      const text = word(i);
      const t = pic.time[i];
      const end = i + 1 < to && pic.time[i + 1] - t <= pic.gap ? pic.time[i + 1] : t + pic.step / 2;
      const before = out[out.length - 1];
      if (text === null) continue;
      if (before && before.text === text && t - before.to <= pic.step * 0.51) before.to = end;
      else {
        const [colour, over] = paint(text);
        out.push({ from: t, to: end, text, colour, ink: over });
      }
    }
    return out;
  }

  build() {
    const { pic, k, columns } = this;
    if (!pic || !columns) return;
    const [from, to] = [pic.start[k], pic.start[k + 1]];
    const app = this.app;
    const partnerColour = (/** @type {string} */ p) =>
      p === app.a?.partner && app.b ? ink.A : p === app.b?.partner ? ink.B : isOperator ? ink.ink3 : ink.both;
    this.strips = [];
    const owners = pic.words("contributors");
    if (columns.contributors && owners.length) {
      const names = [
        ...new Set(
          [...new Set(columns.contributors.subarray(from, to))].flatMap((/** @type {any} */ q) =>
            q >= 0 ? owners[q].split(", ") : [],
          ),
        ),
      ]
        .filter(Boolean)
        .sort()
        .slice(0, 8);
      this.strips.push({
        name: "",
        height: 14 * names.length,
        rows: names.map((owner) => ({
          name: owner,
          blocks: this.runs(
            (i) =>
              columns.contributors[i] >= 0 && owners[columns.contributors[i]].split(", ").includes(owner) ? " " : null,
            () => [ink.both, ink.panel],
          ),
        })),
      });
    }
    const rows = [];
    const acting = this.actions();
    for (const action of acting) {
      rows.push({
        name: `may ${words(action)}`,
        blocks: this.runs(
          (i) => this.holdersAt(i, action),
          (text) => (text === "nobody" ? [ink.withheld, "#16202a"] : [partnerColour(text), ink.panel]),
        ),
      });
    }
    for (const [partner, rel] of this.others) {
      const other = rel.b;
      const blocks = this.runs(
        (i) => {
          if (rel.toB[i] < 0) return null;
          const level = other.levelAt(rel.toB[i]);
          return other.reduced(rel.toB[i]) || level === UNKNOWN ? levelText(level) : "exact";
        },
        (text) => (text === "exact" ? [partnerColour(partner), ink.panel] : [`${partnerColour(partner)}66`, ink.ink]),
      );
      rows.push({ name: `${partner} sees`, blocks });
    }
    if (rows.length) this.strips.push({ name: "", height: 14 * rows.length, rows });
    const cut = (/** @type {any} */ column) => (column ? column.subarray(from, to) : null);
    const existence = cut(columns.existence);
    if (existence) this.strips.push({ name: "existence", line: existence, low: 0, high: 1, height: 26 });
    this.strips.push(...this.ofTaken());
    const sigma = cut(pic.major);
    const { filtered } = this.extra;
    if (filtered) {
      const metre = (/** @type {number} */ i) => view.metresPerUnit(pic.y[i]);
      const apart = Float32Array.from({ length: to - from }, (_, at) => {
        const i = from + at;
        return Math.hypot(filtered[0][i] - pic.x[i], filtered[1][i] - pic.y[i]) * metre(i);
      });
      this.strips.push({ name: "filter off, m", line: apart, low: 0, height: 26 });
    }
    if (this.object)
      this.strips.push({
        name: "error, m",
        note: "band: 2 σ",
        line: this.object.error,
        band: sigma ? Float32Array.from(sigma, (/** @type {number} */ s) => 2 * s) : undefined,
        low: 0,
        height: 34,
      });
    else if (sigma)
      this.strips.push({
        name: "2 σ, m",
        line: Float32Array.from(sigma, (/** @type {number} */ s) => 2 * s),
        low: 0,
        height: 30,
      });
    const altitude = cut(columns.altitude);
    if (altitude && (!isLocal || altitude.some((/** @type {number} */ z) => Math.abs(z) > 1))) {
      this.strips.push({ name: "height, m", line: altitude, height: 26, least: isLocal ? 2 : 200 });
    }
    const speed = cut(columns.speed);
    if (speed?.some((/** @type {number} */ s) => Number.isFinite(s)))
      this.strips.push({ name: "speed, m/s", line: speed, height: 26 });

    let confirmed = -1;
    for (let i = from; i < to && confirmed < 0; i++) if (!pic.status || pic.status[i] === pic.confirmed) confirmed = i;
    const gaps = [];
    for (let i = from + 1; i < to; i++)
      if (pic.time[i] - pic.time[i - 1] > pic.gap)
        gaps.push(`${clockText(pic.time[i - 1])} to ${clockText(pic.time[i])}`);
    this.facts = h("dl", { class: "facts" });
    this.why = h("div", { class: "reasons" });
    const identity = this.identity();
    fill(
      this.root,
      h(
        "div",
        { class: "title" },
        h("h3", null, `Track #${k + 1}${identity ? ` · ${identity}` : ""}`),
        h("button", { type: "button", class: "small", onclick: () => app.centre() }, "Centre"),
        h(
          "button",
          { type: "button", class: "small", "aria-label": "Close the story", onclick: () => app.select(null, -1) },
          "×",
        ),
      ),
      h(
        "p",
        { class: "caption" },
        confirmed >= 0 ? `confirmed ${clockText(pic.time[confirmed])}` : "never confirmed",
        `, last seen ${clockText(pic.last[k])}, ${seconds(pic.last[k] - pic.first[k])}, ${counted(to - from, "row")}`,
        isOperator ? `, in ${pic.partner}’s picture` : "",
        this.object && !columns.identity ? "; name from the truth" : "",
      ),
      this.facts,
      h("h4", null, isOperator ? "Who contributes, who may act, who sees it" : "Over its life"),
      h("div", { class: "strips" }, this.canvas, this.cursor),
      gaps.length
        ? h(
            "p",
            { class: "caption" },
            `${counted(gaps.length, "gap")}: ${gaps.slice(0, 3).join("; ")}${gaps.length > 3 ? " …" : ""}`,
          )
        : null,
      filtered
        ? h(
            "p",
            { class: "caption" },
            h("span", { class: "key smoothed" }),
            " smoothed line  ",
            h("span", { class: "key filtered" }),
            " as the filter had it then",
          )
        : null,
      this.linked().map((link) => {
        const goesOn = link.from === k;
        const other = goesOn ? link.to : link.from;
        return h(
          "p",
          { class: "caption link-to" },
          goesOn ? "goes on as " : "goes on from ",
          other < 0
            ? "a track that this picture lacks"
            : h(
                "button",
                {
                  type: "button",
                  class: "link",
                  onclick: () => app.goTo(pic, other, goesOn ? pic.first[other] : pic.last[other]),
                },
                `track #${other + 1}`,
              ),
          link.probability === null ? "" : `, with a probability of ${plain(link.probability, 2)}`,
        );
      }),
      h("h4", null, isOperator ? "Why each sees it" : "Why you see it"),
      this.why,
      this.table(),
      this.takenTable(),
      h("p", { class: "caption id" }, `id ${pic.ids[k]}`),
    );
    this.draw();
    this.update();
  }

  /** Links that begin or end with the track, by the places of their tracks in the picture; -1 where it lacks one.
   * @returns {{from: number, to: number, probability: number | null}[]} */
  linked() {
    const { pic, k } = this;
    if (!pic) return [];
    const id = pic.ids[k];
    return pic.links
      .filter((/** @type {any} */ l) => l.from === id || l.to === id)
      .map((/** @type {any} */ l) => ({
        from: pic.find(l.from),
        to: pic.find(l.to),
        probability: l.probability ?? null,
      }));
  }

  /** Strips of the detections that the track took: how probably each, and how far off. @returns {Strip[]} */
  ofTaken() {
    const { taken } = this;
    if (!taken?.time.length) return [];
    /** @type {Strip[]} */
    const strips = [];
    const { time: times, probability, innovation, measured } = taken;
    if (probability)
      strips.push({
        name: "took, p",
        note: "a detection each",
        line: probability,
        times,
        stems: true,
        low: 0,
        high: 1,
        height: 26,
      });
    if (innovation) {
      // Of so many numbers measured each; the bound is that of the usual one.
      const line = measured ? innovation.map((nis, i) => nis / measured[i]) : innovation;
      const dof = measured ? [...measured].sort((p, q) => p - q)[measured.length >> 1] : NaN;
      strips.push({
        name: measured ? "NIS, 1 = as said" : "NIS",
        note: BOUNDS[dof] ? "line: 95 % below" : undefined,
        line,
        times,
        bound: BOUNDS[dof] ? BOUNDS[dof] / dof : undefined,
        low: 0,
        height: 34,
      });
    }
    return strips;
  }

  /** The detections that the track took, one by one. */
  takenTable() {
    const { taken, pic } = this;
    if (pic?.takenLeftOut)
      return h(
        "p",
        { class: "caption" },
        `${count(pic.takenLeftOut)} detections that tracks took are not in this page: too many.`,
      );
    if (!taken) return null;
    const n = taken.time.length;
    const details = h(
      "details",
      { class: "taken" },
      h(
        "summary",
        null,
        n ? `The ${counted(n, "detection")} that it took, by row of the recording` : "It took no detection",
      ),
    );
    details.addEventListener("toggle", () => {
      if (!details.open || details.dataset.done || !n) return;
      details.dataset.done = "1";
      const number = (/** @type {Float32Array | null} */ of, /** @type {number} */ i) =>
        of && Number.isFinite(of[i]) ? h("span", { class: "figure" }, plain(of[i])) : "–";
      details.append(
        ...tableOf({
          columns: ["time", "row", "probability", "NIS", "numbers"].map((name) => ({ name })),
          rows: Array.from(taken.time, (t, i) => [
            clockText(t, true),
            h("span", { class: "figure" }, String(taken.detection[i])),
            number(taken.probability, i),
            number(taken.innovation, i),
            number(taken.measured, i),
          ]),
          limit: 50,
        }).filter(Boolean),
      );
    });
    return details;
  }

  /** Actions that anybody may do with the track. @returns {string[]} */
  actions() {
    const names = new Set();
    for (const s of this.stretch ?? [])
      for (const holder of s.holders.split(", ")) if (holder) names.add(holder.split(":")[1]);
    if (this.stretch)
      for (const lane of doc.authority?.lanes ?? [])
        for (const action of Object.keys(lane.actions ?? {})) names.add(action);
    const pic = /** @type {Picture} */ (this.pic);
    if (!this.stretch)
      for (const word of pic.words("authorities")) for (const action of word.split(", ")) if (action) names.add(action);
    return [...names].sort().slice(0, 4);
  }

  /** @param {number} row @param {string} action @returns {string | null} */
  holdersAt(row, action) {
    const pic = /** @type {Picture} */ (this.pic);
    const t = pic.time[row];
    if (this.stretch) {
      const stretch = this.stretch.find((s) => s.first <= t + 1e-6 && t <= s.last + 1e-6);
      if (!stretch) return null;
      const names = stretch.holders
        .split(", ")
        .filter((/** @type {string} */ x) => x.endsWith(`:${action}`))
        .map((/** @type {string} */ x) => x.split(":")[0]);
      return names.length ? names.join(" and ") : "nobody";
    }
    const held = this.columns?.authorities;
    const word = held && held[row] >= 0 ? pic.words("authorities")[held[row]] : "";
    return word.split(", ").includes(action) ? (isOperator ? pic.partner : "you") : null;
  }

  /** Who may act at a row, and since when on this track. @param {number} row @param {string} action */
  heldAt(row, action) {
    const pic = /** @type {Picture} */ (this.pic);
    const holders = this.holdersAt(row, action);
    let first = row;
    while (first > pic.start[this.k] && this.holdersAt(first - 1, action) === holders) first--;
    return `${holders ?? (isOperator ? "–" : "not you")}, since ${clockText(pic.time[first])}`;
  }

  /** What changes with the clock. */
  update() {
    const { pic, columns } = this;
    if (!pic || !columns || !this.facts) return;
    const row = this.row();
    this.point();
    if (row === this.shown && this.shownOf === this.facts) return;
    this.shown = row;
    this.shownOf = this.facts;
    const fact = (/** @type {string} */ name, /** @type {string} */ value) =>
      h("div", null, h("dt", null, name), h("dd", null, value));
    const facts = [];
    if (columns.altitude)
      facts.push(fact(isLocal ? "Height, z" : "Height", `${plain(columns.altitude[row], 5)}${NB}m`));
    const course = Math.round(pic.courseAt(row)) % 360;
    const heading = Number.isFinite(course) ? `, ${String(course).padStart(3, "0")}°` : "";
    const speed = pic.speedAt(row);
    const told = Number.isFinite(speed) ? `${plain(speed)}${NB}m/s${heading}` : "not told";
    facts.push(fact("Speed over ground", told));
    facts.push(
      fact(
        "Position, 95 %",
        pic.cell(row)
          ? `in a cell of ${metres(pic.cell(row))}`
          : Number.isFinite(pic.majorAt(row))
            ? `±${NB}${metres(pic.majorAt(row) * CHI)}`
            : "not told",
      ),
    );
    const action = this.actions()[0];
    facts.push(
      action
        ? fact(`May ${words(action)} now`, this.heldAt(row, action))
        : fact("Existence", plain(columns.existence?.[row] ?? NaN)),
    );
    if (columns.detections && Number.isFinite(columns.detections[row]))
      facts.push(fact("Detections so far", count(columns.detections[row])));
    if (columns.identity && columns.identity[row] >= 0)
      facts.push(
        fact(
          "Identity",
          `${pic.words("identity")[columns.identity[row]]} (${plain(columns.identity_probability?.[row] ?? NaN, 2)})`,
        ),
      );
    if (columns.last_detection && Number.isFinite(columns.last_detection[row])) {
      const age = (pic.time[row] * 1e6 + epoch - columns.last_detection[row]) / 1e6;
      if (age > 0.01) facts.push(fact("Last detection", `${seconds(age)} before`));
    }
    fill(this.facts, ...facts);
    const line = (/** @type {string} */ partner, /** @type {any} */ text) =>
      h("div", null, h("b", null, partner), h("span", null, text));
    const by = (/** @type {Level | undefined} */ level) =>
      level?.rules?.length
        ? [", by ", level.rules.map((rule, at) => [at ? " or " : "", named(rule)])]
        : level?.name
          ? [", at ", h("code", null, level.name)]
          : "";
    const lines = [line(isOperator ? pic.partner : "you", [levelText(pic.levelAt(row)), by(pic.levelAt(row))])];
    for (const p of isOperator ? this.app.pictures.slice(0, 8) : []) {
      if (p === pic) continue;
      const rel = this.others.get(p.partner);
      if (!p.n) {
        const withheld = accountOf(p.partner)?.detections.parts.find((part) => part.kind === "withheld");
        lines.push(
          line(p.partner, ["never: ", withheld ? rich(withheld.reasons[0]?.text ?? "") : "its picture is empty"]),
        );
      } else if (rel) {
        const j = rel.toB[row];
        const ever = rel.toB.subarray(pic.start[this.k], pic.start[this.k + 1]).some((q) => q >= 0);
        lines.push(
          line(
            p.partner,
            j >= 0
              ? [
                  levelText(p.levelAt(j)),
                  by(p.levelAt(j)),
                  p.lane === pic.lane ? "" : ` (its track #${p.trackOf(j) + 1})`,
                ]
              : ever
                ? ["not in its picture now", this.zonesAt(row)]
                : ["never in its picture", this.zonesAt(row)],
          ),
        );
      }
    }
    fill(this.why, ...lines);
  }

  /** @param {number} row */
  zonesAt(row) {
    const t = this.pic?.time?.[row] ?? 0;
    const stretch = this.stretch?.find((s) => s.first <= t + 1e-6 && t <= s.last + 1e-6);
    if (!stretch) return "";
    return stretch.zones ? [": the track is in ", h("code", null, stretch.zones)] : ": the track is outside all zones";
  }

  point() {
    const { pic } = this;
    if (!pic || !this.box) return;
    const { left, right, t0, t1 } = this.box;
    const t = Math.min(t1, Math.max(t0, this.app.t));
    this.cursor.style.transform = `translateX(${left + ((t - t0) / (t1 - t0)) * (right - left)}px)`;
    this.cursor.style.opacity = this.app.t < t0 || this.app.t > t1 ? "0.25" : "1";
  }

  draw() {
    const { pic, k, canvas } = this;
    if (!pic || !this.strips.length) return;
    const em = textScale();
    const width = canvas.parentElement?.clientWidth || 330;
    const ratio = Math.min(2, devicePixelRatio || 1);
    const gapY = 9 * em;
    const height = this.strips.reduce((n, s) => n + s.height * em + gapY, 0) + 18 * em;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.height = `${height}px`;
    const to = canvas.getContext("2d");
    to.scale(ratio, ratio);
    to.font = font(11);
    const names = this.strips.flatMap((s) => [s.name, s.note ?? "", ...(s.rows?.map((r) => r.name) ?? [])]);
    const left = Math.min(width * 0.4, Math.max(...names.map((n) => to.measureText(n).width)) + 8 * em);
    const right = width - 46 * em;
    const [t0, t1] = [pic.first[k], Math.max(pic.last[k], pic.first[k] + pic.step)];
    this.box = { left, right, t0, t1 };
    const at = (/** @type {number} */ t) => left + ((t - t0) / (t1 - t0)) * (right - left);
    const [from, to_] = [pic.start[k], pic.start[k + 1]];
    let y = 2;
    const text = (
      /** @type {string} */ words_,
      /** @type {number} */ x,
      /** @type {number} */ v,
      /** @type {CanvasTextAlign} */ align,
      /** @type {string} */ colour,
    ) => {
      to.textAlign = align;
      to.textBaseline = "middle";
      to.fillStyle = colour;
      to.fillText(words_, x, v);
    };
    for (const strip of this.strips) {
      const tall = strip.height * em;
      if (strip.rows) {
        strip.rows.forEach((row, r) => {
          const v = y + r * 14 * em;
          text(row.name, left - 7 * em, v + 6 * em, "right", ink.ink2);
          to.fillStyle = ink.rule;
          to.fillRect(left, v + 5.5 * em, right - left, 1);
          for (const block of row.blocks) {
            const [x0, x1] = [at(block.from), Math.min(right, at(block.to))];
            to.fillStyle = block.colour;
            to.fillRect(x0, v, Math.max(1, x1 - x0 - 0.5), 11 * em);
            if (block.text.trim() && to.measureText(block.text).width < x1 - x0 - 6)
              text(block.text, x0 + 4, v + 6 * em, "left", block.ink ?? ink.panel);
          }
        });
      } else if (strip.line) {
        const values = strip.line;
        let [low, high] = [strip.low ?? Infinity, strip.high ?? -Infinity];
        // Of an open end the outermost few do not set the scale: they run to the edge.
        const sorted = Array.from(values)
          .filter(Number.isFinite)
          .sort((p, q) => p - q);
        const bands = strip.band
          ? Array.from(strip.band)
              .filter(Number.isFinite)
              .sort((p, q) => p - q)
          : [];
        const few = strip.low !== undefined && strip.high === undefined ? 0.97 : 1;
        const top = (/** @type {number[]} */ list) =>
          list[Math.min(list.length - 1, Math.floor(list.length * few))] ?? -Infinity;
        low = Math.min(low, sorted[0] ?? Infinity);
        high = Math.max(high, top(sorted), top(bands), strip.bound ?? -Infinity);
        if (!(high > low)) [low, high] = Number.isFinite(low) ? [low - 0.5, low + 0.5] : [0, 1];
        const least = strip.least ?? 0;
        if (high - low < least) [low, high] = [(low + high - least) / 2, (low + high + least) / 2];
        const v = (/** @type {number} */ value) => y + tall - ((Math.min(high, value) - low) / (high - low)) * tall;
        to.strokeStyle = ink.rule;
        to.lineWidth = 1;
        for (const edge of [y, y + tall]) {
          to.beginPath();
          to.moveTo(left, edge);
          to.lineTo(right, edge);
          to.stroke();
        }
        if (strip.band) {
          to.beginPath();
          to.moveTo(left, y + tall);
          for (let i = 0; i < values.length; i++)
            to.lineTo(at(pic.time[from + i]), v(Number.isFinite(strip.band[i]) ? strip.band[i] : 0));
          to.lineTo(at(pic.time[to_ - 1]), y + tall);
          to.fillStyle = ink.rule;
          to.fill();
        }
        if (strip.bound !== undefined) {
          to.strokeStyle = ink.rule2;
          to.beginPath();
          to.moveTo(left, v(strip.bound));
          to.lineTo(right, v(strip.bound));
          to.stroke();
        }
        to.beginPath();
        let pen = false;
        const { times } = strip;
        for (let i = 0; times && i < values.length; i++) {
          if (!Number.isFinite(values[i])) continue;
          const [x, top] = [at(times[i]), v(values[i])];
          if (strip.stems) {
            to.moveTo(x, y + tall);
            to.lineTo(x, top);
          } else {
            to.moveTo(x + 1.5, top);
            to.arc(x, top, 1.5, 0, 7);
          }
        }
        for (let i = 0; !times && i < values.length; i++) {
          const gap = i > 0 && pic.time[from + i] - pic.time[from + i - 1] > pic.gap;
          if (!Number.isFinite(values[i])) pen = false;
          else {
            if (pen && !gap) to.lineTo(at(pic.time[from + i]), v(values[i]));
            else to.moveTo(at(pic.time[from + i]), v(values[i]));
            pen = true;
          }
        }
        to.strokeStyle = to.fillStyle = ink.ink;
        to.lineWidth = times ? 1 : 1.25;
        if (times && !strip.stems) to.fill();
        else to.stroke();
        text(strip.name, left - 7 * em, y + tall / 2 - (strip.note ? 7 * em : 0), "right", ink.ink2);
        if (strip.note) text(strip.note, left - 7 * em, y + tall / 2 + 7 * em, "right", ink.ink3);
        text(plain(high, strip.least ? 5 : 3), right + 5 * em, y + 3, "left", ink.ink2);
        text(plain(low, strip.least ? 5 : 3), right + 5 * em, y + tall - 2, "left", ink.ink2);
      }
      y += tall + gapY;
    }
    text(isLocal ? "time" : clockName, left - 7 * em, y + 6 * em, "right", ink.ink3);
    text(clockText(t0).slice(0, isLocal ? 9 : 5), left, y + 6 * em, "left", ink.ink2);
    text(clockText(t1).slice(0, isLocal ? 9 : 5), right, y + 6 * em, "right", ink.ink2);
    this.cursor.style.height = `${y}px`;
    this.point();
  }

  /** The text twin of the strips. */
  table() {
    const body = h("tbody", null);
    const details = h("details", {
      ontoggle: () => {
        const { pic, k, columns } = this;
        if (!details.open || body.firstChild || !pic || !columns) return;
        const [from, to] = [pic.start[k], pic.start[k + 1]];
        const every = Math.ceil((to - from) / 200);
        for (let i = from; i < to; i += every) {
          const word = (/** @type {string} */ name) =>
            columns[name] && columns[name][i] >= 0 ? pic.words(name)[columns[name][i]] : "";
          body.append(
            h(
              "tr",
              null,
              [
                clockText(pic.time[i]),
                plain(columns.existence?.[i] ?? NaN),
                plain(columns.altitude?.[i] ?? NaN, 5),
                plain(columns.speed?.[i] ?? NaN),
                word("contributors"),
                word("authorities"),
              ].map((cell) => h("td", null, cell)),
            ),
          );
        }
        if (every > 1) details.append(h("p", { class: "caption" }, `1 in ${every} rows listed`));
      },
    });
    const heads = ["time", "existence", "height m", "speed m/s", "contributors", isOperator ? "it may" : "you may"];
    details.append(
      h("summary", null, "As a table"),
      scrolling(
        heads.map((name) => h("th", { scope: "col" }, name)),
        body,
        "Rows of the track",
      ),
    );
    return details;
  }
}
