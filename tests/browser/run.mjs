// Opens pages in a real browser and uses them; `scripts/browser` sets up what this needs and calls it:
// `node run.mjs --modules DIR [--out OUT] [--shots DIR] [--browser PATH] [--quick] PAGE...`.
// Pages are files; nothing is served. With --out the folders of the output say which names a partner's page may hold:
// every name in the operator's page that is not in the partner's folder must not be in the partner's page.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    modules: { type: "string" },
    out: { type: "string" },
    shots: { type: "string" },
    browser: { type: "string" },
    quick: { type: "boolean" },
  },
});
const modules = resolve(values.modules ?? "target/browser/node_modules");
const { chromium } = createRequire(join(modules, "playwright-core/package.json"))("playwright-core");
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
// Bars of speed: told in every run, held only without --quick, on a machine that does nothing else.
const FRAME_MS = values.quick ? Infinity : 50;
const OPEN_MS = values.quick ? Infinity : 10_000;
// So long a busy machine may take for anything.
const PATIENCE_MS = 120_000;
const MOST_BYTES = 20e6;
let passed = 0;
let failed = 0;

/** A promise of the page, kept or not. */
async function check(name, test) {
  try {
    const said = await test();
    passed++;
    console.log(`ok    ${name}${said ? `: ${said}` : ""}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}: ${error?.message ?? error}`);
  }
}

function hold(condition, message) {
  if (!condition) throw new Error(message);
}

function equal(found, wanted, what) {
  hold(
    JSON.stringify(found) === JSON.stringify(wanted),
    `${what}: found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`,
  );
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1] ?? NaN;

/** A page in a browser, with everything that it said and asked for. */
async function open(
  browser,
  file,
  { hash = "", width = 1440, height = 900, theme = "light", motion = "no-preference" } = {},
) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: motion,
    offline: true,
  });
  const page = await context.newPage();
  const noise = [];
  const requests = [];
  page.on("console", (m) => m.type() === "log" || noise.push(`${m.type()}: ${m.text()}`));
  page.on("pageerror", (e) => noise.push(`error: ${e.message}`));
  page.on("request", (r) => r.url().startsWith("data:") || requests.push(r.url()));
  await page.addInitScript(() =>
    addEventListener("securitypolicyviolation", (e) =>
      console.error(`policy forbids ${e.blockedURI} by ${e.violatedDirective}`),
    ),
  );
  const began = Date.now();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(`file://${resolve(file)}${hash}`);
  await page.waitForFunction(() => document.documentElement.dataset.ready, null);
  return { page, noise, requests, took: Date.now() - began, close: () => context.close() };
}

/** What is on the map: tracks by side, with their places. */
const shown = (page) =>
  page.evaluate(() => {
    const app = window.trackweave;
    app.render();
    return app.sides.map(({ pic, alive }) =>
      Array.from({ length: Math.min(alive.n, 2000) }, (_, i) => [
        pic.ids[alive.track[i]],
        Math.round(alive.x[i] * 10),
        Math.round(alive.y[i] * 10),
      ]),
    );
  });

const state = (page) =>
  page.evaluate(() => {
    const { t, a, b, swipe, colour, layers, knew, selected, k, tab, playing } = window.trackweave;
    const v = window.trackweaveView;
    return {
      t: Math.round(t),
      a: a?.partner,
      b: b?.partner,
      swipe: Math.round(swipe * 1000),
      colour,
      layers,
      knew,
      sel: selected ? selected.ids[k] : null,
      tab,
      playing,
      x: v.cx,
      y: v.cy,
      scale: v.scale,
    };
  });

/** The document that a page carries, and its text without scripts and styles. */
function read(file) {
  const html = readFileSync(file, "utf8");
  const data = html.match(/<script id="data" type="application\/json">([\s\S]*?)<\/script>/)?.[1] ?? "{}";
  const bare = html.replace(/<style>[\s\S]*?<\/style>/g, "").replace(/<script>[\s\S]*?<\/script>/g, "");
  return { html, doc: JSON.parse(data), bare };
}

/** All names that the operator's page knows: partners, owners, sensors, zones, rules. */
function namesOf(doc) {
  const names = new Set();
  for (const p of doc.pictures) {
    names.add(p.partner);
    for (const list of p.columns?.contributors?.values ?? []) for (const owner of list.split(", ")) names.add(owner);
  }
  for (const s of doc.sensors ?? []) names.add(s.name).add(s.owner);
  for (const z of doc.zones?.features ?? []) names.add(z.properties?.name);
  for (const d of doc.decisions ?? []) for (const rule of d.policies) names.add(rule);
  names.delete("");
  names.delete(undefined);
  return names;
}

/** The story of a track of which the record tells more than where it was. */
async function testRecord(page, picture) {
  const found = await page.evaluate(async (partner) => {
    const app = window.trackweave;
    const pic = app.pictures.find((p) => p.partner === partner);
    await app.choose(pic, app.b === pic ? app.a : app.b);
    await pic.ready();
    let k = 0;
    for (; k < pic.tracks; k++) if ((await pic.takenBy(k))?.time.length) break;
    app.select(pic, k);
    await new Promise((done) => setTimeout(done, 1500));
    const { story } = app;
    const taken = await pic.takenBy(k);
    document.querySelector(".story .taken summary").click();
    await new Promise((done) => setTimeout(done, 200));
    const more = document.querySelector(".story .taken button.more");
    more?.click();
    const of = (start) => story.strips.find((s) => s.name.startsWith(start));
    const off = of("filter off").line.filter(Number.isFinite);
    const { width, height } = story.canvas;
    const ink = story.canvas
      .getContext("2d")
      .getImageData(0, 0, width, height)
      .data.filter((v, i) => i % 4 === 3 && v);
    return {
      key: document.querySelector(".story .key.smoothed + .key.filtered") !== null,
      off: [Math.min(...off), Math.max(...off)],
      took: taken.time.length,
      stems: of("took").line.length,
      innovations: [of("NIS").line.length, of("NIS").bound],
      listed: document.querySelectorAll(".story .taken tbody tr").length,
      links: [...document.querySelectorAll(".story .link-to")].map((p) => p.textContent),
      drawn: ink.length,
    };
  }, picture.partner);
  hold(found.key, "no key of the smoothed line and of the filter's");
  // 0.002 degrees east and 0.001 south, in Switzerland: 150 m and 111 m.
  hold(found.off[0] > 150 && found.off[1] < 230, `the filter's line is ${found.off} m off`);
  hold(found.took > 10, `${found.took} detections`);
  equal([found.stems, found.innovations[0], found.listed], [found.took, found.took, found.took], "detections shown");
  // 95 of 100 of two numbers squared are below 5.99, so that of one it is 3.00.
  hold(Math.abs(found.innovations[1] - 2.996) < 0.001, `the bound is ${found.innovations[1]}`);
  equal(found.links.length, 1, "links of the first track");
  hold(/goes on as track #\d+, with a probability of 0.75/.test(found.links[0]), `the link says ${found.links[0]}`);
  await page.locator(".story .link-to button").click();
  await page.waitForFunction(() => /goes on from track/.test(document.querySelector(".story")?.textContent ?? ""));
  hold(found.drawn > 1000, "the strips are empty");
  return `${found.took} detections, the filter ${found.off.map(Math.round).join(" to ")} m off`;
}

/** The selected track has two lines where its picture is smoothed, and no second one where its places are coarse. */
async function testFiltered(page, picture) {
  const found = await page.evaluate(async (partner) => {
    const app = window.trackweave;
    const pic = app.pictures.find((p) => p.partner === partner);
    await app.choose(pic, app.b === pic ? app.a : app.b);
    await pic.ready();
    const x = (await pic.column("filtered_longitude")) ?? (await pic.column("filtered_x"));
    const rows = (k) => Array.from(x.subarray(pic.start[k], pic.start[k + 1])).filter(Number.isFinite).length;
    const order = Array.from({ length: pic.tracks }, (_, k) => k).sort((k, l) => rows(l) - rows(k));
    const [told, swipe] = [[], app.swipe];
    for (const k of [order[0], order[pic.tracks - 1]]) {
      app.select(pic, k);
      await new Promise((done) => setTimeout(done, 800));
      const { story } = app;
      const line = story.strips.find((s) => s.name.startsWith("filter off"))?.line ?? [];
      // So near that the lines, some metres apart, do not lie on one another, and not behind the swipe bar.
      app.swipe = pic === app.a ? 1 : 0;
      app.centre();
      app.zoom(40);
      await new Promise((done) => setTimeout(done, 800));
      const drawn = () => {
        app.render();
        return [...document.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL()).join();
      };
      const [keys, both] = [document.querySelectorAll(".story .key.smoothed + .key.filtered").length, drawn()];
      const { filtered } = story.extra;
      story.extra.filtered = undefined;
      const changes = drawn() !== both;
      story.extra.filtered = filtered;
      told.push({ rows: rows(k), keys, changes, line: Array.from(line).filter(Number.isFinite).length });
    }
    app.swipe = swipe;
    app.fit();
    app.select(pic, order[0]);
    return told;
  }, picture.partner);
  const [most, least] = found;
  equal([most.keys, most.changes, most.line], [1, true, most.rows], "lines of the track with most rows of the filter");
  if (!least.rows) equal([least.keys, least.changes, least.line], [0, false, 0], "lines of a track without any");
  return `${most.rows} rows with both lines, another track ${least.rows}`;
}

/** A rule's text opens where the rule is named. */
async function testRule(page, doc) {
  const rule = page.locator("#decisions [data-rule]").first();
  const name = await rule.getAttribute("data-rule");
  await rule.click();
  equal(await page.textContent("dialog[open] pre"), doc.rules[name].text, "the text");
  hold(
    (await page.textContent("dialog[open]")).includes(doc.rules[name].file),
    "it does not say where the rule stands",
  );
  await page.keyboard.press("Escape");
  equal(await page.locator("dialog[open]").count(), 0, "dialogs");
  return name;
}

/** Every pair of sensors with its numbers, or why there are none. */
async function testBiases(page, { pairs, unpaired, why }) {
  const text = await page.textContent("#sensors");
  for (const { sensors, objects } of pairs) {
    const row = page.locator("#sensors tr", { hasText: sensors[0] }).filter({ hasText: sensors[1] });
    hold((await row.textContent()).includes("±"), `no error beside the bias of ${sensors}`);
    hold((await row.textContent()).includes(objects.toLocaleString("en-US")), `how many objects of ${sensors}`);
  }
  for (const { why } of unpaired) hold(text.includes(why.replaceAll("`", "")), `it does not say why: ${why}`);
  if (why) hold(text.includes(why.replaceAll("`", "")), `it does not say ${why}`);
  return `${pairs.length} pairs, ${unpaired.length} without`;
}

async function testPage(browser, file, operator) {
  const label = file.split("/").slice(-2).join("/");
  const { html, doc, bare } = read(file);
  const rows = doc.pictures.reduce((n, p) => n + (p.rows ?? 0), 0);
  const two = doc.edition === "operator" && doc.pictures.length > 1;
  const any = rows > 0;
  const name = (what) => `${label}: ${what}`;

  await check(name("size and form"), () => {
    const size = statSync(file).size;
    hold(size < MOST_BYTES, `${size} bytes, wanted under ${MOST_BYTES}`);
    const csp = html.match(/Content-Security-Policy" content="([^"]*)"/)?.[1] ?? "";
    hold(csp.startsWith("default-src 'none'"), `policy is ${csp}`);
    hold(!/connect-src|unsafe-eval|script-src[^;]*unsafe-inline|https?:/.test(csp), `policy lets too much: ${csp}`);
    hold(!/\{\{\w+\}\}/.test(bare), "a placeholder is left");
    return `${(size / 1e6).toFixed(2)} MB, ${rows} rows`;
  });

  for (const partner of Object.values(doc.ledger ?? {})) {
    for (const bar of ["detections", "rows"]) {
      const { total, parts } = partner[bar];
      if (parts.reduce((n, p) => n + p.count, 0) !== total)
        await check(name(`ledger of ${partner.partner}`), () => hold(false, `${bar}: parts do not add to ${total}`));
    }
  }

  if (doc.edition === "partner" && operator && values.out) {
    await check(name("holds no name that its folder lacks"), () => {
      const folder = join(values.out, doc.partner);
      const own = ["audit.jsonl", "manifest.json"].map((f) => readFileSync(join(folder, f), "utf8")).join("\n");
      const word = (n) => new RegExp(`(?<![A-Za-z0-9_])${n.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![A-Za-z0-9_])`);
      // Coded numbers are no words.
      const told = bare.replace(/"(z|absent)":"[A-Za-z0-9+/=]*"/g, "");
      const hidden = [...namesOf(operator)].filter((n) => n !== doc.partner && !word(n).test(own));
      const leaked = hidden.filter((n) => word(n).test(told));
      equal(leaked, [], "names");
      return `${hidden.length} names looked for`;
    });
    await check(name("the same code and style as the operator's page"), () => {
      const code = (text) => text.match(/<(style|script)>[\s\S]*?<\/\1>/g)?.join("");
      hold(
        code(html) ===
          code(
            readFileSync(
              positionals.find((p) => read(p).doc.edition === "operator"),
              "utf8",
            ),
          ),
        "they differ",
      );
    });
  }

  const main = await open(browser, file);
  const { page } = main;
  await check(name("opens"), () => {
    hold(main.took < OPEN_MS, `${main.took} ms, wanted under ${OPEN_MS}`);
    return `${main.took} ms`;
  });

  if (any && doc.span[1] > doc.span[0]) {
    await check(name("plays from the middle"), async () => {
      const first = await state(page);
      await page.waitForTimeout(700);
      const then = await page.evaluate(() => window.trackweave.t);
      hold(first.playing, "it stands still");
      hold(then !== first.t && first.t > 0, `clock ${first.t} then ${then}`);
      await page.evaluate(() => window.trackweave.play(false));
    });
    await check(name("the slider moves tracks"), async () => {
      const ends = (doc.span[1] - doc.span[0]) / 1e6;
      await page.evaluate((t) => window.trackweave.seek(t, true), ends * 0.4);
      const before = await shown(page);
      const slider = page.locator("#time");
      await slider.focus();
      for (let i = 0; i < 5; i++) await slider.press("Shift+ArrowRight");
      for (let i = 0; i < 5; i++) await slider.press("ArrowRight");
      await page.waitForTimeout(100);
      const after = await shown(page);
      hold(JSON.stringify(before) !== JSON.stringify(after), "nothing moved");
      hold(
        /track/.test((await slider.getAttribute("aria-valuetext")) ?? ""),
        "the slider does not say how many tracks",
      );
    });
    await check(name("coarse rows stay in their cells, late ones come late"), async () => {
      const [coarse, late] = await page.evaluate(() => {
        const app = window.trackweave;
        const v = window.trackweaveView;
        let coarse = 0;
        let late = 0;
        for (const part of [0.2, 0.5, 0.8]) {
          const t = part * Number(app.timeline.slider.max) + 0.37;
          for (const knew of [false, true]) {
            for (const side of app.sides) {
              const { pic, alive } = side;
              alive.collect(side, t, knew);
              for (let i = 0; i < alive.n; i++) {
                const row = alive.row[i];
                if (pic.time[row] + (knew ? pic.delay(row) : 0) > t)
                  throw new Error("a row is shown before it was known");
                if (knew && pic.delay(row) > 0) late++;
                if (!pic.cell(row)) continue;
                coarse++;
                const off = Math.hypot(alive.x[i] - v.screenX(pic.x[row]), alive.y[i] - v.screenY(pic.y[row]));
                if (off > 0.1) throw new Error(`a coarse row is drawn ${off} px off its cell`);
              }
            }
          }
        }
        app.dirty();
        return [coarse, late];
      });
      return `${coarse} coarse, ${late} late`;
    });
    await check(name("a drag on the timeline seeks"), async () => {
      const box = await page.locator(".lanes").boundingBox();
      const before = await page.evaluate(() => window.trackweave.t);
      await page.mouse.move(box.x + box.width * 0.5, box.y + 15);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width * 0.7, box.y + 15, { steps: 4 });
      await page.mouse.up();
      const after = await page.evaluate(() => window.trackweave.t);
      hold(Math.abs(after - before) > 1e-6, "the clock stood");
    });
    await check(name("a click on a track tells its story"), async () => {
      const at = await page.evaluate(() => {
        const app = window.trackweave;
        // A moment and a track of this side with nothing of the page over it.
        for (const part of [0.5, 0.3, 0.6, 0.8, 0.2]) {
          app.seek((app.a.last.length ? Math.max(...app.a.last.slice(0, 1e5)) : 0) * part, true);
          app.setSwipe(1);
          app.render();
          const box = app.map.getBoundingClientRect();
          const { alive } = app.sides[0];
          for (let i = 0; i < alive.n; i++) {
            const [x, y] = [box.left + alive.x[i], box.top + alive.y[i]];
            if (alive.x[i] > 30 && alive.y[i] > 30 && document.elementFromPoint(x, y) === app.map) return [x, y];
          }
        }
        return null;
      });
      hold(at, "no track lies free on the map");
      await page.mouse.click(at[0], at[1]);
      await page.waitForSelector(".story h3");
      await page.waitForSelector(".story .facts dd");
      const title = await page.textContent(".story h3");
      hold(/^Track #\d/.test(title), `title ${title}`);
      const text = await page.textContent(".story");
      hold(
        !/undefined|NaN|null|\[object/.test(text),
        `the story says ${text.match(/.{0,30}(undefined|NaN|null|\[object).{0,20}/)?.[0]}`,
      );
      await page.keyboard.press("Escape");
      equal((await state(page)).sel, null, "selection after Esc");
      return title;
    });
    await check(name("keys"), async () => {
      await page.locator("#map").focus();
      const start = await state(page);
      await page.keyboard.press("Space");
      hold((await state(page)).playing, "Space does not play");
      await page.keyboard.press("Space");
      await page.keyboard.press("t");
      equal((await state(page)).layers.tails, !start.layers.tails, "tails");
      await page.keyboard.press("t");
      await page.keyboard.press("+");
      hold((await state(page)).scale > start.scale * 1.2, "+ does not zoom");
      await page.keyboard.press("0");
      await page.keyboard.press("n");
      hold((await state(page)).sel !== null, "N selects nothing");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Home");
      equal((await state(page)).t, 0, "Home");
      await page.keyboard.press("?");
      hold(await page.locator("dialog[open]").count(), "? opens nothing");
      await page.keyboard.press("Escape");
    });
    await check(name("wheel and drag move the map"), async () => {
      const box = await page.locator("#map").boundingBox();
      const start = await state(page);
      await page.mouse.move(box.x + box.width / 3, box.y + box.height / 2);
      await page.mouse.wheel(0, -400);
      await page.waitForTimeout(60);
      hold((await state(page)).scale > start.scale, "the wheel does not zoom");
      const before = await state(page);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 3 + 80, box.y + box.height / 2 + 40, { steps: 5 });
      await page.mouse.up();
      const after = await state(page);
      hold(
        Math.abs((before.x - after.x) * after.scale - 80) < 12,
        `dragged 80 px, moved ${(before.x - after.x) * after.scale}`,
      );
      await page.locator("#map").dblclick({ position: { x: box.width / 2 + 90, y: box.height / 3 } });
    });
  }

  if (two && any) {
    await check(name("the swipe shares the map out"), async () => {
      await page.evaluate(() => window.trackweave.setSwipe(0.5));
      await page.waitForTimeout(100);
      const box = await page.locator(".handle").boundingBox();
      const before = await page.locator("canvas.tracks").screenshot();
      await page.mouse.move(box.x + 16, box.y + 16);
      await page.mouse.down();
      await page.mouse.move(box.x + 216, box.y + 16, { steps: 5 });
      await page.mouse.up();
      await page.waitForTimeout(100);
      const now = Number(await page.locator(".handle").getAttribute("aria-valuenow"));
      hold(now > 60 && now < 80, `the handle says ${now}`);
      await page.locator(".handle").press("ArrowLeft");
      hold(Number(await page.locator(".handle").getAttribute("aria-valuenow")) < now, "the arrow does not move it");
      hold(!before.equals(await page.locator("canvas.tracks").screenshot()), "the map is the same");
    });
    await check(name("another partner can be chosen"), async () => {
      const before = await state(page);
      await page.keyboard.press("b");
      await page.waitForTimeout(600);
      const after = await state(page);
      hold(doc.pictures.length < 3 || after.b !== before.b, "B is the same");
      await page.keyboard.press("g");
      equal((await state(page)).layers.ghosts, true, "ghosts");
    });
    await check(name("a part of the ledger gives its reason"), async () => {
      const parts = page.locator("#ledger button.part");
      hold((await parts.count()) > 0, "no parts");
      await parts.last().click();
      const why = await page.textContent("#why");
      hold(/\d/.test(why) && why.length > 30, `says ${why}`);
    });
  }

  if (any) {
    await check(name("the address restores the view"), async () => {
      await page.evaluate(async (both) => {
        const app = window.trackweave;
        app.play(false);
        app.seek(app.t * 0 + 0.37 * (app.timeline.slider.max || 1), true);
        if (both) app.setSwipe(0.31);
        app.toggle("ellipses");
        app.zoom(2);
        app.setClock(true);
        await app.setColour("status");
        app.nextTrack(1);
      }, two);
      await page.waitForTimeout(900);
      const hash = await page.evaluate(() => location.hash);
      const wanted = await state(page);
      const again = await open(browser, file, { hash });
      await again.page.waitForTimeout(300);
      const found = await state(again.page);
      for (const key of ["t", "a", "b", ...(two ? ["swipe"] : []), "colour", "layers", "knew", "sel", "playing"])
        equal(found[key], wanted[key], key);
      hold(Math.abs(found.scale / wanted.scale - 1) < 0.01, `scale ${found.scale}, wanted ${wanted.scale}`);
      hold(
        Math.abs(found.x - wanted.x) * wanted.scale < 3 && Math.abs(found.y - wanted.y) * wanted.scale < 3,
        "the middle is elsewhere",
      );
      equal(again.noise, [], "console");
      await again.close();
    });
    await check(name("frames while playing"), async () => {
      await page.evaluate(async () => {
        const app = window.trackweave;
        app.select(null, -1);
        app.fit();
        for (const name of ["tails", "ellipses", "ghosts", "detections"]) if (!app.layers[name]) app.toggle(name);
        app.seek(0.45 * Number(app.timeline.slider.max));
        app.play(true);
        await new Promise((done) => setTimeout(done, 500));
        app.between.length = app.costs.length = 0;
      });
      await page.waitForTimeout(values.quick ? 1500 : 3000);
      const [between, costs, note] = await page.evaluate(() => {
        window.trackweave.play(false);
        return [window.trackweave.between, window.trackweave.costs, window.trackweave.note.textContent];
      });
      hold(between.length > 3, "it does not play");
      hold(median(between) < FRAME_MS, `median ${median(between).toFixed(1)} ms, wanted under ${FRAME_MS}`);
      return (
        `median ${median(between).toFixed(1)} ms a frame, ${median(costs).toFixed(1)} ms of script` +
        (note ? `; says "${note}"` : "")
      );
    });
    await check(name("all rows at once, and zoomed"), async () => {
      const times = await page.evaluate(async () => {
        const app = window.trackweave;
        if (!app.layers.points) app.toggle("points");
        app.play(true);
        await new Promise((done) => setTimeout(done, 400));
        app.between.length = 0;
        for (let i = 0; i < 20; i++) {
          app.zoom(i < 10 ? 1.15 : 1 / 1.15);
          await new Promise((done) => requestAnimationFrame(done));
        }
        app.play(false);
        return app.between;
      });
      return `median ${median(times).toFixed(1)} ms a frame while zooming`;
    });
  } else {
    await check(name("an empty picture says so"), async () => {
      hold(await page.locator(".empty-card").isVisible(), "no card");
      hold(!(await page.locator(".play").isVisible()), "it can be played");
    });
  }

  if (doc.prices?.lifts?.length) {
    await check(name("a rule can be lifted, and put back"), async () => {
      const rows = (partner) =>
        page.evaluate((p) => window.trackweave.pictures.find((q) => q.partner === p).n, partner);
      const onMap = (partner) =>
        page.evaluate(async (p) => {
          const app = window.trackweave;
          const pic = app.pictures.find((q) => q.partner === p);
          await app.choose(
            app.pictures.find((q) => q !== pic),
            pic,
          );
          app.setSwipe(0);
          await new Promise((done) => setTimeout(done, 100));
          app.render();
          return app.canvas.toDataURL();
        }, partner);
      await page.evaluate(() => {
        const app = window.trackweave;
        app.play(false);
        app.seek(0.5 * Number(app.timeline.slider.max));
        // Ellipses are drawn when they have been read, which may be later.
        if (app.layers.ellipses) app.toggle("ellipses");
        return app.setColour("status");
      });
      await page.locator("#tab-pictures").click();
      let drawn = 0;
      for (const lift of doc.prices.lifts.slice(0, 30)) {
        const { partner, same_as } = lift.pictures[0];
        const held = same_as
          ? doc.prices.lifts.find((l) => l.rule === same_as.rule).pictures.find((p) => p.partner === same_as.partner)
          : lift.pictures[0];
        const [before, mapBefore] = [await rows(partner), await onMap(partner)];
        const box = page.locator(`input[data-lift="${lift.rule}"]`);
        await box.check();
        await page.waitForFunction((rule) => window.trackweave.lifted === rule, lift.rule);
        equal(await rows(partner), held.rows, `rows of ${partner} with ${lift.rule}`);
        hold((await page.textContent(".lifting")).includes(lift.rule.split(" ").at(-1)), "the map does not say so");
        if ((await onMap(partner)) !== mapBefore) drawn++;
        await box.uncheck();
        await page.waitForFunction(() => window.trackweave.lifted === null);
        equal(await rows(partner), before, `rows of ${partner} after ${lift.rule}`);
        hold((await onMap(partner)) === mapBefore, `the map is another one after ${lift.rule}`);
      }
      hold(drawn > 0, "no lift changes the map");
      return `${doc.prices.lifts.length} lifts, ${drawn} change the map at this moment`;
    });
  }
  for (const panel of doc.panels ?? []) {
    await check(name(`the section ${panel.id}`), async () => {
      const at = page.locator(`#${panel.id}`);
      await at.scrollIntoViewIfNeeded();
      await page.waitForTimeout(200);
      const charts = (panel.charts ?? []).length;
      hold((await at.locator(".uplot").count()) >= charts, "a chart is missing");
      hold(
        (await at.locator("tbody tr").count()) >=
          (panel.tables ?? []).reduce((n, t) => n + Math.min(t.rows.length, 100), 0),
        "rows are missing",
      );
    });
  }
  const smoothed = doc.pictures.find((p) => Object.keys(p.columns ?? {}).some((c) => c.startsWith("filtered_")));
  if (smoothed) await check(name("the smoothed line and the filter's"), () => testFiltered(page, smoothed));
  const brings = doc.pictures.find((p) => p.associations);
  if (brings) await check(name("the story shows what the record brings"), () => testRecord(page, brings));
  if (doc.edition === "operator" && doc.rules) await check(name("a rule can be read"), () => testRule(page, doc));
  else if (doc.edition === "partner")
    await check(name("no rule can be read"), async () => {
      equal(await page.locator("[data-rule]").count(), 0, "rules that open");
      equal(doc.rules, undefined, "texts of rules");
    });
  if (doc.biases) await check(name("biases between sensors"), () => testBiases(page, doc.biases));
  if (two && any && (await page.locator("#coherence").count()))
    await check(name("a cell of the matrix says what it changes"), async () => {
      await page.evaluate(() => document.querySelector("#coherence").scrollIntoView({ block: "start" }));
      const cell = page.locator(".matrix button.link").last();
      await cell.click();
      const { a, b } = await state(page);
      const said = await page.textContent(".toast");
      hold(said.includes(a) && said.includes(b), `says ${said}`);
      await page.locator(".toast button", { hasText: "To the map" }).click();
      await page.waitForFunction(() => scrollY < 50);
      return said;
    });
  if (any && (await page.evaluate(() => window.trackweave.sides.some(({ pic }) => pic.isLate))))
    await check(name("late rows are said to be drawn at their own time, or as known"), async () => {
      await page.evaluate(() => (window.trackweave.setClock(false), window.trackweave.render()));
      const said = await page.textContent(".late");
      hold(/own time/.test(said) && /later/.test(said), `says ${said}`);
      await page.locator(".late button").click();
      await page.waitForFunction(() => /As known/.test(document.querySelector(".late").textContent));
      equal((await state(page)).knew, true, "the clock");
      await page.locator(".late button").click();
      return said;
    });
  if (two && any)
    await check(name("nothing that says which pictures these are lies on the map"), async () => {
      const over = await page.evaluate(() => {
        const map = document.querySelector("#map").getBoundingClientRect();
        return [...document.querySelectorAll(".chip")].filter((chip) => {
          const box = chip.getBoundingClientRect();
          return box.width && box.bottom > map.top + 1 && box.top < map.bottom;
        }).length;
      });
      equal(over, 0, "chips over the map");
    });
  if (doc.prices?.lifts?.length)
    await check(name("who has no change to try is told so"), async () => {
      const moved = new Set(doc.prices.lifts.flatMap((lift) => lift.pictures.map((p) => p.partner)));
      const still = doc.pictures.map((p) => p.partner).filter((p) => !moved.has(p));
      const said = await page.textContent("#panel-pictures");
      const what = said.slice(said.indexOf("What if"));
      equal(
        still.slice(0, 8).filter((p) => !new RegExp(`${p}[^.]*: no `).test(what)),
        [],
        "partners of whom nothing is said",
      );
    });
  if (any) {
    await check(name("text twins: tracks now, events, rows of a track"), async () => {
      await page.evaluate(
        () => (
          window.trackweave.play(false),
          window.trackweave.select(null, -1),
          window.trackweave.seek(0.5 * Number(window.trackweave.timeline.slider.max))
        ),
      );
      await page.mouse.move(5, 5);
      await page.locator("#tab-track").click();
      await page.mouse.move(5, 5);
      await page.waitForTimeout(300);
      const [listed, alive] = await page.evaluate(() => [
        document.querySelectorAll(".tracks-now li").length,
        window.trackweave.sides.reduce((n, s) => n + Math.min(60, s.alive.n), 0),
      ]);
      equal(listed, alive, "tracks listed");
      await page.locator("#events summary").click();
      await page.waitForTimeout(300);
      hold((await page.locator("#events tbody tr").count()) > 0, "no events");
    });
  }

  await check(name("no error, no request"), () => {
    equal(main.noise, [], "console");
    equal(
      main.requests.map((r) => r.split("#")[0]),
      [`file://${resolve(file)}`],
      "requests",
    );
  });
  await main.close();

  await check(name("narrow, and at 200 %"), async () => {
    for (const [width, height] of [
      [390, 844],
      [720, 450],
      [320, 640],
    ]) {
      const small = await open(browser, file, { width, height });
      const wide = await small.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      hold(wide[0] <= wide[1], `${width} px: the page is ${wide[0]} px wide`);
      // What is wider than the window scrolls by itself, and says so.
      for (const section of await small.page.locator("section.section").all()) await section.scrollIntoViewIfNeeded();
      await small.page.waitForTimeout(200);
      const [cut, cued] = await small.page.evaluate(() => {
        const boxes = [...document.querySelectorAll(".section .scroll")].filter(
          (b) => b.scrollWidth > b.clientWidth + 2,
        );
        const hasCue = (b) => getComputedStyle(b.parentElement.querySelector(".cue")).display !== "none";
        return [boxes.length, boxes.filter((b) => b.scrollLeft > 0 || hasCue(b)).length];
      });
      equal(cued, cut, `tables at ${width} that say that they go on, of those that do`);
      if (width === 320 && doc.edition === "operator" && any) hold(cut > 0, "no table is wide at 320 px");
      equal(small.noise, [], `console at ${width}`);
      await small.close();
    }
  });
  await check(name("stands still for those who wish it"), async () => {
    const calm = await open(browser, file, { motion: "reduce" });
    hold(!(await state(calm.page)).playing, "it plays");
    await calm.close();
  });

  if (values.shots) {
    mkdirSync(values.shots, { recursive: true });
    const stem = join(values.shots, basename(dirname(resolve(file))));
    for (const [kind, options] of [
      ["light", {}],
      ["dark", { theme: "dark" }],
      ["phone", { width: 390, height: 844 }],
    ]) {
      const shot = await open(browser, file, options);
      await shot.page.evaluate(() => window.trackweave.play(false));
      await shot.page.waitForTimeout(400);
      await shot.page.screenshot({ path: `${stem}-${kind}.png` });
      if (kind === "light" && any) {
        await shot.page.evaluate(() => window.trackweave.nextTrack(3));
        await shot.page.waitForTimeout(800);
        await shot.page.screenshot({ path: `${stem}-story.png` });
      }
      await shot.close();
    }
  }
}

if (!positionals.length) {
  console.error("usage: node run.mjs --modules DIR [--out OUT] [--shots DIR] [--browser PATH] [--quick] PAGE...");
  process.exit(2);
}
await check("types", () => {
  const here = import.meta.dirname;
  try {
    execFileSync(
      process.execPath,
      [join(modules, "typescript/bin/tsc"), "-p", join(here, "../../page/tsconfig.json")],
      { encoding: "utf8", stdio: "pipe" },
    );
  } catch (error) {
    throw new Error(`${error.stdout ?? ""}${error.stderr ?? ""}`.slice(0, 2000));
  }
});
const executablePath =
  values.browser ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
if (!executablePath) {
  console.error("no browser: looked for chromium under /usr/bin; give --browser PATH");
  process.exit(2);
}
const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
const operatorFile = positionals.find((p) => read(p).doc.edition === "operator");
const operator = operatorFile ? read(operatorFile).doc : null;
for (const file of positionals) await testPage(browser, file, operator);
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
