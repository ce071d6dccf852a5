// The metric explorer: shows exported cells, adds nothing up. Everything that comes from data is set as text, never as HTML.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const data = JSON.parse(unpack(document.getElementById("data")));
  const at = (id) => document.getElementById(id);
  const zh = () => page.lang() === "zh";
  const t = (a, b) => (zh() ? a : b);
  const MOST = 7, ROWS = 400;
  const metrics = new Map(data.metrics.map((metric) => [metric.metric_id, metric]));
  const splitsOf = (metric, grain) => Object.keys(data.cubes).filter((k) => k.startsWith(`${metric}|${grain}|`)).map((k) => k.split("|")[2]);
  const grainsOf = (metric) => Object.keys(data.grains).filter((grain) => splitsOf(metric, grain).length);
  const make = (tag, text, attributes = {}) => {
    const element = document.createElement(tag);
    if (text !== undefined && text !== null) element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };

  // ---- figures -------------------------------------------------------------------------------------------------
  const count = (digits) => new Intl.NumberFormat("zh-CN", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const whole = count(0), one = count(1), two = count(2), money = count(2), loose = new Intl.NumberFormat("zh-CN", { maximumFractionDigits: 4 });
  const show = (value, unit) => {
    if (value === null || value === undefined) return "–";
    switch (unit) {
      case "yuan": return `${value < 0 ? "−" : ""}¥${money.format(Math.abs(value))}`;
      case "share": case "rate": return `${two.format(value * 100)} %`;
      case "points": return one.format(value * 100);
      case "count": return Number.isInteger(value) ? whole.format(value) : two.format(value);
      case "minutes": return `${one.format(value)} ${t("分钟", "min")}`;
      case "ratio": case "per_person": return two.format(value);
      default: return loose.format(value);
    }
  };
  const part = (value) => (value === null || value === undefined ? "–" : loose.format(value));
  const metricName = (metric) => (zh() ? metric.label : metric.label_en || metric.label);
  const groupName = (dimension, value) => {
    if (dimension === "all") return t("全部", "All");
    if (value === null) return t("未知", "Unknown");
    const known = data.dimensions[dimension]?.values[value];
    return known ? known[zh() ? 0 : 1] : value;
  };
  const splitName = (dimension) => (dimension === "all" ? t("不拆分", "No split") : page.say(data.dimensions[dimension]));
  const periodName = (start, grain) => {
    if (grain === "month") return start.slice(0, 7);
    if (grain === "quarter") return `${start.slice(0, 4)} Q${Math.ceil(Number(start.slice(5, 7)) / 3)}`;
    return grain === "year" ? start.slice(0, 4) : start;
  };
  const cells = (metric, grain, dimension) => {
    const cube = data.cubes[`${metric}|${grain}|${dimension}`];
    if (!cube) return [];
    const found = [];
    let i = 0;
    cube.v.forEach((value, g) => {
      for (let k = 0; k < cube.c[g]; k += 1, i += 1) {
        const of = (name) => cube[name]?.[i] ?? null;
        const row = { group: value, time: data.periods[grain][cube.t[i]], y: of("y"), n: of("n"), d: of("d"), l: of("l"), h: of("h"), bl: of("bl"), bh: of("bh"), tg: of("tg"), flags: of("f") ?? 0 };
        row.s = cube.sd ? row.d : of("s");
        row.status = of("st") ? data.statuses[of("st") - 1] : null;
        row.reason = of("r") ? data.reasons[of("r") - 1] : null;
        found.push(row);
      }
    });
    return found;
  };

  // ---- what is picked, kept in the address ----------------------------------------------------------------------
  const state = { metric: null, grain: null, split: null, from: null, to: null, chart: null, pick: null };
  const valid = () => {
    const first = metrics.has("interaction_rate") ? "interaction_rate" : data.metrics[0].metric_id;
    if (!metrics.has(state.metric)) state.metric = first;
    const grains = grainsOf(state.metric);
    if (!grains.includes(state.grain)) state.grain = grains.includes("month") ? "month" : grains[0];
    const splits = splitsOf(state.metric, state.grain);
    if (!splits.includes(state.split)) state.split = splits.includes("all") ? "all" : splits[0];
    const times = data.periods[state.grain] || [];
    if (!times.includes(state.from)) state.from = times[Math.max(0, times.length - (state.grain === "day" ? 90 : 60))];
    if (!times.includes(state.to)) state.to = times[times.length - 1];
    if (state.from > state.to) [state.from, state.to] = [state.to, state.from];
    if (!charts_().some(([name]) => name === state.chart)) state.chart = "line";
  };
  const mayStack = () => {
    const metric = metrics.get(state.metric);
    return metric.adds && state.split !== "all" && cells(state.metric, state.grain, state.split).every((cell) => cell.y === null || cell.y >= 0);
  };
  const charts_ = () => [["line", t("折线", "Line")], ["bar", t("柱形", "Bars")], ...(mayStack() ? [["stacked", t("堆叠柱形", "Stacked bars")]] : [])];
  const read = () => {
    const hash = new URLSearchParams(location.hash.slice(1));
    for (const [name, key] of [["metric", "m"], ["grain", "grain"], ["split", "by"], ["from", "from"], ["to", "to"], ["chart", "chart"]]) state[name] = hash.get(key);
    state.pick = hash.has("pick") ? hash.getAll("pick").map((value) => (value === "\u0000" ? null : value)) : null;
    valid();
  };
  const hash = () => {
    const said = new URLSearchParams({ m: state.metric, grain: state.grain, by: state.split, from: state.from, to: state.to, chart: state.chart });
    for (const value of state.pick || []) said.append("pick", value === null ? "\u0000" : value);
    return `#${said}`;
  };

  // ---- the list ---------------------------------------------------------------------------------------------------
  const list = () => {
    const asked = at("search").value.trim().toLowerCase();
    const holder = at("found");
    holder.replaceChildren();
    let stage, n = 0;
    for (const metric of data.metrics) {
      if (!grainsOf(metric.metric_id).length) continue;
      const words = [metric.metric_id, metric.label, metric.label_en, metric.synonyms].join(" ").toLowerCase();
      if (asked && !asked.split(/\s+/).every((word) => words.includes(word))) continue;
      if (metric.stage !== stage) holder.append(make("h3", page.say(data.stages[metric.stage]) || metric.stage));
      stage = metric.stage;
      const button = make("button", metricName(metric), { type: "button", "data-metric": metric.metric_id, "aria-current": String(metric.metric_id === state.metric) });
      button.addEventListener("click", () => { state.metric = metric.metric_id; state.pick = null; state.split = "all"; change(); if (matchMedia("(max-width: 59.99rem)").matches) { at("finder").open = false; at("metric").scrollIntoView(); } });
      holder.append(button);
      n += 1;
    }
    at("none").textContent = n ? "" : t("没有找到。试试中文名、英文名或 id。", "Nothing found. Try a Chinese or English name, or an id.");
    at("search").placeholder = t("名称、同义词或 id", "Name, synonym or id");
  };

  // ---- controls -----------------------------------------------------------------------------------------------------
  const options = (id, pairs, value) => at(id).replaceChildren(...pairs.map(([name, text]) => { const option = make("option", text, { value: name }); option.selected = name === value; return option; }));
  const controls = () => {
    options("grain", grainsOf(state.metric).map((grain) => [grain, page.say(data.grains[grain])]), state.grain);
    options("split", splitsOf(state.metric, state.grain).map((split) => [split, splitName(split)]), state.split);
    const times = data.periods[state.grain].map((start) => [start, periodName(start, state.grain)]);
    options("from", times, state.from);
    options("to", times, state.to);
    options("chart", charts_(), state.chart);
  };
  const groups = (rows) => {
    const order = Object.keys(data.dimensions[state.split]?.values || {});
    const latest = new Map();
    for (const row of rows) if (row.y !== null || !latest.has(row.group)) latest.set(row.group, row.y ?? -Infinity);
    const ordered = data.dimensions[state.split]?.ordered;
    const place = (group) => (order.includes(group) ? order.indexOf(group) : order.length);
    return [...latest.keys()].sort((a, b) => (ordered ? place(a) - place(b) : latest.get(b) - latest.get(a)) || String(a).localeCompare(String(b), "zh"));
  };
  const chips = (all) => {
    at("groups").hidden = state.split === "all";
    at("groups-title").textContent = t(`显示哪些（${state.pick.length}/${all.length}）`, `Shown (${state.pick.length} of ${all.length})`);
    at("chips").replaceChildren(...all.map((group) => {
      const button = make("button", groupName(state.split, group), { type: "button", "aria-pressed": String(state.pick.includes(group)) });
      const nth = all.filter((other) => state.pick.includes(other)).indexOf(group);
      if (nth >= 0) { const dot = make("i", null, { "aria-hidden": "true" }); dot.style.background = `var(--series-${(nth % MOST) + 1})`; button.prepend(dot); }
      button.addEventListener("click", () => {
        const next = state.pick.includes(group) ? state.pick.filter((other) => other !== group) : [...state.pick, group];
        if (next.length) { state.pick = next; const place = all.indexOf(group); change(); at("chips").children[place]?.focus(); }
      });
      return button;
    }));
  };

  // ---- chart ------------------------------------------------------------------------------------------------------
  const axisText = (value, unit) => {
    const size = Math.abs(value);
    if (unit === "share" || unit === "rate") return `${loose.format(Number((value * 100).toFixed(2)))}%`;
    if (unit === "points") return loose.format(value * 100);
    if (size >= 1e4) return zh() ? `${loose.format(value / 1e4)} 万` : `${loose.format(value / 1e3)}k`;
    return loose.format(Number(value.toPrecision(4)));
  };
  const draw = (rows, shown, metric) => {
    const times = data.periods[state.grain].filter((start) => start >= state.from && start <= state.to);
    const by = new Map(rows.map((row) => [`${row.group}\u0001${row.time}`, row]));
    const series = shown.map((group) => ({
      name: groupName(state.split, group), type: state.chart === "line" ? "line" : "bar", stack: state.chart === "stacked" ? "all" : undefined,
      symbol: times.length > 45 ? "none" : "circle", symbolSize: 6, connectNulls: false, lineStyle: { width: 2 }, barMaxWidth: 34, z: 3,
      data: times.map((start) => { const row = by.get(`${group}\u0001${start}`); return { value: row?.y ?? "-", row, itemStyle: row && row.flags & 1 ? { opacity: 0.5 } : undefined }; }),
    }));
    const notes = [];
    if (state.split === "all" && state.chart === "line") {
      const line = (name) => times.map((start) => by.get(`all\u0001${start}`)?.[name] ?? null);
      const band = (low, high, color, opacity) => {
        const [a, b] = [line(low), line(high)];
        if (!a.some((x) => x !== null)) return false;
        const plain = { type: "line", silent: true, symbol: "none", lineStyle: { opacity: 0 }, tooltip: { show: false }, z: 1 };
        // two lines, the upper one as what is on top of the lower
        series.push({ ...plain, stack: low, data: a.map((x) => x ?? "-") }, { ...plain, stack: low, stackStrategy: "all", areaStyle: { color, opacity }, data: b.map((x, i) => (x === null || a[i] === null ? "-" : x - a[i])) });
        return true;
      };
      if (band("bl", "bh", page.token("faint"), 0.16)) notes.push(t("灰带：本指标以往的常态区间", "Grey band: the usual band of its own history"));
      if (band("l", "h", page.token("series-1"), 0.18)) notes.push(t("色带：95% 置信区间", "Coloured band: 95 % interval"));
      const targets = line("tg");
      if (targets.some((x) => x !== null)) {
        series.push({ name: t("目标", "Target"), type: "line", step: "middle", symbol: "diamond", symbolSize: 7, lineStyle: { type: "dashed", width: 1.5, color: page.token("mark") }, itemStyle: { color: page.token("mark") }, data: targets.map((x) => x ?? "-"), z: 4 });
        notes.push(t("虚线：目标", "Dashed: target"));
      }
    }
    if (rows.some((row) => row.flags & 1)) notes.push(t("淡色：期间不完整", "Pale: incomplete period"));
    at("legend").textContent = notes.join(t("；", "; "));
    at("canvas").setAttribute("aria-label", t(`${metric.label}，按${data.grains[state.grain].zh}，${splitName(state.split)}；数字见下表`, `${metricName(metric)} by ${data.grains[state.grain].en.toLowerCase()}, ${splitName(state.split)}; figures in the table below`));
    charts.draw(at("canvas"), {
      aria: { enabled: false },
      grid: { left: 8, right: 16, top: 20, bottom: 8, containLabel: true },
      legend: { show: false }, // the chips above are the legend
      tooltip: { trigger: "axis", renderMode: "richText", valueFormatter: (value) => (typeof value === "number" ? show(value, metric.unit) : "–") },
      xAxis: { type: "category", data: times.map((start) => periodName(start, state.grain)), axisLabel: { hideOverlap: true } },
      yAxis: { type: "value", scale: state.chart === "line" && metric.unit !== "share", axisLabel: { formatter: (value) => axisText(value, metric.unit) } },
      series,
    });
  };

  // ---- table and CSV ----------------------------------------------------------------------------------------------
  const flags = (row) => [...(row.flags & 1 ? [t("期间不完整", "Incomplete")] : []), ...(row.flags & 2 ? [t("可能修订", "Provisional")] : [])];
  const statusStyle = (name) => ({ on_target: "good", off_target: "bad", above_band: "notice", below_band: "notice" }[name] || "");
  const pills = (row) => [...(row.status ? [[page.say(row.status[1]), statusStyle(row.status[0])]] : []), ...flags(row).map((text) => [text, ""])].map(([text, style]) => make("span", text, { class: `pill ${style}` }));
  const table = (rows, metric) => {
    const has = (...names) => rows.some((row) => names.some((name) => row[name] !== null));
    const columns = [[t("期间", "Period"), (row) => make("th", periodName(row.time, state.grain), { scope: "row" })]];
    const figure = (title, text) => columns.push([title, (row) => make("td", text(row), { class: "number" }), "number"]);
    if (state.split !== "all") columns.push([splitName(state.split), (row) => make("td", groupName(state.split, row.group))]);
    figure(t("数值", "Value"), (row) => show(row.y, metric.unit));
    if (has("n", "d")) { figure(t("分子", "Numerator"), (row) => part(row.n)); figure(t("分母", "Denominator"), (row) => part(row.d)); }
    else if (has("s")) figure("n", (row) => part(row.s));
    if (has("l")) figure(t("95% 区间", "95 % interval"), (row) => (row.l === null ? "–" : `${show(row.l, metric.unit)} – ${show(row.h, metric.unit)}`));
    if (has("bl")) figure(t("常态区间", "Usual band"), (row) => (row.bl === null ? "–" : `${show(row.bl, metric.unit)} – ${show(row.bh, metric.unit)}`));
    if (has("tg")) figure(t("目标", "Target"), (row) => show(row.tg, metric.unit));
    columns.push([t("说明", "Notes"), (row) => { const cell = make("td"); cell.append(...pills(row)); if (row.y === null && row.reason) cell.append(make("span", ` ${row.reason}`, { class: "muted" })); return cell; }]);
    const head = make("tr");
    head.append(...columns.map(([title, , style]) => make("th", title, { scope: "col", class: style || "" })));
    const body = make("tbody");
    for (const row of rows.slice(0, ROWS)) { const line = make("tr"); line.append(...columns.map(([, cell]) => cell(row))); body.append(line); }
    const top = make("thead");
    top.append(head);
    at("table").replaceChildren(make("caption", `${metricName(metric)} · ${splitName(state.split)}`), top, body);
    at("more").textContent = rows.length > ROWS ? t(`只列出 ${rows.length} 行中的前 ${ROWS} 行；CSV 里是全部。`, `The first ${ROWS} of ${rows.length} rows; the CSV has all.`) : "";
  };
  // a spreadsheet runs a text that begins like a formula
  const safe = (value) => { if (value === null || value === undefined) return ""; if (typeof value === "number") return String(value); const text = /^[\s]*[=+\-@\t\r\n]/.test(value) ? `'${value}` : value; return `"${text.replaceAll('"', '""')}"`; };
  const csv = () => {
    const metric = metrics.get(state.metric);
    const head = ["metric_id", "label", "grain", "period_start", "dimension", "dimension_value", "value", "numerator", "denominator", "sample_size", "ci_low", "ci_high", "band_low", "band_high", "target", "status", "is_partial", "is_provisional", "null_reason"];
    const lines = current().map((row) => [metric.metric_id, metric.label, state.grain, row.time, state.split, row.group, row.y, row.n, row.d, row.s, row.l, row.h, row.bl, row.bh, row.tg, row.status?.[0], String(Boolean(row.flags & 1)), String(Boolean(row.flags & 2)), row.reason].map(safe).join(","));
    return `\ufeff${[head.join(","), ...lines].join("\r\n")}\r\n`;
  };

  // ---- definition ---------------------------------------------------------------------------------------------------
  const DIRECTIONS = { higher: ["越高越好", "Higher is better"], lower: ["越低越好", "Lower is better"], moderate: ["适中为好", "Neither too high nor too low"], balanced: ["均衡为好", "Balanced"], none: ["无好坏之分", "Neither is better"] };
  const ADDITIVITY = {
    add: ["可加：各组、各期可以相加", "Adds up over groups and periods"],
    "add over member-days": ["按人次·日可加", "Adds up over member-days"],
    "add within kind": ["只在同一种目标内可加", "Adds up within one kind of target"],
    semi: ["各组可加；各期取期末，不可相加", "Adds up over groups; over time the end of the period counts"],
    "semi+distinct": ["去重的期末人数：各组、各期都不可相加", "Distinct at the end of the period: adds up over nothing"],
    distinct: ["去重：各组、各期都不可相加", "Distinct: adds up over nothing"],
    "distinct per session": ["每场去重，各场相加", "Distinct within a session, summed over sessions"],
    ratio: ["比率：不可相加或平均，须按新的粒度重算", "A ratio: never added up or averaged, asked again at each grain"],
    weighted: ["加权平均：不可相加", "A weighted mean: does not add up"],
    median: ["中位数：不可相加", "A median: does not add up"],
  };
  const definition = (metric) => {
    const list_ = make("dl");
    const say = (term, text) => { if (text) { const holder = make("div"); holder.append(make("dt", term), make("dd", text)); list_.append(holder); } };
    for (const [nameZh, nameEn, textZh, textEn] of metric.parts) say(t(nameZh, nameEn), t(textZh, textEn));
    say(t("方向", "Direction"), DIRECTIONS[metric.direction]?.[zh() ? 0 : 1]);
    say(t("可加性", "Additivity"), ADDITIVITY[metric.additivity]?.[zh() ? 0 : 1] || metric.additivity);
    say(t("同义词", "Synonyms"), metric.synonyms);
    say(t("来源文档", "Source documents"), metric.source_documents);
    say("id", `${metric.metric_id} · v${metric.version}`);
    at("definition").replaceChildren(make("h3", t("口径", "What it says")), list_);
  };

  // ---- all together -------------------------------------------------------------------------------------------------
  const current = () => cells(state.metric, state.grain, state.split)
    .filter((row) => row.time >= state.from && row.time <= state.to && (state.split === "all" || state.pick.includes(row.group)))
    .sort((a, b) => b.time.localeCompare(a.time) || state.pick.indexOf(a.group) - state.pick.indexOf(b.group));
  const paint = () => {
    const metric = metrics.get(state.metric);
    const all = groups(cells(state.metric, state.grain, state.split));
    if (!state.pick || !state.pick.every((group) => all.includes(group))) state.pick = all.slice(0, MOST);
    at("about").textContent = `${page.say(data.stages[metric.stage])} · ${metric.metric_id}`;
    at("metric").textContent = metricName(metric);
    const undivided = cells(state.metric, state.grain, "all").filter((row) => row.time >= state.from && row.time <= state.to);
    const latest = undivided.filter((row) => row.y !== null && !(row.flags & 1)).at(-1) || undivided.at(-1);
    at("latest").textContent = latest ? show(latest.y, metric.unit) : "–";
    const before = latest ? undivided[undivided.indexOf(latest) - 1] : null;
    at("latest-of").textContent = latest ? `${periodName(latest.time, state.grain)}${before ? t(`（上期 ${show(before.y, metric.unit)}）`, ` (before: ${show(before.y, metric.unit)})`) : ""}` : "";
    at("latest-pills").replaceChildren(...(latest ? pills(latest) : []));
    controls();
    chips(all);
    const rows = current();
    draw(rows, all.filter((group) => state.pick.includes(group)), metric);
    table(rows, metric);
    definition(metric);
    for (const button of at("found").querySelectorAll("button")) button.setAttribute("aria-current", String(button.dataset.metric === state.metric));
    const gone = data.leftOut.map(([grain, splits]) => `${page.say(data.grains[grain])}${splits ? t("的拆分", " splits") : ""}`);
    at("left-out").textContent = gone.length ? t(`为控制页面大小未收入：${gone.join("、")}`, `Left out to keep the page small: ${gone.join(", ")}`) : "";
  };
  const change = () => { valid(); paint(); history.replaceState(null, "", hash()); };
  for (const [id, name] of [["grain", "grain"], ["split", "split"], ["from", "from"], ["to", "to"], ["chart", "chart"]]) {
    at(id).addEventListener("change", () => {
      state[name] = at(id).value;
      if (id === "grain") { state.from = null; state.to = null; }
      if (id === "grain" || id === "split") state.pick = null;
      change();
    });
  }
  at("controls").addEventListener("submit", (event) => event.preventDefault());
  at("search").addEventListener("input", list);
  at("search").addEventListener("keydown", (event) => { if (event.key === "Enter") at("found").querySelector("button")?.click(); if (event.key === "ArrowDown") { event.preventDefault(); at("found").querySelector("button")?.focus(); } });
  at("found").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...at("found").querySelectorAll("button")];
    (buttons[buttons.indexOf(document.activeElement) + step] || at("search")).focus();
  });
  at("csv").addEventListener("click", () => {
    const link = make("a", null, { download: `${state.metric}_${state.grain}_${state.split}.csv`, href: URL.createObjectURL(new Blob([csv()], { type: "text/csv;charset=utf-8" })) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  at("link").addEventListener("click", async () => {
    const said = (text) => { at("said").textContent = text; setTimeout(() => { at("said").textContent = ""; }, 3000); };
    try { await navigator.clipboard.writeText(location.href); said(t("已复制", "Copied")); } catch { said(t("请从地址栏复制", "Copy it from the address bar")); }
  });
  addEventListener("hashchange", () => { read(); paint(); });
  addEventListener("resize", charts.resize);
  document.addEventListener("redraw", () => { list(); paint(); });
  if (matchMedia("(max-width: 59.99rem)").matches) at("finder").open = false;
  read();
  list();
  paint();
  // within the list alone: the page itself stays at its top
  const chosen = at("found").querySelector('[aria-current="true"]');
  if (chosen) at("found").scrollTop = chosen.offsetTop - at("found").clientHeight / 2;
});
