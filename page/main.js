"use strict";
// The page itself: state, what is drawn when, and the parts put together.

const SPEEDS = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200];
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

/** @typedef {{name: string, colour: string, kind?: "who" | "class"}} Class */

class App {
  constructor() {
    /** @type {Picture[]} */
    this.pictures = basePictures.slice();
    /** @type {Picture | null} */
    this.a = null;
    /** @type {Picture | null} */
    this.b = null;
    /** @type {Relation | null} */
    this.rel = null;
    /** @type {Side[]} */
    this.sides = [];
    this.t = duration * 0.5;
    this.playing = false;
    const natural = duration / 120;
    const near = SPEEDS.reduce(
      (best, s) => (Math.abs(Math.log(s / natural)) < Math.abs(Math.log(best / natural)) ? s : best),
      1,
    );
    const at = SPEEDS.indexOf(near);
    this.speeds = SPEEDS.slice(Math.max(0, at - 1), at + 2);
    this.speed = near;
    this.swipe = 0.5;
    this.colour = isOperator && this.pictures.length > 1 ? "who" : isOperator ? "status" : "may";
    this.knew = false;
    this.layers = {
      tails: true,
      leaders: true,
      ellipses: false,
      ghosts: false,
      detections: false,
      points: false,
      zones: true,
      sensors: false,
      basemap: true,
    };
    /** @type {Class[]} */
    this.classes = [];
    /** @type {Picture | null} */
    this.selected = null;
    this.k = -1;
    this.tab = "pictures";
    /** @type {string | null} */
    this.lifted = null;
    this.moved = false;
    this.ready = false;
    this.changed = true;
    this.baseChanged = true;
    this.drawnVersion = -1;
    /** Script time of the last frames, in ms; and the times between them. @type {number[]} */
    this.costs = [];
    /** @type {number[]} */
    this.between = [];
    this.layer = new TrackLayer();
    this.detections = doc.detections && isOperator ? new DetectionLayer(doc.detections) : null;
    this.basemap = null;
    /** @type {Map<Picture, any>} */
    this.minor = new Map();
    /** @type {Map<Picture, any>} */
    this.angle = new Map();
    this.chosen = 0;
    this.ratio = 1;
    this.waiting = false;
    this.rowsSwipe = NaN;
    /** @type {number | undefined} */
    this.lastFrame = undefined;
    /** @type {any} */
    this.hashTimer = 0;
    /** @type {any} */
    this.before = null;
    /** Elements, made in build(). @type {Record<string, any>} */
    this.chips = {};
    /** @type {Record<string, any>} */
    this.panels = {};
    /** @type {any} */
    this.base =
      this.rowsCanvas =
      this.canvas =
      this.handle =
      this.bar =
      this.legend =
      this.scale =
      this.note =
      this.lifting =
      this.tip =
      this.card =
      this.map =
      this.playButton =
      this.clock =
      this.speedBox =
      this.tabs =
      this.helpBox =
      this.footer =
      this.findPictures =
        null;
    this.timeline = new Timeline(
      (t) => this.seek(t, true),
      (k) => this.a && this.select(this.a, k),
    );
    this.story = new Story(this);
    this.lastWords = 0;
    this.lastHash = 0;
  }

  // ---- building ----

  build() {
    const main = byId("app");
    this.base = h("canvas", { class: "base", "aria-hidden": "true" });
    this.rowsCanvas = h("canvas", { class: "rows", "aria-hidden": "true" });
    this.canvas = h("canvas", { class: "tracks", "aria-hidden": "true" });
    this.chips = { a: h("div", { class: "chip a" }), b: h("div", { class: "chip b" }) };
    this.handle = h(
      "button",
      {
        type: "button",
        class: "handle",
        role: "slider",
        "aria-label": "Swipe between the two pictures",
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-valuenow": 50,
      },
      h("span", { "aria-hidden": "true" }, "‹›"),
    );
    this.bar = h("div", { class: "swipe", hidden: true }, this.handle);
    this.legend = h("div", { class: "legend" });
    this.scale = h("div", { class: "scale" });
    this.note = h("div", { class: "note", role: "status", hidden: true });
    this.lifting = h("div", { class: "lifting", hidden: true });
    this.tip = h("div", { class: "tip", hidden: true });
    this.card = h("div", { class: "empty-card", hidden: true });
    const zooms = h(
      "div",
      { class: "zoom" },
      h("button", { type: "button", "aria-label": "Zoom in", onclick: () => this.zoom(1.6) }, "+"),
      h("button", { type: "button", "aria-label": "Zoom out", onclick: () => this.zoom(1 / 1.6) }, "−"),
      h(
        "button",
        { type: "button", "aria-label": "Show all", title: "Show all", onclick: () => this.fit() },
        h("span", { class: "fit", "aria-hidden": "true" }),
      ),
    );
    this.map = h(
      "div",
      {
        id: "map",
        class: "map",
        tabindex: 0,
        role: "application",
        "aria-label":
          "Map of the tracks. Arrows pan, plus and minus zoom; the tracks stand as a list in the tab Track.",
      },
      this.base,
      this.rowsCanvas,
      this.canvas,
      this.lifting,
      this.bar,
      this.chips.a,
      this.chips.b,
      this.legend,
      zooms,
      this.scale,
      this.note,
      this.tip,
      this.card,
      h("div", { class: "wait" }, `drawing ${count(this.pictures.reduce((n, p) => n + p.n, 0))} rows`),
    );
    this.playButton = h(
      "button",
      { type: "button", class: "play", "aria-label": "Play", onclick: () => this.play(!this.playing) },
      h("span", { "aria-hidden": "true" }),
    );
    this.clock = h("div", { class: "clock" });
    this.speedBox = h("select", {
      "aria-label": "Speed",
      onchange: (/** @type {any} */ e) => this.setSpeed(Number(e.target.value)),
    });
    const time = h(
      "div",
      { class: "time" },
      this.playButton,
      h(
        "div",
        { class: "now" },
        this.clock,
        h(
          "div",
          { class: "caption" },
          h("span", null, clockName),
          h("span", { class: "wide" }, " · "),
          this.speedBox,
          isLocal ? null : h("span", { class: "wide" }, " · Space plays"),
        ),
      ),
      this.timeline.root,
    );
    const tabs = [
      ["pictures", isOperator ? "Pictures" : "Your picture"],
      ["track", "Track"],
      ["layers", "Layers"],
    ];
    this.tabs = tabs.map(([id, name]) =>
      h(
        "button",
        {
          type: "button",
          role: "tab",
          id: `tab-${id}`,
          "aria-controls": `panel-${id}`,
          "aria-selected": "false",
          onclick: () => this.showTab(id),
          onkeydown: (/** @type {KeyboardEvent} */ e) => {
            const step = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
            if (!step) return;
            const next = tabs[(tabs.findIndex((t) => t[0] === id) + step + tabs.length) % tabs.length][0];
            this.showTab(next);
            byId(`tab-${next}`).focus();
            e.preventDefault();
          },
        },
        name,
      ),
    );
    this.panels = {
      pictures: h("div", { role: "tabpanel", id: "panel-pictures", "aria-labelledby": "tab-pictures" }),
      track: h("div", { role: "tabpanel", id: "panel-track", "aria-labelledby": "tab-track", hidden: true }),
      layers: h("div", { role: "tabpanel", id: "panel-layers", "aria-labelledby": "tab-layers", hidden: true }),
    };
    const side = h(
      "aside",
      { class: "side", "aria-label": "Pictures, track and layers" },
      h("div", { role: "tablist", class: "tabs" }, this.tabs),
      h("div", { class: "panel" }, Object.values(this.panels)),
    );
    const under = h("div", { class: "sections" });
    main.append(h("div", { class: "stage" }, h("div", { class: "left" }, this.map, time), side), under);
    this.helpBox = h(
      "dialog",
      { class: "help", "aria-label": "Keys" },
      h("h2", null, "Keys"),
      h(
        "dl",
        null,
        KEYS.filter(([k]) => isOperator || !/^(A B|\[ \]|K)/.test(k)).map(([key, what]) =>
          h(
            "div",
            null,
            h(
              "dt",
              null,
              key.split(" ").map((one) => h("kbd", null, one)),
            ),
            h("dd", null, what),
          ),
        ),
      ),
      h(
        "p",
        { class: "caption" },
        "Drag pans, the wheel zooms at the pointer, a double click shows all, a click on a track tells its story. The address keeps the view: copy it to share what you see.",
      ),
      h("form", { method: "dialog" }, h("button", null, "Close")),
    );
    document.body.append(this.helpBox);
    const tools = h(
      "div",
      { class: "tools" },
      h(
        "button",
        { type: "button", "aria-label": "Light or dark", title: "Light or dark", onclick: () => this.flipTheme() },
        h("span", { class: "half", "aria-hidden": "true" }),
      ),
      h("button", { type: "button", class: "wide", onclick: () => print() }, "Print"),
      h("button", { type: "button", "aria-label": "Keys", title: "Keys", onclick: () => this.help() }, "?"),
    );
    (document.querySelector("header.top") ?? byId("summary")).append(tools);
    const made = document.getElementById("ledger");
    under.append(made ?? ledgerSection(), ...sections(this), h("footer", { class: "last" }));
    this.footer = under.querySelector("footer.last");
    this.buildPictures();
    this.buildLayers();
    this.buildSpeeds();
    this.showTab("pictures");
    this.listen();
  }

  buildPictures() {
    const most = 24;
    const list = h("div", null);
    const find = (/** @type {string} */ text) => {
      const found = this.pictures.filter((p) => p.partner.includes(text));
      fill(list, ...found.slice(0, most).map((p) => pictureCard(this, p)));
      if (found.length > most)
        list.append(h("p", { class: "caption" }, `${count(found.length - most)} more: type a part of the name.`));
      this.markSides();
    };
    this.findPictures = () => find(/** @type {any} */ (byId("find"))?.value ?? "");
    const filter =
      this.pictures.length > most
        ? h(
            "label",
            { class: "filter" },
            "Find a partner ",
            h("input", { id: "find", type: "search", oninput: () => this.findPictures?.() }),
          )
        : null;
    const used = new Set(
      (doc.ledger ?? [])
        .slice(0, 100)
        .flatMap((/** @type {any} */ a) =>
          (isOperator || a.detections.total ? a.detections : a.rows).parts.map((/** @type {Part} */ p) => p.kind),
        ),
    );
    const name = isOperator || (doc.ledger ?? [])[0]?.detections.total ? "detections" : "rows";
    this.panels.pictures.append(
      ...[filter, list].filter(Boolean),
      h(
        "p",
        { class: "keys" },
        Object.keys(KINDS)
          .filter((kind) => used.has(kind))
          .map((kind) =>
            h("span", null, h("span", { class: `key ${kind}`, "aria-hidden": "true" }), ` ${kindText(kind, name)}`),
          ),
      ),
      h("div", { class: "why", id: "why-side", "aria-live": "polite", hidden: true }),
    );
    const lifts = doc.prices?.lifts ?? [];
    if (isOperator && lifts.length) {
      this.panels.pictures.append(
        h("h4", null, "What if"),
        ...lifts
          .slice(0, 30)
          .map((/** @type {any} */ lift) =>
            h(
              "label",
              { class: "check" },
              h("input", {
                type: "checkbox",
                "data-lift": lift.rule,
                onchange: (/** @type {any} */ e) => this.lift(e.target.checked ? lift.rule : null),
              }),
              h(
                "span",
                null,
                "Lift ",
                h("code", null, lift.rule),
                lift.text ? h("span", { class: "caption block" }, rich(lift.text)) : null,
              ),
            ),
          ),
      );
    }
    if (!isOperator) {
      const digests = Object.entries(doc.digests?.[doc.partner] ?? {});
      const from = doc.computed_from;
      const rules = /** @type {string[]} */ ([
        ...new Set((doc.audit ?? []).flatMap((/** @type {any} */ e) => e.decided_by ?? [])),
      ]);
      this.panels.pictures.append(
        ...[
          from?.detections
            ? h(
                "div",
                { class: "picture" },
                h("h3", null, "Made from"),
                h(
                  "p",
                  { class: "caption" },
                  `${counted(from.detections.rows, "detection")}`,
                  rules.length ? [", by ", rules.map((r, at) => [at ? ", " : "", h("code", null, r)])] : "",
                ),
              )
            : null,
          digests.length
            ? h(
                "div",
                { class: "picture" },
                h("h3", null, "Digest"),
                digests.map(([file, sha]) =>
                  h("p", { class: "caption" }, `${file}: `, h("code", { class: "digest" }, /** @type {any} */ (sha))),
                ),
                h("p", { class: "caption" }, "SHA-256; ", h("code", null, "trackweave verify"), " checks them"),
              )
            : null,
        ].filter(Boolean),
      );
    }
    find("");
  }

  modes() {
    const all = isOperator
      ? { who: "who sees it", status: "status", contributors: "owners", authority: "who may act", level: "level" }
      : { may: "what you may do", status: "status", contributors: "owners", level: "level" };
    return Object.entries(all).filter(
      ([key]) =>
        (key !== "who" || this.pictures.length > 1) &&
        (key !== "authority" || doc.stretches) &&
        (key !== "level" || this.pictures.some((p) => p.has("level"))),
    );
  }

  buildLayers() {
    const names = {
      tails: ["Tails", this.a ? `last ${seconds(24 * (this.a.step ?? 10))}` : ""],
      leaders: ["Leaders", "where it will be"],
      ellipses: ["Ellipses, 95 %", "of 4 px and more"],
      ghosts: ["Ghosts", "what this side does not see"],
      detections: ["Detections", "the last while"],
      points: ["All rows", "the whole recording"],
      zones: ["Zones", count(doc.zones?.features?.length ?? 0)],
      sensors: ["Sensors and coverage", count(doc.sensors?.length ?? 0)],
      basemap: [isLocal ? "Grid" : "Basemap", doc.basemap?.detail ?? ""],
    };
    const there = {
      ghosts: isOperator && this.pictures.length > 1,
      detections: !!this.detections,
      zones: !!doc.zones?.features?.length,
      sensors: !!doc.sensors?.length,
    };
    fill(
      this.panels.layers,
      h("h4", null, "Colour by"),
      h(
        "div",
        { class: "choices", role: "group", "aria-label": "Colour by" },
        this.modes().map(([key, name]) =>
          h(
            "button",
            {
              type: "button",
              "data-colour": key,
              "aria-pressed": String(this.colour === key),
              onclick: () => this.setColour(key),
            },
            name,
          ),
        ),
      ),
      h("h4", null, "On the map"),
      h(
        "div",
        { class: "checks" },
        Object.entries(names)
          .filter(([key]) => /** @type {any} */ (there)[key] ?? true)
          .map(([key, [name, what]]) =>
            h(
              "label",
              { class: "check line" },
              h("input", {
                type: "checkbox",
                "data-layer": key,
                checked: /** @type {any} */ (this.layers)[key],
                onchange: () => this.toggle(key),
              }),
              h("span", null, name),
              h("span", { class: "caption" }, what),
            ),
          ),
      ),
      ...(this.pictures.some((p) => p.isLate || p.levels.some((l) => l.delay_s > 0))
        ? [
            h("h4", null, "Clock"),
            h(
              "div",
              { class: "choices", role: "group", "aria-label": "Clock" },
              [
                [false, "when it happened"],
                [true, isOperator ? "when each partner knew" : "when you knew"],
              ].map(([key, name]) =>
                h(
                  "button",
                  { type: "button", "aria-pressed": String(this.knew === key), onclick: () => this.setClock(key) },
                  name,
                ),
              ),
            ),
          ]
        : []),
      ...(doc.detections_left_out
        ? [
            h(
              "p",
              { class: "caption" },
              `${count(doc.detections_left_out)} detections are left out of this page: too many to carry.`,
            ),
          ]
        : []),
    );
  }

  buildSpeeds() {
    if (!this.speeds.includes(this.speed)) this.speeds = [...this.speeds, this.speed].sort((x, y) => x - y);
    fill(this.speedBox, ...this.speeds.map((s) => h("option", { value: s, selected: s === this.speed }, `${s}×`)));
  }

  listen() {
    listenKeys(this);
    listenMap(this, this.map);
    listenSwipe(this, this.handle, this.map);
    document.addEventListener("click", (e) => {
      const at = /** @type {HTMLElement} */ (e.target);
      const part = /** @type {HTMLElement | null} */ (at.closest("button.part, #headline a[data-part]"));
      const link = /** @type {HTMLAnchorElement | null} */ (at.closest("a[href^='#']"));
      if (part) {
        const { partner = "", part: kind = "" } = part.dataset;
        const found = (part.dataset.bar ? [part.dataset.bar] : ["detections", "rows"]).some((bar) =>
          explain(byId(part.dataset.box ?? "why") ?? byId("why"), partner, bar, kind),
        );
        if (!found && kind === "confirmed") explain(byId("why"), partner, "detections", "exact");
      }
      if (!link) return;
      e.preventDefault();
      const { partner } = link.dataset;
      const pic = partner && this.pictures.find((p) => p.partner === partner);
      if (pic && isOperator && this.b && pic !== this.a) this.choose(this.a, pic);
      const target = document.getElementById(link.hash.slice(1));
      if (target && !(partner && !link.dataset.part))
        target.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
      else if (partner) this.toMap();
    });
    new ResizeObserver(() => document.documentElement.dataset.print || this.resize()).observe(this.map);
    const above = byId("summary");
    new ResizeObserver(() => document.documentElement.style.setProperty("--above", `${above.offsetHeight}px`)).observe(
      above,
    );
    new ResizeObserver(() => this.ready && this.timeline.draw()).observe(this.timeline.root);
    new ResizeObserver(() => this.story.draw()).observe(this.panels.track);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
      setTheme(this, document.documentElement.dataset.theme ?? ""),
    );
    addEventListener("hashchange", () => applyHash(this, readHash()));
    addEventListener("beforeprint", () => this.forPrint(true));
    addEventListener("afterprint", () => this.forPrint(false));
  }

  // ---- choosing ----

  /** @param {Picture | null} a @param {Picture | null} b */
  async choose(a, b) {
    const turn = ++this.chosen;
    if (a && b && a === b && this.a && this.b) {
      // The one that is named anew wins; the other side takes its place.
      if (a === this.b) [a, b] = [this.b, this.a];
      else if (b === this.a) [a, b] = [this.b, this.a];
    }
    if (!a) return;
    await Promise.all([a.ready(), b?.ready()]);
    const rel = b ? await relation(a, b) : null;
    if (turn !== this.chosen) return;
    [this.a, this.b, this.rel] = [a, b, rel];
    this.sides = [new Side(a, "A")];
    if (b && rel) {
      this.sides.push(new Side(b, "B"));
      this.sides[0].twins = rel.toB;
      this.sides[1].twins = rel.toA;
    }
    await this.paint();
    this.timeline.prepare(a, b, rel);
    if (!this.ready || turn === 1) this.t = this.timeline.busy(this.t);
    this.fillChips();
    this.markSides();
    this.setSwipe(this.swipe);
    this.repaint();
  }

  /** Gives each row its class by the chosen colour. */
  async paint() {
    const { a, b, rel } = this;
    const hues = [ink.k0, ink.k1, ink.k2, ink.k3, ink.k4, ink.k5, ink.k6];
    let mode = this.colour;
    if (mode === "who" && !(b && rel)) mode = "status";
    if (mode === "who" && a && b && rel) {
      this.classes = [
        { name: "both", colour: ink.both },
        { name: `only A, ${a.partner}`, colour: ink.A },
        { name: `only B, ${b.partner}`, colour: ink.B },
      ];
      const mark = (
        /** @type {Picture} */ p,
        /** @type {Picture} */ q,
        /** @type {Int32Array} */ twins,
        /** @type {number} */ alone,
      ) => {
        const out = new Uint8Array(p.n);
        for (let i = 0; i < p.n; i++) out[i] = twins[i] < 0 ? alone : q.reduced(twins[i]) || p.reduced(i) ? HOLLOW : 0;
        return out;
      };
      this.sides[0].marks = mark(a, b, rel.toB, 1);
      this.sides[1].marks = mark(b, a, rel.toA, 2);
      return;
    }
    if (mode === "may") {
      const [side] = this.sides;
      const held = await side.pic.column("authorities");
      const list = side.pic.words("authorities");
      this.classes = [
        {
          name: list.filter(Boolean).length === 1 ? `you may ${words(list.filter(Boolean)[0])}` : "you may act",
          colour: ink.both,
        },
        { name: "you may not", colour: ink.k6 },
      ];
      side.marks = Uint8Array.from({ length: side.pic.n }, (_, i) => (held && held[i] >= 0 && list[held[i]] ? 0 : 1));
      return;
    }
    /** @type {Map<string, number>} */
    const sums = new Map();
    /** @type {[Side, (i: number) => string][]} */
    const named = [];
    for (const side of this.sides) {
      const { pic } = side;
      if (mode === "authority") {
        const all = await stretches();
        const text = new Map();
        const rows = new Int32Array(pic.n);
        /** @type {string[]} */
        const list = [];
        const index = (/** @type {string} */ name) => {
          if (!text.has(name)) text.set(name, list.push(name) - 1);
          return text.get(name);
        };
        const nobody = index("nobody");
        for (let k = 0; k < pic.tracks; k++) {
          const mine = all.get(`${pic.partner} ${pic.ids[k]}`) ?? [];
          let at = 0;
          for (let i = pic.start[k]; i < pic.start[k + 1]; i++) {
            while (at < mine.length && mine[at].last + 1e-6 < pic.time[i]) at++;
            const who = mine[at]
              ? [
                  ...new Set(
                    mine[at].holders
                      .split(", ")
                      .filter(Boolean)
                      .map((/** @type {string} */ x) => x.split(":")[0]),
                  ),
                ]
              : [];
            rows[i] = who.length === 0 ? nobody : who.length > 1 ? index("several") : index(String(who[0]));
          }
        }
        named.push([side, (i) => list[rows[i]]]);
      } else {
        const column = await pic.column(mode);
        const list = pic.words(mode);
        named.push([
          side,
          (i) =>
            column
              ? column[i] >= 0
                ? list[column[i]] || "none"
                : "not told"
              : mode === "level"
                ? (pic.levels[0]?.name ?? "exact")
                : "not told",
        ]);
      }
    }
    for (const [side, name] of named)
      for (let i = 0; i < side.pic.n; i++) sums.set(name(i), (sums.get(name(i)) ?? 0) + 1);
    const order = [...sums].sort((x, y) => y[1] - x[1]).map(([name]) => name);
    const shown = order.length > 7 ? order.slice(0, 6) : order;
    let next = 0;
    this.classes = shown.map((name) => ({
      name,
      colour:
        mode === "authority" && name === "nobody"
          ? ink.withheld
          : name === a?.partner && b
            ? ink.A
            : name === b?.partner
              ? ink.B
              : name === "confirmed"
                ? ink.both
                : name === "not told" || name === "none"
                  ? ink.k6
                  : hues[next++ % hues.length],
    }));
    if (order.length > shown.length)
      this.classes.push({ name: `${order.length - shown.length} others`, colour: ink.k6 });
    const index = new Map(shown.map((name, at) => [name, at]));
    for (const [side, name] of named)
      side.marks = Uint8Array.from({ length: side.pic.n }, (_, i) => index.get(name(i)) ?? shown.length);
  }

  /** The pair that a page opens with: most rows, and the one that differs most from it. */
  async opening() {
    const full = this.pictures.filter((p) => p.n).sort((x, y) => y.n - x.n);
    const a = full[0] ?? this.pictures[0] ?? null;
    if (!isOperator || this.pictures.length < 2) return [a, null];
    const differs = (/** @type {Picture} */ p) => {
      const bar = accountOf(p.partner)?.rows;
      const coarse = bar?.total ? (bar.parts.find((x) => x.kind === "coarse")?.count ?? 0) / p.n : 0;
      return coarse + Math.abs(1 - p.n / Math.max(1, a.n)) * 0.5;
    };
    const rest = full.slice(1).sort((x, y) => differs(y) - differs(x));
    return [a, rest[0] ?? this.pictures.find((p) => p !== a) ?? null];
  }

  /** @param {string | null} rule @param {boolean} [quiet] */
  async lift(rule, quiet) {
    const lift = (doc.prices?.lifts ?? []).find((/** @type {any} */ l) => l.rule === rule);
    this.lifted = lift ? lift.rule : null;
    for (const box of document.querySelectorAll("input[data-lift]"))
      /** @type {HTMLInputElement} */ (box).checked = /** @type {HTMLElement} */ (box).dataset.lift === this.lifted;
    if (lift && !lift.made) lift.made = lift.pictures.map((/** @type {PictureData} */ p) => new Picture(p));
    const [a, b] = [this.a?.partner, this.b?.partner];
    this.pictures = basePictures.map(
      (p) => lift?.made.find((/** @type {Picture} */ q) => q.partner === p.partner) ?? p,
    );
    this.select(null, -1);
    this.lifting.hidden = !lift;
    fill(this.lifting, lift ? h("span", null, "as if ", h("code", null, lift.rule), " were lifted") : "");
    const of = (/** @type {string | undefined} */ name) => this.pictures.find((p) => p.partner === name) ?? null;
    const changed = lift?.made[0]?.partner;
    if (a) await this.choose(of(a), changed && changed !== a && !quiet ? of(changed) : of(b));
  }

  /** @param {"a" | "b"} which */
  nextPartner(which) {
    if (!this.b || this.pictures.length < 2) return;
    const at = this.pictures.indexOf(/** @type {Picture} */ (this[which]));
    const other = which === "a" ? this.b : this.a;
    for (let step = 1; step <= this.pictures.length; step++) {
      const next = this.pictures[(at + step) % this.pictures.length];
      if (next === other) continue;
      this.choose(which === "a" ? next : this.a, which === "b" ? next : this.b);
      return;
    }
  }

  markSides() {
    for (const button of document.querySelectorAll("button.side")) {
      const el = /** @type {HTMLElement} */ (button);
      const mine = el.classList.contains("a") ? this.a : this.b;
      el.setAttribute("aria-pressed", String(mine?.partner === el.dataset.partner));
    }
    for (const el of document.querySelectorAll("[data-holder]")) {
      const name = /** @type {HTMLElement} */ (el).dataset.holder;
      el.classList.toggle("of-a", this.b !== null && name === this.a?.partner);
      el.classList.toggle("of-b", this.b !== null && name === this.b?.partner);
    }
  }

  fillChips() {
    for (const [which, pic] of /** @type {["a" | "b", Picture | null][]} */ ([
      ["a", this.a],
      ["b", this.b],
    ])) {
      const chip = this.chips[which];
      if (!pic || !this.b) {
        chip.hidden = true;
        continue;
      }
      chip.hidden = false;
      const many = this.pictures.length > 200 ? this.pictures.filter((p) => p.n).slice(0, 200) : this.pictures;
      fill(
        chip,
        h("span", { class: `badge-${which}`, "aria-hidden": "true" }, which.toUpperCase()),
        h(
          "select",
          {
            "aria-label": `Picture ${which.toUpperCase()}`,
            onchange: (/** @type {any} */ e) => {
              const next = this.pictures.find((p) => p.partner === e.target.value) ?? null;
              this.choose(which === "a" ? next : this.a, which === "b" ? next : this.b);
              this.map.focus({ preventScroll: true });
            },
          },
          (many.includes(pic) ? many : [pic, ...many]).map((p) =>
            h("option", { value: p.partner, selected: p === pic }, p.partner),
          ),
        ),
        h("div", { class: "caption" }),
      );
    }
  }

  // ---- acting ----

  /** @param {boolean} on */
  play(on) {
    this.playing = on && duration > 0;
    this.playButton.setAttribute("aria-label", this.playing ? "Pause" : "Play");
    this.playButton.classList.toggle("on", this.playing);
    this.dirty();
    writeHash(this);
  }

  /** @param {number} t @param {boolean} [byHand] */
  seek(t, byHand) {
    this.t = Math.max(0, Math.min(duration, t));
    if (byHand && this.playing) this.play(false);
    this.lastWords = 0;
    this.dirty();
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = speed;
    this.dirty();
  }

  /** @param {number} part */
  setSwipe(part) {
    this.swipe = Math.max(0, Math.min(1, part));
    this.bar.hidden = !this.b;
    this.placeSwipe();
    this.lastWords = 0;
    this.dirty();
  }

  placeSwipe() {
    const x = this.swipe * view.width;
    this.bar.style.transform = `translateX(${x}px)`;
    this.handle.setAttribute("aria-valuenow", String(Math.round(this.swipe * 100)));
    this.handle.setAttribute(
      "aria-valuetext",
      `${this.a?.partner ?? ""} ${Math.round(this.swipe * 100)} %, ${this.b?.partner ?? ""} ${Math.round(100 - this.swipe * 100)} %`,
    );
    const isLifted = (/** @type {Picture | null} */ pic) => pic !== null && !basePictures.includes(pic);
    this.lifting.style.left = `${isLifted(this.b) && !isLifted(this.a) ? x : 0}px`;
    this.lifting.style.right = `${isLifted(this.a) && !isLifted(this.b) && this.b ? view.width - x : 0}px`;
    for (const which of /** @type {("a" | "b")[]} */ (["a", "b"])) {
      const chip = this.chips[which];
      if (chip.hidden) continue;
      const wide = chip.offsetWidth;
      const room = which === "a" ? x : view.width - x;
      const at = which === "a" ? Math.max(8, x - wide - 11) : Math.min(view.width - wide - 8, x + 11);
      chip.style.transform = `translateX(${at}px)`;
      chip.style.visibility = room < Math.min(wide, 90) ? "hidden" : "";
    }
  }

  /** @param {string} mode */
  async setColour(mode) {
    this.colour = mode;
    await this.paint();
    this.buildLayers();
    this.repaint();
  }

  /** @param {any} knew */
  setClock(knew) {
    this.knew = knew;
    this.buildLayers();
    this.lastWords = 0;
    this.dirty();
  }

  /** @param {string} name */
  toggle(name) {
    const layers = /** @type {any} */ (this.layers);
    layers[name] = !layers[name];
    this.layersChanged();
  }

  layersChanged() {
    if (this.layers.detections) this.detections?.ready().then(() => this.dirty());
    if (this.layers.ellipses) {
      for (const { pic } of this.sides) {
        Promise.all([pic.column("minor"), pic.column("angle")]).then(([minor, angle]) => {
          this.minor.set(pic, minor);
          this.angle.set(pic, angle);
          this.dirty();
        });
      }
    }
    this.buildLayers();
    this.repaint();
  }

  /** @param {number} factor */
  zoom(factor) {
    view.zoom(factor);
    this.moved = true;
    this.dirty();
  }

  fit() {
    view.fit();
    this.moved = false;
    this.dirty();
  }

  /** @param {Picture | null} pic @param {number} k */
  select(pic, k) {
    if (!pic || k < 0) {
      this.selected = null;
      this.k = -1;
      this.story.clear();
      this.listTracks();
      this.dirty();
      return;
    }
    this.selected = pic;
    this.k = k;
    fill(this.panels.track, this.story.root);
    fill(this.story.root, h("p", { class: "caption" }, "reading …"));
    this.showTab("track");
    this.story.show(pic, k).then(() => this.dirty());
    this.dirty();
  }

  /** @param {Picture} pic @param {number} k @param {number} t */
  async goTo(pic, k, t) {
    if (pic !== this.a && pic !== this.b) await this.choose(pic, this.b === pic ? this.a : this.b);
    this.seek(t, true);
    this.select(pic, k);
    this.toMap();
  }

  toMap() {
    document.documentElement.scrollTo({ top: 0, behavior: still ? "auto" : "smooth" });
  }

  centre() {
    const { selected, k } = this;
    if (!selected) return;
    const row = Math.max(selected.start[k], selected.rowAt(k, this.t));
    view.cx = selected.x[row];
    view.cy = selected.y[row];
    view.zoom(1);
    this.moved = true;
    this.dirty();
  }

  /** @param {number} step */
  nextTrack(step) {
    const side = this.sides.find((s) => s.pic === this.selected) ?? this.sides[0];
    if (!side) return;
    side.alive.collect(side, this.t, this.knew);
    const list = Array.from(side.alive.track.subarray(0, side.alive.n)).sort((x, y) => x - y);
    if (!list.length) return;
    const at = list.indexOf(this.k);
    this.select(side.pic, list[(at + step + list.length) % list.length] ?? list[0]);
  }

  /** The track under a point. @param {number} x @param {number} y @param {number} reach */
  under(x, y, reach) {
    const side = !this.b || x < this.swipe * view.width ? this.sides[0] : this.sides[1];
    if (!side) return null;
    let [best, found] = [reach, -1];
    const { alive } = side;
    for (let i = 0; i < alive.n; i++) {
      const d = Math.hypot(alive.x[i] - x, alive.y[i] - y);
      if (d < best) [best, found] = [d, i];
    }
    return found < 0
      ? null
      : { side, k: alive.track[found], x: alive.x[found], y: alive.y[found], row: alive.row[found] };
  }

  /** @param {number} x @param {number} y */
  pick(x, y) {
    const found = this.under(x, y, 18);
    this.select(found?.side.pic ?? null, found?.k ?? -1);
  }

  /** @param {number} x @param {number} y */
  hover(x, y) {
    const found = x < 0 ? null : this.under(x, y, 14);
    this.map.style.cursor = found ? "pointer" : "";
    this.tip.hidden = !found;
    if (!found) return;
    const { pic } = found.side;
    const level = pic.levelAt(found.row);
    fill(
      this.tip,
      h("b", null, `#${found.k + 1}`),
      ` ${pic.reduced(found.row) ? levelText(level) : Number.isFinite(pic.speedAt(found.row)) ? `${plain(pic.speedAt(found.row))}${NB}m/s` : ""}`,
    );
    this.tip.style.left = `${Math.max(60, Math.min(view.width - 60, found.x))}px`;
    this.tip.style.top = `${found.y - 16}px`;
  }

  /** @param {string} id */
  showTab(id) {
    if (!(id in this.panels)) return;
    this.tab = id;
    for (const tab of /** @type {any[]} */ (this.tabs)) {
      tab.setAttribute("aria-selected", String(tab.id === `tab-${id}`));
      tab.tabIndex = tab.id === `tab-${id}` ? 0 : -1;
    }
    for (const [name, panel] of Object.entries(this.panels)) panel.hidden = name !== id;
    if (id === "track") this.selected ? this.story.draw() : this.listTracks();
  }

  /** The text twin of the map: what is on it now. */
  listTracks() {
    if (this.selected) return;
    const shown = 60;
    const lists = this.sides.map((side) => {
      const { alive, pic } = side;
      const order = Array.from(alive.track.subarray(0, alive.n), (k, i) => [k, alive.row[i]]).sort(
        (p, q) => p[0] - q[0],
      );
      return [
        h("h4", null, `${isOperator ? pic.partner + ": " : ""}${counted(alive.n, "track")} at ${clockText(this.t)}`),
        h(
          "ul",
          { class: "tracks-now" },
          order
            .slice(0, shown)
            .map(([k, row]) =>
              h(
                "li",
                null,
                h("button", { type: "button", class: "link", onclick: () => this.select(pic, k) }, `#${k + 1}`),
                h(
                  "span",
                  { class: "caption" },
                  pic.reduced(row)
                    ? levelText(pic.levelAt(row))
                    : `${Number.isFinite(pic.speedAt(row)) ? `${plain(pic.speedAt(row))}${NB}m/s` : ""}`,
                ),
              ),
            ),
        ),
        order.length > shown ? h("p", { class: "caption" }, `and ${count(order.length - shown)} more`) : null,
      ];
    });
    const had = document.activeElement;
    if (had && this.panels.track.contains(had)) return;
    fill(
      this.panels.track,
      h("p", { class: "caption" }, "Choose a track on the map, or here, for its story."),
      ...lists.flat(2).filter(Boolean),
    );
  }

  flipTheme() {
    const dark = document.documentElement.dataset.theme
      ? document.documentElement.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    setTheme(this, dark ? "light" : "dark");
    writeHash(this);
  }

  help() {
    if (this.helpBox.open) this.helpBox.close();
    else this.helpBox.showModal();
  }

  /** @param {boolean} on */
  forPrint(on) {
    const root = document.documentElement;
    if (on) {
      this.before = { theme: root.dataset.theme, playing: this.playing };
      this.playing = false;
      root.dataset.theme = "light";
      root.dataset.print = "1";
    } else {
      delete root.dataset.print;
      if (this.before?.theme) root.dataset.theme = this.before.theme;
      else delete root.dataset.theme;
      if (this.before?.playing) this.play(true);
    }
    readInk();
    this.footer.textContent = `${doc.recording ? doc.recording + ". " : ""}Trackweave ${doc.version ?? ""}, configuration ${String(doc.configuration_sha256 ?? "").slice(0, 16)}…, ${isOperator ? "operator edition" : `${doc.partner}’s edition`}.${doc.basemap ? " Map: Natural Earth, public domain." : ""}${this.a ? ` This view: ${this.b ? `A ${this.a.partner}, B ${this.b.partner}, ` : ""}${clockText(this.t)} ${clockName}${this.b ? `, swipe ${Math.round(this.swipe * 100)} %` : ""}.` : ""}`;
    this.resize();
    this.repaint();
    this.render();
    if (!on) return;
    // Printers take the layers of a map for opaque: lay them on one sheet.
    const to = this.base.getContext("2d");
    to.setTransform(1, 0, 0, 1, 0, 0);
    if (this.layers.points) to.drawImage(this.rowsCanvas, 0, 0);
    to.drawImage(this.canvas, 0, 0);
  }

  // ---- drawing ----

  dirty() {
    this.changed = true;
    if (!this.waiting) {
      this.waiting = true;
      requestAnimationFrame((now) => this.frame(now));
    }
  }

  repaint() {
    this.baseChanged = true;
    if (!this.ready) return;
    this.timeline.draw();
    this.story.build();
    for (const chart of charts) chart();
    this.paint().then(() => this.dirty());
    this.lastWords = 0;
    this.dirty();
  }

  resize() {
    const box = this.map.getBoundingClientRect();
    if (!box.width || !box.height) return;
    const [width, height] = [Math.round(box.width), Math.round(box.height)];
    const ratio = Math.min(2, devicePixelRatio || 1) * (document.documentElement.dataset.print ? 1.5 : 1);
    this.ratio = ratio;
    for (const canvas of [this.base, this.rowsCanvas, this.canvas]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const first = !this.moved;
    view.resize(width, height);
    if (first) view.fit();
    this.placeSwipe();
    this.baseChanged = true;
    this.dirty();
  }

  /** @param {number} now */
  frame(now) {
    this.waiting = false;
    const passed = Math.min(0.25, (now - (this.lastFrame ?? now)) / 1000);
    if (this.lastFrame) {
      this.between.push(now - this.lastFrame);
      if (this.between.length > 300) this.between.shift();
    }
    this.lastFrame = this.playing ? now : undefined;
    if (this.playing) {
      this.t += passed * this.speed;
      if (this.t > duration) this.t = 0;
      this.changed = true;
    }
    if (this.changed) {
      const start = performance.now();
      this.render();
      this.costs.push(performance.now() - start);
      if (this.costs.length > 300) this.costs.shift();
    }
    if (this.playing) this.dirty();
  }

  render() {
    this.changed = false;
    if (!this.ready) return;
    const now = performance.now();
    const moved = view.version !== this.drawnVersion || this.baseChanged;
    if (moved) thinned.clear();
    else for (const text of thinned) if (!text.includes("points drawn")) thinned.delete(text);
    const ratio = this.ratio ?? 1;
    const begin = (/** @type {any} */ canvas) => {
      const to = canvas.getContext("2d");
      to.setTransform(ratio, 0, 0, ratio, 0, 0);
      to.clearRect(0, 0, view.width, view.height);
      return to;
    };
    const bar = this.b ? this.swipe * view.width : view.width;
    const colours = this.classes.map((c) => c.colour);
    if (moved) {
      const to = begin(this.base);
      to.fillStyle = ink.land;
      to.fillRect(0, 0, view.width, view.height);
      if (this.layers.basemap) {
        this.basemap?.draw(to, ratio);
        to.setTransform(ratio, 0, 0, ratio, 0, 0);
        drawGrid(to);
      }
      if (this.layers.sensors) drawSensors(to);
      if (this.layers.zones) drawZones(to, this.a?.partner ?? "", this.b?.partner ?? "");
      if (this.layers.basemap) this.basemap?.names(to);
      this.drawScale();
    }
    if (moved || (this.layers.points && this.rowsSwipe !== this.swipe)) {
      const to = begin(this.rowsCanvas);
      this.rowsSwipe = this.swipe;
      if (this.layers.points)
        this.sides.forEach((side, at) => this.layer.rows(to, side, at ? bar : 0, at ? view.width : bar, colours));
    }
    this.drawnVersion = view.version;
    this.baseChanged = false;
    const to = begin(this.canvas);
    for (const side of this.sides) side.alive.collect(side, this.t, this.knew);
    if (this.layers.detections) this.detections?.draw(to, this.t, 6 * (this.a?.step ?? 10), this.layer);
    const options = {
      ...this.layers,
      knew: this.knew,
      who: this.colour === "who" && this.b,
      tail: { length: 0, every: 1 },
      minor: this.minor,
      angle: this.angle,
    };
    this.sides.forEach((side, at) => this.layer.look(side, at ? bar : 0, at ? view.width : bar));
    if (this.layers.tails) options.tail = this.layer.plan(this.sides);
    this.sides.forEach((side, at) => {
      const [left, right] = [at ? bar : 0, at ? view.width : bar];
      if (this.layers.ghosts && this.b)
        this.layer.ghosts(to, side, this.sides[1 - at], left, right, at ? ink.A : ink.B);
      this.layer.draw(to, side, this.t, left, right, options, colours);
    });
    this.layer.flush(to);
    if (this.selected) this.drawSelected(to, bar);
    this.timeline.point(this.t);
    this.clock.textContent = clockText(this.t);
    if (now - this.lastWords > (this.playing ? 250 : 0)) {
      this.lastWords = now;
      this.say();
    }
    if (now - this.lastHash > 1000 || !this.playing) {
      this.lastHash = now;
      clearTimeout(this.hashTimer);
      this.hashTimer = setTimeout(() => writeHash(this), 150);
    }
  }

  /** @param {CanvasRenderingContext2D} to @param {number} bar */
  drawSelected(to, bar) {
    const at = this.sides.findIndex((s) => s.pic === this.selected);
    const other = this.sides[1 - at];
    if (at < 0) return;
    const draw = (
      /** @type {Side} */ side,
      /** @type {number} */ k,
      /** @type {number} */ place,
      /** @type {any} */ extra,
    ) => {
      to.save();
      if (this.b) {
        to.beginPath();
        to.rect(place ? bar : 0, 0, place ? view.width - bar : bar, view.height);
        to.clip();
      }
      this.layer.selected(to, side, k, extra);
      to.restore();
    };
    const extra = this.story.extra.label ? this.story.extra : { label: () => [`#${this.k + 1}`] };
    draw(this.sides[at], this.k, at, extra);
    if (!other || !this.rel) return;
    const twins = this.sides[at].twins;
    const row = this.sides[at].pic.rowAt(this.k, this.t);
    const twin = row >= 0 && twins ? twins[row] : -1;
    if (twin >= 0) {
      const m = other.pic.trackOf(twin);
      draw(other, m, 1 - at, { label: () => [`#${m + 1}`] });
    }
  }

  drawScale() {
    const { text, width } = scaleBar();
    fill(this.scale, h("span", null, text), h("span", { class: "rod", style: `width:${width.toFixed(1)}px` }));
  }

  /** What is told in words: chips, legend, notes, the slider's value. */
  say() {
    const [sideA, sideB] = this.sides;
    const told = (/** @type {Side} */ side) => {
      if (!side.pic.n) return "nothing: its picture is empty";
      const n = side.alive.n;
      if (!n) return "no tracks now";
      const late = side.alive.reduced;
      const level = side.pic.levels.find((l) => l.delay_s || l.coarsen_m);
      const how = late === 0 ? ", all exact" : late === n ? ", all " : `, ${count(late)} `;
      const what = late
        ? [level?.coarsen_m ? "coarse" : "", level?.delay_s ? `${seconds(level.delay_s)} late` : ""]
            .filter(Boolean)
            .join(", ") || "reduced"
        : "";
      return `${counted(n, "track")} now${how}${what}`;
    };
    if (sideB) {
      this.chips.a.lastChild.textContent = told(sideA);
      this.chips.b.lastChild.textContent = told(sideB);
      this.placeSwipe();
    }
    this.sayLegend();
    const notes = [...thinned];
    this.note.hidden = !notes.length;
    this.note.textContent = notes.join(" · ");
    const slider = this.timeline.slider;
    slider.value = String(this.t);
    slider.setAttribute("aria-valuetext", `${clockText(this.t)}, ${counted(sideA?.alive.n ?? 0, "track")}`);
    if (this.tab === "track") this.selected ? this.story.update() : this.listTracks();
  }

  sayLegend() {
    if (!this.sides.length || !this.sides[0].pic.isOpen || this.pictures.every((p) => !p.n)) {
      this.legend.hidden = true;
      return;
    }
    this.legend.hidden = false;
    const symbol = (/** @type {string} */ kind, /** @type {string} */ colour) => {
      const box = h("span", { class: "symbol", "aria-hidden": "true" });
      const dartPath = "M13 7 1 2.5 4 7 1 11.5Z";
      box.innerHTML =
        kind === "dart"
          ? `<svg width="15" height="14"><path d="${dartPath}" fill="${colour}"/></svg>`
          : kind === "hollow"
            ? `<svg width="30" height="14"><path d="${dartPath}" fill="none" stroke="${colour}" stroke-width="1.4"/><rect x="18" y="2.5" width="9" height="9" fill="none" stroke="${colour}" stroke-width="1.4"/><circle cx="22.5" cy="7" r="1.4" fill="${colour}"/></svg>`
            : kind === "square"
              ? `<svg width="15" height="14"><rect x="2.5" y="2.5" width="9" height="9" fill="none" stroke="${colour}" stroke-width="1.4"/><circle cx="7" cy="7" r="1.4" fill="${colour}"/></svg>`
              : `<svg width="15" height="14"><circle cx="7" cy="7" r="3.2" fill="none" stroke="${colour}" stroke-width="1.5"/></svg>`;
      return box;
    };
    const line = (/** @type {any} */ sign, /** @type {string} */ name, /** @type {any} */ n) =>
      h(
        "div",
        { class: "row" },
        sign,
        h("span", null, name),
        [n].flat().map((v) => h("b", null, count(v))),
      );
    const [sideA, sideB] = this.sides;
    const rows = [];
    const title = this.modes().find(([key]) => key === this.colour)?.[1] ?? "status";
    if (this.colour === "who" && sideB && this.a && this.b) {
      const c = sideA.alive.counts;
      rows.push(
        line(symbol("dart", ink.both), "both, exact", c[0]),
        line(symbol("hollow", ink.both), "both, one coarse or late", c[HOLLOW]),
        line(symbol("dart", ink.A), `only A, ${this.a.partner}`, c[1]),
        line(symbol("dart", ink.B), `only B, ${this.b.partner}`, sideB.alive.counts[2]),
      );
      if (this.layers.ghosts)
        rows.push(line(symbol("ring", ink.ink3), "ghost: not seen on this side", c[1] + sideB.alive.counts[2]));
    } else {
      if (sideB)
        rows.push(
          h("div", { class: "row head" }, h("span", null), h("span", null), h("b", null, "A"), h("b", null, "B")),
        );
      this.classes.forEach((c, at) => {
        const n = this.sides.map((side) => side.alive.counts[at]);
        rows.push(line(symbol(c.name === "tentative" ? "ring" : "dart", c.colour), words(c.name), n));
      });
      if (!isOperator && sideA.alive.reduced)
        rows.push(line(symbol("square", ink.both), "coarse or late", sideA.alive.reduced));
    }
    fill(this.legend, h("div", { class: "legend-title" }, `Colour: ${title}`), ...rows);
  }

  // ---- opening ----

  async open() {
    const hash = readHash();
    if (hash.theme === "dark" || hash.theme === "light") document.documentElement.dataset.theme = hash.theme;
    readInk();
    this.build();
    await turn();
    const xs = [];
    const ys = [];
    for (const pic of this.pictures
      .filter((p) => p.n)
      .sort((p, q) => q.n - p.n)
      .slice(0, 12)) {
      await pic.open();
      xs.push((await pic.column(isLocal ? "x" : "longitude")).slice());
      ys.push((await pic.column(isLocal ? "y" : "latitude")).slice());
    }
    const flat = (/** @type {Float64Array[]} */ lists) => {
      const out = new Float64Array(lists.reduce((n, l) => n + l.length, 0));
      let at = 0;
      for (const list of lists) {
        out.set(list, at);
        at += list.length;
      }
      return out;
    };
    view.anchor(flat(xs), flat(ys));
    if (doc.basemap && !isLocal) this.basemap = new Basemap(doc.basemap);
    this.resize();
    const [a, b] = await this.opening();
    document.querySelector(".wait")?.remove();
    if (!a || this.pictures.every((p) => !p.n)) this.empty();
    this.ready = true;
    await this.choose(a, b);
    this.buildLayers();
    if (!still && duration > 0) this.play(true);
    await applyHash(this, hash);
    document.documentElement.dataset.ready = "1";
    this.dirty();
  }

  /** Nothing to draw: say so, and why it is no error. */
  empty() {
    document.documentElement.classList.add("nothing");
    this.timeline.root.append(h("p", { class: "caption none" }, "No rows, so no time axis."));
    this.card.hidden = false;
    fill(
      this.card,
      h("h2", null, "Nothing to show"),
      h(
        "p",
        null,
        isOperator
          ? "No picture of this run has rows: nothing was tracked, or no rule lets anybody receive it. That is not an error."
          : "This picture has no rows: no rule of the agreed policy gives you tracks here, or there were none. That is not an error.",
      ),
      isLocal || isOperator
        ? null
        : h(
            "p",
            null,
            "The map shows the whole world: a picture with no rows says nothing about where or when the others recorded.",
          ),
    );
  }
}

const app = new App();
/** For tests, and for the curious. */
Object.assign(window, { trackweave: app, trackweaveView: view });
app.open().catch((error) => {
  const box = h(
    "p",
    { class: "section failed", role: "alert" },
    `The page could not be drawn: ${error?.message ?? error}. The summary above and the files beside it are whole.`,
  );
  byId("app").prepend(box);
  console.error(error);
});
