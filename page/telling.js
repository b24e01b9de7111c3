"use strict";
// What the page tells in words: chips, legend, notes, the list of tracks, the last line on paper.

/** @param {App} app */
function fillChips(app) {
  for (const [which, pic] of /** @type {["a" | "b", Picture | null][]} */ ([
    ["a", app.a],
    ["b", app.b],
  ])) {
    const chip = app.chips[which];
    if (!pic || !app.b) {
      chip.hidden = true;
      continue;
    }
    chip.hidden = false;
    const many = app.pictures.length > 200 ? app.pictures.filter((p) => p.n).slice(0, 200) : app.pictures;
    fill(
      chip,
      h("span", { class: `badge-${which}`, "aria-hidden": "true" }, which.toUpperCase()),
      h(
        "select",
        {
          "aria-label": `Picture ${which.toUpperCase()}`,
          onchange: (/** @type {any} */ e) => {
            const next = app.pictures.find((p) => p.partner === e.target.value) ?? null;
            app.choose(which === "a" ? next : app.a, which === "b" ? next : app.b);
            app.map.focus({ preventScroll: true });
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

/** What is told in words: chips, legend, notes, the slider's value. @param {App} app */
function tell(app) {
  const [sideA, sideB] = app.sides;
  const told = (/** @type {Side} */ side) => {
    if (!side.pic.n) return "nothing: its picture is empty";
    const n = side.alive.n;
    if (!n) return "no tracks now";
    const { reduced: late, untold } = side.alive;
    if (untold) return `${counted(n, "track")} now, ${untold === n ? "" : `${count(untold)} `}of a level not known`;
    const level = side.pic.levels.find((l) => l.delay_s || l.coarsen_m);
    const how = late === 0 ? ", all exact" : late === n ? ", all " : `, ${count(late)} `;
    const what = late
      ? [level?.coarsen_m ? "coarse" : "", level?.delay_s ? `${seconds(level.delay_s)} late` : ""]
          .filter(Boolean)
          .join(" and ") || "reduced"
      : "";
    return `${counted(n, "track")} now${how}${what}`;
  };
  if (sideB) {
    app.chips.a.lastChild.textContent = told(sideA);
    app.chips.b.lastChild.textContent = told(sideB);
    app.placeSwipe();
  }
  tellLegend(app);
  const notes = [...thinned];
  // So many rows that the page holds some report times only.
  const every = Math.max(1, ...basePictures.map((p) => p.every));
  if (every > 1) notes.push(`1 in ${every} report times in this page: the tables have all`);
  app.note.hidden = !notes.length;
  app.note.textContent = notes.join(" · ");
  const slider = app.timeline.slider;
  slider.value = String(app.t);
  slider.setAttribute("aria-valuetext", `${clockText(app.t)}, ${counted(sideA?.alive.n ?? 0, "track")}`);
  if (app.tab === "track") app.selected ? app.story.update() : listTracks(app);
}

/** A symbol of the legend. @param {string} kind @param {string} colour */
function symbolOf(kind, colour) {
  const line = `fill="none" stroke="${colour}" stroke-width="1.4"`;
  const dart = "M13 7 1 2.5 4 7 1 11.5Z";
  const square = (/** @type {number} */ x) =>
    `<rect x="${x}" y="2.5" width="9" height="9" ${line}/><circle cx="${x + 4.5}" cy="7" r="1.4" fill="${colour}"/>`;
  const box = h("span", { class: "symbol", "aria-hidden": "true" });
  const drawn = {
    dart: `<path d="${dart}" fill="${colour}"/>`,
    hollow: `<path d="${dart}" ${line}/>${square(18)}`,
    square: square(2.5),
    ring: `<circle cx="7" cy="7" r="3.2" ${line}/>`,
  }[kind];
  box.innerHTML = `<svg width="30" height="14">${drawn}</svg>`;
  return box;
}

/** @param {App} app */
function tellLegend(app) {
  if (!app.sides.length || !app.sides[0].pic.isOpen || app.pictures.every((p) => !p.n)) {
    app.legend.hidden = true;
    return;
  }
  app.legend.hidden = false;
  tellLate(app);
  const line = (/** @type {any} */ sign, /** @type {string} */ name, /** @type {any} */ n) =>
    h(
      "div",
      { class: [n].flat().some((v) => v > 0) ? "row" : "row zero" },
      sign,
      h("span", null, name),
      [n].flat().map((v) => h("b", null, count(v))),
    );
  const [sideA, sideB] = app.sides;
  /** @type {any[]} */
  const rows = [];
  const title = colourModes(app).find(([key]) => key === app.colour)?.[1] ?? "status";
  if (app.colour === "who" && sideB && app.a && app.b) {
    const c = sideA.alive.counts;
    rows.push(
      line(
        symbolOf("dart", ink.both),
        sideA.alive.untold + sideB.alive.untold ? "both, as far as is known exact" : "both, exact",
        c[0],
      ),
      line(symbolOf("hollow", ink.both), "both, one coarse or late", c[HOLLOW]),
      line(symbolOf("dart", ink.A), `only A, ${app.a.partner}`, c[1]),
      line(symbolOf("dart", ink.B), `only B, ${app.b.partner}`, sideB.alive.counts[2]),
    );
    if (app.layers.ghosts)
      rows.push(line(symbolOf("ring", ink.ink3), "ghost: not seen on this side", c[1] + sideB.alive.counts[2]));
  } else {
    if (sideB)
      rows.push(
        h("div", { class: "row head" }, h("span", null), h("span", null), h("b", null, "A"), h("b", null, "B")),
      );
    app.classes.forEach((c, at) => {
      const n = app.sides.map((side) => side.alive.counts[at]);
      rows.push(line(symbolOf(c.name === "tentative" ? "ring" : "dart", c.colour), words(c.name), n));
    });
    if (!isOperator && sideA.alive.reduced)
      rows.push(line(symbolOf("square", ink.both), "coarse or late", sideA.alive.reduced));
  }
  const said = `Colour: ${title}`;
  if (app.legendTitle.textContent !== said) app.legendTitle.textContent = said;
  fill(app.legendRows, ...rows);
}

/** At which time late rows are drawn, and the other way to draw them. @param {App} app */
function tellLate(app) {
  const late = app.sides.filter(({ pic }) => pic.isLate && pic.n);
  const key = `${app.knew} ${late.map(({ pic }) => pic.number)}`;
  if (app.lateKey === key) return;
  app.lateKey = key;
  app.late.hidden = !late.length;
  if (!late.length) return;
  const delays = late.flatMap(({ pic }) => [...pic.delays]);
  const most = Math.max(...delays);
  const by = most > 0 ? `${delays.some((d) => d < most) ? "up to " : ""}${seconds(most)} ` : "";
  const who = isOperator ? late.map(({ pic }) => pic.partner).join(" and ") : "you";
  fill(
    app.late,
    h(
      "span",
      null,
      app.knew
        ? `As known: late rows are where ${by ? `they were ${by}before` : "they were known last"}. `
        : `Late rows are drawn at their own time: ${who} had them ${by}later. `,
    ),
    h(
      "button",
      { type: "button", class: "link", onclick: () => app.setClock(!app.knew) },
      app.knew ? "Draw as it happened" : "Draw as known",
    ),
  );
}

/** The text twin of the map: what is on it now. @param {App} app */
function listTracks(app) {
  if (app.selected) return;
  const shown = 60;
  const lists = app.sides.map((side) => {
    const { alive, pic } = side;
    const order = Array.from(alive.track.subarray(0, alive.n), (k, i) => [k, alive.row[i]]).sort((p, q) => p[0] - q[0]);
    return [
      h("h4", null, `${isOperator ? pic.partner + ": " : ""}${counted(alive.n, "track")} at ${clockText(app.t)}`),
      h(
        "ul",
        { class: "tracks-now" },
        order
          .slice(0, shown)
          .map(([k, row]) =>
            h(
              "li",
              null,
              h("button", { type: "button", class: "link", onclick: () => app.select(pic, k) }, `#${k + 1}`),
              h("span", { class: "caption" }, rowText(pic, row)),
            ),
          ),
      ),
      order.length > shown ? h("p", { class: "caption" }, `and ${count(order.length - shown)} more`) : null,
    ];
  });
  const had = document.activeElement;
  const held = had && app.panels.track.contains(had);
  if (app.panels.track.childElementCount && (held || app.panels.track.matches(":hover"))) return;
  fill(
    app.panels.track,
    h("p", { class: "caption" }, "Choose a track on the map, or here, for its story."),
    ...lists.flat(2).filter(Boolean),
  );
}

/** @param {App} app @param {boolean} on */
function layForPrint(app, on) {
  const root = document.documentElement;
  if (on) {
    app.before = { theme: root.dataset.theme, playing: app.playing };
    app.playing = false;
    root.dataset.theme = "light";
    root.dataset.print = "1";
  } else {
    delete root.dataset.print;
    if (app.before?.theme) root.dataset.theme = app.before.theme;
    else delete root.dataset.theme;
    if (app.before?.playing) app.play(true);
  }
  readInk();
  const sides = app.b ? `A ${app.a?.partner}, B ${app.b.partner}, ` : "";
  const said = [
    doc.recording,
    `Trackweave ${doc.version ?? ""}, configuration ${String(doc.configuration_sha256 ?? "").slice(0, 16)}…, ` +
      (isOperator ? "operator edition" : `${doc.partner}’s edition`),
    doc.basemap ? "Map: Natural Earth, public domain" : "",
    app.a?.n
      ? `This view: ${sides}${clockText(app.t)} ${clockName}${app.b ? `, swipe ${Math.round(app.swipe * 100)} %` : ""}`
      : "",
  ];
  app.footer.textContent = said.filter(Boolean).join(". ") + ".";
  app.resize();
  app.repaint();
  app.render();
  if (!on) return;
  // Printers take the layers of a map for opaque: lay them on one sheet.
  const to = app.base.getContext("2d");
  to.setTransform(1, 0, 0, 1, 0, 0);
  if (app.layers.points) to.drawImage(app.rowsCanvas, 0, 0);
  to.drawImage(app.canvas, 0, 0);
}

/** Nothing to draw: say so, and why it is no error. @param {App} app */
function tellEmpty(app) {
  document.documentElement.classList.add("nothing");
  app.timeline.root.append(h("p", { class: "caption none" }, "No rows, so no time axis."));
  app.card.hidden = false;
  fill(
    app.card,
    h("h2", null, "Nothing to show"),
    h(
      "p",
      null,
      isOperator
        ? "No picture of this run has rows: nothing was tracked, or no rule lets anybody have it. That is not an error."
        : "This picture has no rows: no rule of the policy gives you tracks, or there were none. That is not an error.",
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

/** The text twin of the timeline. @param {App} app */
function eventsSection(app) {
  if (!basePictures.some((p) => p.n)) return null;
  const box = h("div", null);
  const details = h(
    "details",
    null,
    h("summary", null, "Every track that is confirmed, lost or learnt late, in order"),
    box,
  );
  details.addEventListener("toggle", () => {
    const pic = app.a;
    if (!details.open || !pic) return;
    const list = app.timeline.lanes.flatMap((lane) => lane.marks.map((mark) => ({ ...mark, what: lane.name })));
    list.sort((a, b) => a.t - b.t);
    fill(
      box,
      tableOf({
        columns: [{ name: "track" }, { name: "when" }, { name: "what" }],
        rows: list.map((event) => [`#${event.k + 1}`, clockText(event.t), event.what]),
        onrow: (_, at) => app.goTo(pic, list[at].k, list[at].t),
      }),
    );
  });
  return section("events", "Events", null, details);
}
