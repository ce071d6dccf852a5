// ECharts in the colours and fonts of tokens.css, read anew at each drawing so that dark mode and print follow.
"use strict";
const theme = () => {
  const t = page.token;
  const axis = {
    axisLine: { lineStyle: { color: t("rule-strong") } },
    axisTick: { show: false },
    axisLabel: { color: t("muted"), fontSize: 12 },
    nameTextStyle: { color: t("muted"), fontSize: 12 },
    splitLine: { lineStyle: { color: t("rule") } },
    splitArea: { show: false },
  };
  return {
    backgroundColor: "transparent",
    color: [1, 2, 3, 4, 5, 6, 7].map((n) => t(`series-${n}`)),
    textStyle: { fontFamily: t("sans"), color: t("ink"), fontSize: 12 },
    categoryAxis: { ...axis, splitLine: { show: false } },
    valueAxis: { ...axis, axisLine: { show: false } },
    timeAxis: axis,
    legend: { textStyle: { color: t("muted") } },
    tooltip: {
      backgroundColor: t("surface"), borderColor: t("rule-strong"), borderWidth: 1, padding: [8, 12],
      textStyle: { color: t("ink"), fontFamily: t("sans"), fontSize: 13 }, confine: true,
      extraCssText: "box-shadow:none;max-width:22rem;white-space:normal;",
    },
  };
};
const charts = (() => {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const drawn = new Map();
  /** Draw `option` into `element` in the colours of now; `still` without animation, as for print. */
  const draw = (element, option, still = false) => {
    drawn.get(element)?.dispose();
    const chart = echarts.init(element, theme(), { renderer: "svg" });
    chart.setOption({ animation: !calm && !still, animationDuration: 300, ...option });
    drawn.set(element, chart);
    return chart;
  };
  const resize = () => { for (const chart of drawn.values()) chart.resize(); };
  return { draw, resize, of: (element) => drawn.get(element), drawn };
})();
