/* 图：数据在旁边的 JSON 里，颜色照服务商固定，花纹总在；没有脚本就看数据表。 */
(function () {
  "use strict";
  var COLOURS = ["#1458B8", "#B85400", "#0B7A75", "#7A4FBF", "#8A6D00", "#5B6B7B"];
  function draw(box) {
    var data = JSON.parse(document.getElementById(box.getAttribute("data-chart")).textContent);
    var chart = window.echarts.init(box, null, { renderer: "svg" });
    chart.setOption({
      color: COLOURS, animation: false, aria: { enabled: true, label: { enabled: false }, decal: { show: true } },
      grid: { left: 72, right: 16, top: 32, bottom: 40 },
      legend: { top: 0, itemGap: 16 },
      tooltip: { trigger: "axis", valueFormatter: function (value) { return Number(value).toLocaleString("zh-CN", { minimumFractionDigits: 2 }) + " 元"; } },
      xAxis: { type: "category", data: data.months.map(function (month, at) { return data.ahead[at] ? month + "\n预测" : month; }) },
      yAxis: { type: "value", axisLabel: { formatter: function (value) { return (value / 10000).toLocaleString("zh-CN") + " 万"; } } },
      series: data.series.map(function (one) { return { name: one.name, type: "bar", stack: "all", data: one.data.map(function (value, month) { return data.ahead[month] ? { value: Number(value), itemStyle: { opacity: 0.4 } } : Number(value); }), barMaxWidth: 36 }; })
    });
    window.addEventListener("resize", function () { chart.resize(); });
  }
  Array.prototype.forEach.call(document.querySelectorAll("[data-chart]"), draw);
})();
