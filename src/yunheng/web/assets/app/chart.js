/* 图：数据在旁边的 JSON 里，颜色照服务商固定，花纹总在；柱是每月（左轴），线是累计和预算（右轴）；没有脚本就看数据表。 */
(function () {
  "use strict";
  var COLOURS = ["#1458B8", "#B85400", "#0B7A75", "#7A4FBF", "#8A6D00", "#5B6B7B"];
  // 累计的几条线靠线型分，不只靠颜色
  var LINES = {
    actual: { color: "#1F2A37", type: "solid", width: 2 }, ahead: { color: "#1F2A37", type: "dashed", width: 2 },
    early: { color: "#5B6B7B", type: "dotted", width: 2 }, budget: { color: "#B42318", type: "solid", width: 1.5 }
  };
  function tens(value) { return (value / 10000).toLocaleString("zh-CN") + " 万"; }
  function line(one) {
    var style = LINES[one.kind];
    return {
      name: one.name, type: "line", yAxisIndex: 1, symbol: one.kind === "budget" ? "none" : "circle", symbolSize: 5,
      itemStyle: { color: style.color }, lineStyle: style,
      data: one.data.map(function (value) { return value === "" ? null : Number(value); })
    };
  }
  function draw(box) {
    var data = JSON.parse(document.getElementById(box.getAttribute("data-chart")).textContent);
    var chart = window.echarts.init(box, null, { renderer: "svg" });
    chart.setOption({
      color: COLOURS, animation: false, aria: { enabled: true, label: { enabled: false }, decal: { show: true } },
      grid: { left: 72, right: data.lines.length ? 72 : 16, top: 64, bottom: 40 },
      legend: { top: 0, itemGap: 16 },
      tooltip: { trigger: "axis", valueFormatter: function (value) { return value === null || value === undefined ? "—" : Number(value).toLocaleString("zh-CN", { minimumFractionDigits: 2 }) + " 元"; } },
      xAxis: { type: "category", data: data.months.map(function (month, at) { return data.ahead[at] ? month + "\n预测" : month; }) },
      yAxis: [
        { type: "value", name: "每月（元）", axisLabel: { formatter: tens } },
        { type: "value", name: "累计、预算（元）", min: 0, splitLine: { show: false }, axisLabel: { formatter: tens } }
      ],
      series: data.series.map(function (one) { return { name: one.name, type: "bar", stack: "all", data: one.data.map(function (value, month) { return data.ahead[month] ? { value: Number(value), itemStyle: { opacity: 0.4 } } : Number(value); }), barMaxWidth: 36 }; }).concat(data.lines.map(line))
    });
    window.addEventListener("resize", function () { chart.resize(); });
  }
  Array.prototype.forEach.call(document.querySelectorAll("[data-chart]"), draw);
})();
