// One function per kind of chart: data of the page in, ECharts option out. Texts arrive formatted; {zh, en} are said.
"use strict";
const draw = (() => {
  const say = page.say;
  const token = page.token;
  const narrow = (width) => width < 560;
  const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

  /** Width of a text, near enough: Chinese is as wide as high. */
  const wide = (text, size = 12) => [...text].reduce((sum, c) => sum + (c.codePointAt(0) > 0x2000 ? size : size * 0.62), 0);

  /** A tooltip as elements: names are other people's strings and never markup. */
  const tip = (title, lines) => {
    const box = document.createElement("div");
    const head = document.createElement("strong");
    head.textContent = title;
    box.append(head);
    for (const line of lines.filter(Boolean)) {
      const row = document.createElement("div");
      row.textContent = line;
      box.append(row);
    }
    return box;
  };

  const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const ramp = () => [0, 1, 2, 3, 4].map((n) => token(`heat-${n}`));
  const mix = (share) => {
    const colours = ramp();
    const place = Math.min(0.9999, Math.max(0, share)) * (colours.length - 1);
    const [low, high] = [channels(colours[Math.floor(place)]), channels(colours[Math.floor(place) + 1])];
    return low.map((c, i) => Math.round(c + (high[i] - c) * (place % 1)));
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  /** Black or white, whichever reads better on a colour. */
  const on = (rgb) => (1.05 / (light(rgb) + 0.05) > (light(rgb) + 0.05) / 0.05 ? "#ffffff" : "#14171a");
  const onColour = (colour) => on(channels(colour));

  const names = (list, width) => ({
    type: "category", inverse: true, data: list, axisTick: { show: false }, axisLine: { show: false },
    axisLabel: { color: token("ink"), width, overflow: "truncate", fontSize: 12, interval: 0 },
  });
  const hidden = { type: "value", axisLabel: { show: false }, splitLine: { show: false }, axisLine: { show: false } };

  const funnel = ({ steps }, width) => {
    const small = narrow(width);
    const side = small ? 92 : 150;
    const size = (step) => (step.value === null || step.views ? 0 : step.value);
    return {
      grid: { left: side, right: small ? 104 : 190, top: 8, bottom: 8 },
      xAxis: { ...hidden, max: Math.max(...steps.map(size)) || 1 },
      yAxis: names(steps.map((s) => say(s.name)), side - 14),
      tooltip: { formatter: (p) => tip(say(steps[p.dataIndex].name), [say(steps[p.dataIndex].text)]) },
      series: [{
        type: "bar", barCategoryGap: "28%", itemStyle: { color: token("series-1"), borderRadius: 2 },
        data: steps.map(size),
        label: {
          show: true, position: "right", distance: 8, color: token("ink"), fontSize: small ? 12 : 13,
          formatter: (p) => {
            const step = steps[p.dataIndex];
            if (step.value === null) return page.lang() === "zh" ? "— 未知" : "— unknown";
            if (step.views) return `{v|${say(step.text)}}  {s|${page.lang() === "zh" ? "次展示，不是人数" : "views, not persons"}}`;
            return step.share ? `{v|${say(step.text)}}  {s|${small ? "" : page.lang() === "zh" ? "上一步的 " : "of step before "}${say(step.share)}}` : `{v|${say(step.text)}}`;
          },
          rich: { v: { fontWeight: 600, color: token("ink") }, s: { color: token("muted") } },
        },
      }],
    };
  };

  const cohorts = ({ ages, cohorts: rows, cells }, width) => {
    const small = narrow(width);
    const spans = new Map();
    for (const { group, value } of cells) {
      const [low, high] = spans.get(group) || [value, value];
      spans.set(group, [Math.min(low, value), Math.max(high, value)]);
    }
    const share = (cell) => {
      const [low, high] = spans.get(cell.group);
      return high > low ? (cell.value - low) / (high - low) : 0.5;
    };
    return {
      grid: { left: small ? 64 : 78, right: 4, top: small ? 44 : 34, bottom: 4 },
      xAxis: {
        type: "category", position: "top", data: ages.map((age) => (small ? say(age).replace(/[ ,]+/, "\n") : say(age))), axisTick: { show: false },
        axisLine: { show: false }, axisLabel: { color: token("muted"), interval: 0, fontSize: small ? 10 : 12, lineHeight: 14, width: small ? 50 : undefined, overflow: small ? "break" : undefined },
      },
      yAxis: { ...names(rows.map(say), small ? 58 : 72), axisLabel: { color: token("muted"), fontSize: 12 } },
      tooltip: {
        formatter: (p) => {
          const cell = cells[p.data.at];
          return tip(say(rows[cell.y]), [`${say(ages[cell.x])} ${say(cell.text)}`, cell.n === null ? "" : `n = ${cell.n.toLocaleString("en")}`]);
        },
      },
      visualMap: { show: false, min: 0, max: 1, dimension: 2, inRange: { color: ramp() } },
      series: [{
        type: "heatmap", itemStyle: { borderColor: token("surface"), borderWidth: 3, borderRadius: 3 },
        data: cells.map((cell, at) => ({ value: [cell.x, cell.y, share(cell)], at, label: { color: on(mix(share(cell))), opacity: cell.thin ? 0.8 : 1 } })),
        label: {
          show: true, fontSize: small ? 11 : 12, lineHeight: 15,
          formatter: (p) => {
            const cell = cells[p.data.at];
            return cell.n === null || small ? say(cell.text) : `${say(cell.text)}  n=${cell.n.toLocaleString("en")}`;
          },
        },
        emphasis: { itemStyle: { borderColor: token("ink"), borderWidth: 1 } },
      }],
    };
  };

  const hours = ({ weekdays, cells, recommended }, width) => {
    const tall = narrow(width);
    const most = Math.max(...cells.map((cell) => cell.value));
    const marked = new Set(recommended);
    const hourAxis = {
      type: "category", data: [...Array(24).keys()].map(String), axisTick: { show: false }, axisLine: { show: false },
      axisLabel: {
        interval: 0, fontSize: 11, formatter: (hour) => (marked.has(Number(hour)) ? `{b|${hour}}` : hour),
        rich: { b: { fontWeight: 700, color: token("mark"), fontSize: 12 } }, color: token("muted"),
      },
    };
    const dayAxis = {
      type: "category", data: weekdays.map(say), inverse: !tall, axisTick: { show: false }, axisLine: { show: false },
      axisLabel: { color: token("muted"), fontSize: 12, interval: 0 },
    };
    const place = (hour, weekday) => (tall ? [weekday, hour] : [hour, weekday]);
    return {
      grid: { left: tall ? 30 : 44, right: 4, top: tall ? 28 : 4, bottom: tall ? 4 : 26 },
      xAxis: tall ? { ...dayAxis, position: "top" } : hourAxis,
      yAxis: tall ? { ...hourAxis, inverse: true } : dayAxis,
      tooltip: {
        formatter: (p) => {
          const [hour, weekday] = tall ? [p.value[1], p.value[0]] : p.value;
          return tip(`${say(weekdays[weekday])} ${hour}:00`, [p.value[2].toLocaleString("en")]);
        },
      },
      visualMap: { show: false, min: 0, max: most, dimension: 2, inRange: { color: ramp() }, seriesIndex: 0 },
      series: [
        {
          type: "heatmap", data: cells.map((cell) => [...place(cell.x, cell.y), cell.value]),
          itemStyle: { borderColor: token("surface"), borderWidth: 2, borderRadius: 2 },
          emphasis: { itemStyle: { borderColor: token("ink"), borderWidth: 1 } },
        },
        {
          type: "custom", silent: true, z: 5, data: recommended.map((hour) => place(hour, 0)),
          renderItem: (_, api) => {
            const [x, y] = api.coord([api.value(0), api.value(1)]);
            const [w, h] = api.size([1, 1]);
            return {
              type: "rect",
              shape: { x: x - w / 2 + 1, y: y - h / 2 + 1, width: (tall ? 7 * w : w) - 2, height: (tall ? h : 7 * h) - 2, r: 3 },
              style: { fill: "none", stroke: token("mark"), lineWidth: 2 },
            };
          },
        },
      ],
    };
  };

  const percent = (value) => `${+(value * 100).toPrecision(3)}%`;

  /** On which side of its point each name has room: beside no other name, on no other point, inside the grid. */
  const beside = (points, [x, y], radius, grid, width, height, most) => {
    const at = points.map((p) => [
      grid.left + ((p.x - x.min) / (x.max - x.min)) * (width - grid.left - grid.right),
      height - grid.bottom - ((p.y - y.min) / (y.max - y.min)) * (height - grid.top - grid.bottom),
    ]);
    const taken = points.map((p, i) => [at[i][0] - radius(p) / 2, at[i][1] - radius(p) / 2, at[i][0] + radius(p) / 2, at[i][1] + radius(p) / 2]);
    const free = (box, own) =>
      box[0] >= grid.left && box[2] <= width - 2 && box[1] >= grid.top - 8 && box[3] <= height - grid.bottom &&
      taken.every((other, i) => i === own || box[2] <= other[0] || box[0] >= other[2] || box[3] <= other[1] || box[1] >= other[3]);
    return points.map((p, i) => {
      const [w, h, r] = [wide(cut(p.name, most)) + 4, 17, radius(p) / 2 + 4];
      const [px, py] = at[i];
      const boxes = {
        right: [px + r, py - h / 2, px + r + w, py + h / 2], left: [px - r - w, py - h / 2, px - r, py + h / 2],
        top: [px - w / 2, py - r - h, px + w / 2, py - r], bottom: [px - w / 2, py + r, px + w / 2, py + r + h],
      };
      const side = Object.keys(boxes).find((name) => free(boxes[name], i));
      if (side) taken.push(boxes[side]);
      return side;
    });
  };

  const quadrant = ({ points, whole, names: axes, corners }, width, height) => {
    const small = narrow(width);
    const most = Math.max(1, ...points.map((p) => p.size ?? 0));
    const radius = (p) => 9 + 19 * Math.sqrt((p.size ?? 0) / most);
    const span = (key) => {
      const values = [whole[key], ...points.map((p) => p[key])];
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const room = (high - low || high || 0.01) * 0.14;
      return { min: Math.max(0, low - room), max: high + room };
    };
    const corner = (text, left, top) => ({
      type: "text", silent: true, ...left, ...top,
      style: { text: say(text), fill: token("muted"), font: `600 ${small ? 11 : 12}px ${token("sans")}` },
    });
    const grid = { left: 52, right: 16, top: 52, bottom: 66 };
    const fits = wide(say(corners[0])) + wide(say(corners[1])) + 24 < width - grid.left - grid.right;
    const sides = beside(points, [span("x"), span("y")], radius, grid, width, height, small ? 8 : 14);
    return {
      grid: { ...grid, outerBoundsMode: "none" },
      graphic: [
        ...(fits ? [
        corner(corners[1], { left: grid.left }, { top: 30 }), corner(corners[0], { right: grid.right }, { top: 30 }),
        corner(corners[2], { left: grid.left }, { bottom: 22 }), corner(corners[3], { right: grid.right }, { bottom: 22 }),
        ] : []),
        { type: "text", silent: true, left: 0, top: 4, style: { text: `↑ ${say(axes.y)}`, fill: token("muted"), font: `12px ${token("sans")}` } },
        { type: "text", silent: true, right: grid.right, bottom: 2, style: { text: `${say(axes.x)} →`, fill: token("muted"), font: `12px ${token("sans")}` } },
      ],
      xAxis: { type: "value", ...span("x"), splitNumber: small ? 3 : 6, axisLabel: { formatter: percent, showMinLabel: false, showMaxLabel: false, hideOverlap: true }, splitLine: { show: false }, axisLine: { show: true, onZero: false } },
      yAxis: { type: "value", ...span("y"), splitNumber: 5, axisLabel: { formatter: percent, showMinLabel: false, showMaxLabel: false, hideOverlap: true }, splitLine: { show: false }, axisLine: { show: true, onZero: false } },
      tooltip: {
        formatter: (p) => {
          const point = points[p.dataIndex];
          return tip(point.name, [`${say(axes.x)} ${say(point.xText)}`, `${say(axes.y)} ${say(point.yText)}`]);
        },
      },
      series: [{
        type: "scatter",
        data: points.map((p, at) => ({
          value: [p.x, p.y], symbolSize: radius(p),
          itemStyle: { color: p.thin ? token("series-6") : p.here ? token("mark") : token("series-1"), opacity: 0.82, borderColor: token("surface"), borderWidth: 1.5 },
          label: { show: Boolean(sides[at]), position: sides[at], color: p.thin ? token("muted") : token("ink"), fontWeight: p.here ? 700 : 400 },
        })),
        // a name that crosses a dashed line stays readable
        label: { distance: 5, fontSize: 12, textBorderColor: token("surface"), textBorderWidth: 3, formatter: (p) => cut(points[p.dataIndex].name, small ? 8 : 14) },
        labelLayout: { hideOverlap: true },
        markLine: {
          silent: true, precision: 12, symbol: "none", label: { show: false }, lineStyle: { color: token("muted"), type: "dashed", width: 1 },
          data: [{ xAxis: whole.x }, { yAxis: whole.y }],
        },
      }],
    };
  };

  // the name stands on the other side of the zero line, next to its bar
  const diverging = ({ bars }, width) => {
    const most = narrow(width) ? 100 : 160;
    const name = (bar) => Math.min(most, wide(say(bar.name))) + 14;
    const value = (bar) => wide(say(bar.text)) + 14;
    const up = bars.filter((bar) => bar.value >= 0);
    const down = bars.filter((bar) => bar.value < 0);
    const far = (some) => Math.max(0, ...some.map((bar) => Math.abs(bar.value)));
    const widest = (some, of) => Math.max(0, ...some.map(of));
    const [high, low] = [far(up), far(down)];
    const space = width - widest(up, value) - widest(down, value);
    let scale = space / (high + low || 1);
    const left = Math.max(widest(up, name), widest(down, value) + low * scale);
    const right = Math.max(widest(down, name), widest(up, value) + high * scale);
    // where names need more than bars leave, the bars give way
    if (left + right > width) scale = Math.min(high ? (width - left - widest(up, value)) / high : Infinity, low ? (width - right - widest(down, value)) / low : Infinity);
    const zero = Math.max(widest(up, name), widest(down, value) + low * scale);
    return {
      grid: { left: zero - low * scale, right: Math.max(0, width - zero - high * scale), top: 4, bottom: 4, outerBoundsMode: "none" },
      xAxis: { ...hidden, min: -low, max: high || (low ? 0 : 1) },
      yAxis: { type: "category", inverse: true, data: bars.map((_, at) => at), axisLabel: { show: false }, axisLine: { show: false } },
      tooltip: { formatter: (p) => tip(say(bars[p.dataIndex].name), [say(bars[p.dataIndex].text)]) },
      series: [
        {
          type: "bar", barCategoryGap: "34%", barMaxWidth: 26,
          data: bars.map((bar) => ({
            value: bar.value, itemStyle: { color: bar.value < 0 ? token("series-2") : token("series-1"), borderRadius: 2 },
            label: { position: bar.value < 0 ? "left" : "right" },
          })),
          label: { show: true, distance: 6, color: token("ink"), fontSize: 12, fontWeight: 600, formatter: (p) => say(bars[p.dataIndex].text) },
          markLine: { silent: true, precision: 12, symbol: "none", label: { show: false }, lineStyle: { color: token("rule-strong"), type: "solid", width: 1 }, data: [{ xAxis: 0 }] },
        },
        {
          type: "bar", barGap: "-100%", barMaxWidth: 26, silent: true, data: bars.map((bar) => ({ value: 0, label: { position: bar.value < 0 ? "right" : "left" } })),
          label: { show: true, distance: 8, color: token("ink"), fontSize: 12, width: most, overflow: "truncate", formatter: (p) => say(bars[p.dataIndex].name) },
        },
      ],
    };
  };

  const shares = ({ periods, series }, width) => {
    const small = width < 400;
    const legend = series.map((s) => wide(say(s.name)) + 34);
    const rows = 1 + legend.reduce(([row, used], w) => (used + w > width ? [row + 1, w] : [row, used + w]), [0, 0])[0];
    return {
      grid: { left: 44, right: 8, top: 8, bottom: 30 + 26 * rows, outerBoundsMode: "none" },
      legend: { bottom: 0, left: 0, right: 0, itemWidth: 12, itemHeight: 12, itemGap: 12, icon: "rect", data: series.map((s) => say(s.name)) },
      xAxis: { type: "category", data: periods.map(say), axisLabel: { hideOverlap: true } },
      yAxis: { type: "value", max: 1, axisLabel: { formatter: percent } },
      tooltip: { formatter: (p) => tip(p.seriesName, [say(periods[p.dataIndex]), say(series[p.seriesIndex].texts[p.dataIndex])]) },
      series: series.map((s) => {
        const colour = token(s.tone);
        return {
          type: "bar", stack: "all", name: say(s.name), data: s.values, barCategoryGap: "22%",
          itemStyle: { color: colour, borderColor: token("surface"), borderWidth: 1 },
          label: { show: !small, color: onColour(colour), fontSize: 11, formatter: (p) => (p.value > 0.06 ? say(s.texts[p.dataIndex]) : "") },
          labelLayout: { hideOverlap: true },
        };
      }),
    };
  };

  const flow = ({ links }) => {
    const froms = [...new Set(links.map((link) => say(link.from)))];
    const tos = [...new Set(links.map((link) => say(link.to)))];
    const tones = new Map(links.flatMap((link) => [[say(link.from), link.tones[0]], [say(link.to), link.tones[1]]]));
    const colour = (name) => token(tones.get(name));
    const total = (side, name) => links.filter((link) => say(link[side]) === name).reduce((sum, link) => sum + link.value, 0);
    const node = (side, name) => ({
      name: `${side}:${name}`, depth: side === "from" ? 0 : 1, itemStyle: { color: colour(name) },
      label: { position: side === "from" ? "left" : "right", formatter: `${name.replace(/[{}]/g, "")} ${total(side, name).toLocaleString("en")}` },
    });
    const room = 14 + Math.max(...links.flatMap((link) => [say(link.from), say(link.to)]).map((name) => wide(`${name} 0,000`)));
    return {
      tooltip: { formatter: (p) => (p.dataType === "edge" ? tip(`${p.data.source.slice(5)} → ${p.data.target.slice(3)}`, [p.value.toLocaleString("en")]) : tip(p.name.replace(/^(from|to):/, ""), [])) },
      series: [{
        type: "sankey", left: room, right: room, top: 10, bottom: 10, nodeWidth: 10, nodeGap: 20, draggable: false, layoutIterations: 32,
        data: [...froms.map((name) => node("from", name)), ...tos.map((name) => node("to", name))],
        links: links.map((link) => ({ source: `from:${say(link.from)}`, target: `to:${say(link.to)}`, value: link.value })),
        lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 },
        label: { color: token("ink"), fontSize: 12 }, emphasis: { focus: "adjacency" },
      }],
    };
  };

  const dots = ({ rows, series }, width) => {
    const small = narrow(width);
    const side = small ? 92 : 170;
    const far = small ? 56 : 170;
    const tones = ["series-1", "series-2"];
    const known = (at) => rows.map((row, place) => ({ row, place })).filter(({ row }) => row.values[at] !== null);
    return {
      grid: { left: side, right: far, top: 34, bottom: 30 },
      legend: { top: 0, left: 0, itemWidth: 10, itemHeight: 10, icon: "circle", data: series.map(say) },
      xAxis: { type: "value", min: 0, max: Math.max(...rows.flatMap((row) => row.values)) * 1.04, axisLabel: { formatter: percent, hideOverlap: true, showMaxLabel: false }, splitNumber: small ? 2 : 5 },
      yAxis: [
        names(rows.map((row) => row.name), side - 14),
        {
          ...names(rows.map((_, place) => String(place)), far - 12), position: "right",
          axisLabel: { color: token("muted"), fontSize: 12, interval: 0, formatter: (place) => (small ? say(rows[place].texts[1]) : rows[place].texts.map(say).join(" / ")) },
        },
      ],
      tooltip: { formatter: (p) => tip(rows[p.value[1]].name, [`${p.seriesName} ${say(rows[p.value[1]].texts[p.seriesIndex])}`, `n = ${(rows[p.value[1]].n ?? 0).toLocaleString("en")}`]) },
      series: [
        ...series.map((name, at) => ({
          type: "scatter", name: say(name), symbolSize: 12, z: 3, itemStyle: { color: token(tones[at]) },
          data: known(at).map(({ row, place }) => ({ value: [row.values[at], place], itemStyle: row.thin ? { color: token("surface"), borderColor: token(tones[at]), borderWidth: 2 } : {} })),
        })),
        {
          type: "custom", silent: true, z: 1, data: known(0).filter(({ row }) => row.values[1] !== null).map(({ row, place }) => [row.values[0], place, row.values[1]]),
          renderItem: (_, api) => {
            const [x1, y] = api.coord([api.value(0), api.value(1)]);
            const [x2] = api.coord([api.value(2), api.value(1)]);
            return { type: "line", shape: { x1, y1: y, x2, y2: y }, style: { stroke: token("rule-strong"), lineWidth: 2 } };
          },
        },
        { type: "bar", yAxisIndex: 1, silent: true, data: rows.map(() => 0), tooltip: { show: false } },
      ],
    };
  };

  const columns = ({ name, bars, more }) => ({
    grid: { left: 48, right: 4, top: 26, bottom: 26 },
    xAxis: { type: "category", data: bars.map((bar) => bar.name), axisLabel: { hideOverlap: true, fontSize: 11 } },
    yAxis: { type: "value", splitNumber: 4 },
    tooltip: { formatter: (p) => tip(bars[p.dataIndex].name, [`${say(name)} ${say(bars[p.dataIndex].text)}`, more ? `${say(more)} ${say(bars[p.dataIndex].more)}` : ""]) },
    series: [{
      type: "bar", barMaxWidth: 34,
      data: bars.map((bar) => ({ value: bar.value, itemStyle: { color: bar.here ? token("series-1") : token("heat-1"), borderRadius: [2, 2, 0, 0] } })),
      label: { show: true, position: "top", color: token("ink"), fontSize: 11, formatter: (p) => (bars[p.dataIndex].here ? say(bars[p.dataIndex].text) : "") },
      labelLayout: { hideOverlap: true },
    }],
  });

  const attainment = ({ bars }, width) => {
    const side = narrow(width) ? 132 : 230;
    const most = Math.max(1, ...bars.map((bar) => bar.value));
    return {
      grid: { left: side, right: 8, top: 6, bottom: 6 },
      xAxis: { ...hidden, min: 0, max: most * (narrow(width) ? 1.5 : 1.12) },
      yAxis: names(bars.map((bar) => say(bar.name)), side - 14),
      tooltip: { formatter: (p) => tip(say(bars[p.dataIndex].name), [say(bars[p.dataIndex].text)]) },
      series: [{
        type: "bar", barCategoryGap: "42%",
        data: bars.map((bar) => ({ value: bar.value, itemStyle: { color: bar.value >= 1 ? token("series-1") : token("series-2"), borderRadius: 2 } })),
        label: { show: true, position: "right", distance: 6, color: token("ink"), fontSize: 12, formatter: (p) => say(bars[p.dataIndex].text) },
        markLine: { silent: true, precision: 12, symbol: "none", label: { show: false }, lineStyle: { color: token("ink"), type: "solid", width: 1.5 }, data: [{ xAxis: 1 }] },
      }],
    };
  };

  return { funnel, cohorts, hours, quadrant, diverging, shares, flow, dots, columns, attainment };
})();
