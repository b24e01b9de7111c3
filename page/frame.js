"use strict";
// The elements of the page, made once: map, timeline, side, sections; and who listens to them.

/** @param {App} app */
function buildPage(app) {
  const main = byId("app");
  app.base = h("canvas", { class: "base", "aria-hidden": "true" });
  app.rowsCanvas = h("canvas", { class: "rows", "aria-hidden": "true" });
  app.canvas = h("canvas", { class: "tracks", "aria-hidden": "true" });
  app.chips = { a: h("div", { class: "chip a" }), b: h("div", { class: "chip b" }) };
  app.handle = h(
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
  app.bar = h("div", { class: "swipe", hidden: true }, app.handle);
  app.sidesBar = h("div", { class: "sides", hidden: true }, app.chips.a, app.chips.b);
  app.legendTitle = h("summary", { class: "legend-title" });
  app.legendRows = h("div", { class: "legend-rows" });
  app.late = h("div", { class: "late caption", hidden: true });
  app.legend = h("details", { class: "legend", open: true }, app.legendTitle, app.legendRows, app.late);
  app.scale = h("div", { class: "scale" });
  app.note = h("div", { class: "note", role: "status", hidden: true });
  app.lifting = h("div", { class: "lifting", hidden: true });
  app.tip = h("div", { class: "tip", hidden: true });
  app.card = h("div", { class: "empty-card", hidden: true });
  const zooms = h(
    "div",
    { class: "zoom" },
    h("button", { type: "button", "aria-label": "Zoom in", onclick: () => app.zoom(1.6) }, "+"),
    h("button", { type: "button", "aria-label": "Zoom out", onclick: () => app.zoom(1 / 1.6) }, "−"),
    h(
      "button",
      { type: "button", "aria-label": "Show all", title: "Show all", onclick: () => app.fit() },
      h("span", { class: "fit", "aria-hidden": "true" }),
    ),
  );
  app.map = h(
    "div",
    {
      id: "map",
      class: "map",
      tabindex: 0,
      role: "application",
      "aria-label": "Map of the tracks. Arrows pan, plus and minus zoom; the tracks stand as a list in the tab Track.",
    },
    app.base,
    app.rowsCanvas,
    app.canvas,
    app.lifting,
    app.bar,
    zooms,
    app.scale,
    app.note,
    app.tip,
    app.card,
    h("div", { class: "wait" }, `drawing ${count(app.pictures.reduce((n, p) => n + p.n, 0))} rows`),
  );
  app.playButton = h(
    "button",
    { type: "button", class: "play", "aria-label": "Play", onclick: () => app.play(!app.playing) },
    h("span", { "aria-hidden": "true" }),
  );
  app.clock = h("div", { class: "clock" });
  app.speedBox = h("select", {
    "aria-label": "Speed",
    onchange: (/** @type {any} */ e) => app.setSpeed(Number(e.target.value)),
  });
  const time = h(
    "div",
    { class: "time" },
    app.playButton,
    h(
      "div",
      { class: "now" },
      app.clock,
      h(
        "div",
        { class: "caption" },
        h("span", null, clockName),
        h("span", { class: "wide" }, " · "),
        app.speedBox,
        isLocal ? null : h("span", { class: "wide" }, " · Space plays"),
      ),
    ),
    app.timeline.root,
  );
  const tabs = [
    ["pictures", isOperator ? "Pictures" : "Your picture"],
    ["track", "Track"],
    ["layers", "Layers"],
  ];
  app.tabs = tabs.map(([id, name]) =>
    h(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${id}`,
        "aria-controls": `panel-${id}`,
        "aria-selected": "false",
        onclick: () => app.showTab(id),
        onkeydown: (/** @type {KeyboardEvent} */ e) => {
          const step = e.key === "ArrowRight" ? 1 : e.key === "ArrowLeft" ? -1 : 0;
          if (!step) return;
          const next = tabs[(tabs.findIndex((t) => t[0] === id) + step + tabs.length) % tabs.length][0];
          app.showTab(next);
          byId(`tab-${next}`).focus();
          e.preventDefault();
        },
      },
      name,
    ),
  );
  app.panels = {
    pictures: h("div", { role: "tabpanel", id: "panel-pictures", "aria-labelledby": "tab-pictures" }),
    track: h("div", { role: "tabpanel", id: "panel-track", "aria-labelledby": "tab-track", hidden: true }),
    layers: h("div", { role: "tabpanel", id: "panel-layers", "aria-labelledby": "tab-layers", hidden: true }),
  };
  const side = h(
    "aside",
    { class: "side", "aria-label": "Pictures, track and layers" },
    h("div", { role: "tablist", class: "tabs" }, app.tabs),
    h("div", { class: "panel" }, Object.values(app.panels)),
  );
  const under = h("div", { class: "sections" });
  const left = h("div", { class: "left" }, app.sidesBar, h("div", { class: "map-box" }, app.map, app.legend), time);
  main.append(h("div", { class: "stage" }, left, side), under);
  app.toast = h("div", { class: "toast", role: "status", hidden: true });
  app.ruleBox = h("dialog", { class: "help", "aria-label": "A rule of the policy" });
  document.body.append(app.toast, app.ruleBox);
  app.helpBox = h(
    "dialog",
    { class: "help", "aria-label": "About this page" },
    h("h2", null, "About this page"),
    h(
      "p",
      null,
      "Recorded sensor data were fused into tracks, once for each partner, from what the agreed rules let it have. ",
      isOperator
        ? "Here all their pictures stand side by side. This page names everybody: it is for whoever runs the exchange."
        : "Here is yours, made from your folder alone: nothing that is withheld from you went into it.",
    ),
    h(
      "dl",
      { class: "terms" },
      TERMS.map(([term, what]) => h("div", null, h("dt", null, term), h("dd", null, what))),
    ),
    h("h2", null, "Keys"),
    h(
      "dl",
      null,
      KEYS.filter(([k]) => isOperator || !/^(A B|\[ \])/.test(k)).map(([key, what]) =>
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
      "Drag pans, the wheel zooms at the pointer, a double click shows all, a click on a track tells its story. " +
        "The address keeps the view: copy it to share what you see.",
    ),
    h("form", { method: "dialog" }, h("button", null, "Close")),
  );
  document.body.append(app.helpBox);
  const tools = h(
    "div",
    { class: "tools" },
    h(
      "button",
      { type: "button", "aria-label": "Light or dark", title: "Light or dark", onclick: () => app.flipTheme() },
      h("span", { class: "half", "aria-hidden": "true" }),
    ),
    h("button", { type: "button", class: "wide", onclick: () => print() }, "Print"),
    h(
      "button",
      {
        type: "button",
        "aria-label": "About this page, and keys",
        title: "About this page, and keys",
        onclick: () => app.help(),
      },
      "?",
    ),
  );
  (document.querySelector("header.top") ?? byId("summary")).append(tools);
  const made = document.getElementById("ledger");
  under.append(made ?? ledgerSection(), ...sections(app), eventsSection(app), h("footer", { class: "last" }));
  app.footer = under.querySelector("footer.last");
  buildPictures(app);
  buildLayers(app);
  buildSpeeds(app);
  app.showTab("pictures");
  listenPage(app);
}

/** @param {App} app */
function buildPictures(app) {
  const most = 24;
  const list = h("div", null);
  const find = (/** @type {string} */ text) => {
    const found = app.pictures.filter((p) => p.partner.includes(text));
    fill(list, ...found.slice(0, most).map((p) => pictureCard(app, p)));
    if (found.length > most)
      list.append(h("p", { class: "caption" }, `${count(found.length - most)} more: type a part of the name.`));
    app.markSides();
  };
  app.findPictures = () => find(/** @type {any} */ (byId("find"))?.value ?? "");
  const filter =
    app.pictures.length > most
      ? h(
          "label",
          { class: "filter" },
          "Find a partner ",
          h("input", { id: "find", type: "search", oninput: () => app.findPictures?.() }),
        )
      : null;
  const used = new Set(
    (doc.ledger ?? [])
      .slice(0, 100)
      .flatMap((/** @type {any} */ a) =>
        (isOperator || a.detections.total ? a.detections : a.rows).parts.map((/** @type {Part} */ p) => p.kind),
      ),
  );
  const coarse = (doc.ledger ?? []).some((/** @type {any} */ a) =>
    a.rows.parts.some((/** @type {Part} */ p) => p.kind === "coarse"),
  );
  if (coarse) used.add("coarse");
  const name = isOperator || (doc.ledger ?? [])[0]?.detections.total ? "detections" : "rows";
  const about = isOperator
    ? "Each partner has a picture of its own, made only from what the agreed rules let it have. Left of the bar on the " +
      "map is A’s, right of it B’s."
    : "The tracks that the agreed rules let you have, made only from detections that they let you use.";
  const smoothed = doc.configuration?.smoothing
    ? " Places are smoothed: they rest on what was detected later, too, as far as each may know it by then."
    : "";
  app.panels.pictures.append(
    h("p", { class: "caption about" }, about + smoothed),
    ...[filter, list].filter(Boolean),
    h(
      "p",
      { class: "keys" },
      Object.keys(KINDS)
        .filter((kind) => used.has(kind))
        .map((kind) =>
          h(
            "span",
            null,
            h("span", { class: `key ${kind}`, "aria-hidden": "true" }),
            ` ${kindText(kind, kind === "coarse" ? "rows" : name)}`,
          ),
        ),
    ),
    h("div", { class: "why", id: "why-side", "aria-live": "polite", hidden: true }),
  );
  const lifts = (doc.prices?.lifts ?? []).slice(0, 30);
  const taken = (/** @type {any} */ lift) => lift.rule.startsWith("permit ");
  // The name of a rule is a button of its own, so it stands beside the labels.
  const box = (/** @type {any} */ lift, /** @type {number} */ at) => {
    const id = `lift-${lifts.indexOf(lift)}-${at}`;
    const title = lift.title ?? lift.rule;
    return h(
      "div",
      { class: "check" },
      h("input", {
        id,
        type: "checkbox",
        "data-lift": lift.rule,
        "aria-label": title.replaceAll("`", ""),
        onchange: (/** @type {any} */ e) => {
          app.lift(e.target.checked ? lift.rule : null);
          if (app.map.getBoundingClientRect().bottom < 120) app.toMap();
        },
      }),
      h(
        "span",
        null,
        rich(title).map((part) => (part instanceof Element ? part : h("label", { for: id }, part))),
        lift.text ? h("span", { class: "caption block" }, rich(lift.text)) : null,
      ),
    );
  };
  const group = (/** @type {string} */ name, /** @type {any[]} */ list) =>
    list.length ? [h("h4", null, name), ...list.map(box)] : [];
  if (isOperator && lifts.length) {
    app.panels.pictures.append(
      h("h4", null, "What if"),
      h(
        "p",
        { class: "caption" },
        "Change one thing, and the map shows the pictures as a run with that change makes them.",
      ),
      ...group(
        "With a limit less",
        lifts.filter((/** @type {any} */ lift) => !taken(lift)),
      ),
      ...group("With a permission less", lifts.filter(taken)),
      ...unchanged(app, lifts),
    );
  }
  if (!isOperator) {
    const digests = Object.entries(doc.digests?.[doc.partner] ?? {});
    const from = doc.computed_from;
    const rules = /** @type {string[]} */ ([
      ...new Set((doc.audit ?? []).flatMap((/** @type {any} */ e) => e.decided_by ?? [])),
    ]);
    app.panels.pictures.append(
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

/** Partners that no change here gives another picture, and why. @param {App} app @param {any[]} lifts */
function unchanged(app, lifts) {
  const moved = new Set(lifts.flatMap((lift) => lift.pictures.map((/** @type {any} */ p) => p.partner)));
  const still = basePictures.filter((p) => !moved.has(p.partner));
  if (!still.length) return [];
  const permitted = new Set(
    (doc.decisions ?? []).filter((/** @type {any} */ d) => d.allowed).map((/** @type {any} */ d) => d.partner),
  );
  const list = (/** @type {Picture[]} */ of) =>
    of
      .slice(0, 8)
      .map((p) => p.partner)
      .join(", ") + (of.length > 8 ? ` and ${count(of.length - 8)} more` : "");
  const without = still.filter((p) => !permitted.has(p.partner));
  const others = still.filter((p) => permitted.has(p.partner));
  const line = (/** @type {string} */ text) => h("p", { class: "caption" }, text);
  const left = (doc.prices?.left_out?.length ?? 0) + (doc.prices?.refused?.length ?? 0);
  return [
    without.length
      ? line(
          `${list(without)}: no rule permits anything, so that there is none to lift. A permission more is not tried.`,
        )
      : null,
    others.length
      ? line(
          `${list(others)}: no single change gives another picture` +
            (left ? `, but for ${counted(left, "change")} that could not be shown.` : "."),
        )
      : null,
  ].filter(Boolean);
}

/** @param {App} app */
function colourModes(app) {
  const all = isOperator
    ? { who: "who sees it", status: "status", contributors: "owners", authority: "who may act", level: "level" }
    : { may: "what you may do", status: "status", contributors: "owners", level: "level" };
  return Object.entries(all).filter(
    ([key]) =>
      (key !== "who" || app.pictures.length > 1) &&
      (key !== "authority" || doc.stretches) &&
      (key !== "level" || app.pictures.some((p) => p.has("level"))),
  );
}

/** @param {App} app */
function buildLayers(app) {
  const names = {
    tails: ["Tails", app.a ? `last ${seconds(24 * (app.a.step ?? 10))}` : ""],
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
    ghosts: isOperator && app.pictures.length > 1,
    detections: !!app.detections,
    zones: !!doc.zones?.features?.length,
    sensors: !!doc.sensors?.length,
  };
  fill(
    app.panels.layers,
    h("h4", null, "Colour by"),
    h(
      "div",
      { class: "choices", role: "group", "aria-label": "Colour by" },
      colourModes(app).map(([key, name]) =>
        h(
          "button",
          {
            type: "button",
            "data-colour": key,
            "aria-pressed": String(app.colour === key),
            onclick: () => app.setColour(key),
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
              checked: /** @type {any} */ (app.layers)[key],
              onchange: () => app.toggle(key),
            }),
            h("span", null, name),
            h("span", { class: "caption" }, what),
          ),
        ),
    ),
    ...(app.pictures.some((p) => p.isLate || p.levels.some((l) => l.delay_s > 0))
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
                { type: "button", "aria-pressed": String(app.knew === key), onclick: () => app.setClock(key) },
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

/** The text of a rule, where the page has it. @param {App} app @param {string} name */
function showRule(app, name) {
  const { file, line, text } = doc.rules[name];
  const of = (doc.decisions ?? []).filter((/** @type {any} */ d) => d.policies.includes(name));
  const allowed = of.some((/** @type {any} */ d) => d.allowed);
  fill(
    app.ruleBox,
    h("h2", null, h("code", null, name)),
    h(
      "p",
      { class: "caption" },
      of.length
        ? `${allowed ? "Permits" : "Forbids"}, by ${counted(of.length, "decision")}, to ` +
            `${[...new Set(of.map((/** @type {any} */ d) => d.partner))].join(", ")}. `
        : "Decided nothing in this run. ",
      `It stands in ${file}, line ${line}, in Cedar:`,
    ),
    h("pre", { tabindex: 0 }, h("code", null, text)),
    h(
      "form",
      { method: "dialog" },
      of.length ? h("a", { href: "#decisions", onclick: () => app.ruleBox.close() }, "All decisions") : null,
      h("button", null, "Close"),
    ),
  );
  app.ruleBox.showModal();
}

/** @param {App} app */
function buildSpeeds(app) {
  if (!app.speeds.includes(app.speed)) app.speeds = [...app.speeds, app.speed].sort((x, y) => x - y);
  fill(app.speedBox, ...app.speeds.map((s) => h("option", { value: s, selected: s === app.speed }, `${s}×`)));
}

/** @param {App} app */
function listenPage(app) {
  listenKeys(app);
  listenMap(app, app.map);
  listenSwipe(app, app.handle, app.map);
  document.addEventListener("click", (e) => {
    const at = /** @type {HTMLElement} */ (e.target);
    const rule = /** @type {HTMLElement | null} */ (at.closest("[data-rule]"));
    if (rule) showRule(app, rule.dataset.rule ?? "");
    const part = /** @type {HTMLElement | null} */ (at.closest("button[data-part], #headline a[data-part]"));
    const link = /** @type {HTMLAnchorElement | null} */ (at.closest("a[href^='#']"));
    if (part) {
      const { partner = "", part: kind = "" } = part.dataset;
      const found = (part.dataset.bar ? [part.dataset.bar] : ["detections", "rows"]).some((bar) =>
        explain(byId(part.dataset.box ?? "why") ?? byId("why"), partner, bar, kind),
      );
      // The operator's detections are told finer.
      if (!found && kind === "confirmed")
        ["exact", "coarse", "either"].some((finer) => explain(byId("why"), partner, "detections", finer));
    }
    if (!link) return;
    e.preventDefault();
    const { partner } = link.dataset;
    const pic = partner && app.pictures.find((p) => p.partner === partner);
    if (pic && isOperator && app.b && pic !== app.a) app.choose(app.a, pic);
    const target = document.getElementById(link.hash.slice(1));
    if (target && !(partner && !link.dataset.part))
      target.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" });
    else if (partner) app.toMap();
  });
  new ResizeObserver(() => document.documentElement.dataset.print || app.resize()).observe(app.map);
  const above = byId("summary");
  new ResizeObserver(() => document.documentElement.style.setProperty("--above", `${above.offsetHeight}px`)).observe(
    above,
  );
  new ResizeObserver(() => app.ready && app.timeline.draw()).observe(app.timeline.root);
  for (const name of ["pointerenter", "pointerleave"]) app.panels.track.addEventListener(name, () => app.dirty());
  new ResizeObserver(() => app.story.draw()).observe(app.panels.track);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    setTheme(app, document.documentElement.dataset.theme ?? ""),
  );
  addEventListener("hashchange", () => applyHash(app, readHash()));
  addEventListener("beforeprint", () => layForPrint(app, true));
  addEventListener("afterprint", () => layForPrint(app, false));
}
