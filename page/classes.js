"use strict";
// Which colour each row has: who sees it, or what else the reader chose.

/** Gives each row its class by the chosen colour. @param {App} app */
async function classify(app) {
  const { a, b, rel } = app;
  const hues = [ink.k0, ink.k1, ink.k2, ink.k3, ink.k4, ink.k5, ink.k6];
  let mode = app.colour;
  if (mode === "who" && !(b && rel)) mode = "status";
  if (mode === "who" && a && b && rel) {
    app.classes = [
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
    app.sides[0].marks = mark(a, b, rel.toB, 1);
    app.sides[1].marks = mark(b, a, rel.toA, 2);
    return;
  }
  if (mode === "may") {
    const [side] = app.sides;
    const held = await side.pic.column("authorities");
    const list = side.pic.words("authorities");
    app.classes = [
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
  for (const side of app.sides) {
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
            : mode === "level" && pic.levelAt(i) !== UNKNOWN
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
  app.classes = shown.map((name) => ({
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
  if (order.length > shown.length) app.classes.push({ name: `${order.length - shown.length} others`, colour: ink.k6 });
  const index = new Map(shown.map((name, at) => [name, at]));
  for (const [side, name] of named)
    side.marks = Uint8Array.from({ length: side.pic.n }, (_, i) => index.get(name(i)) ?? shown.length);
}
