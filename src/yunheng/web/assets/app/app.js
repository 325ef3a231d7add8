/* 云衡页面脚本：没有脚本也能用，有了更顺手。下限 Chromium 86，只用普通写法。 */
(function () {
  "use strict";
  var $ = function (selector, root) { return (root || document).querySelector(selector); };
  var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };
  /** 输入法还在选字：这时的回车不算回车。 */
  function composing(event) { return event.isComposing || event.keyCode === 229; }
  function announce(text) { $("#live").textContent = text; }

  /* 表单令牌：登录后会换，发送时现取 */
  function token() {
    var found = document.cookie.match(/(?:^|; )yunheng_csrf=([^;]+)/);
    return found ? found[1] : $("meta[name=csrf]").content;
  }
  document.addEventListener("htmx:configRequest", function (event) { 
    event.detail.headers["X-CSRFToken"] = token();
    if (event.detail.parameters.csrfmiddlewaretoken) { event.detail.parameters.csrfmiddlewaretoken = token(); }
  });

  /* 弹出的说明：条款、时限 */
  function closePops(except) {
    all("[data-pop][aria-expanded=true]").forEach(function (button) {
      if (button !== except) { button.setAttribute("aria-expanded", "false"); button.nextElementSibling.hidden = true; }
    });
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-pop]");
    if (!event.target.closest(".pop")) { closePops(button); }
    if (button) {
      var pop = button.nextElementSibling, open = pop.hidden;
      pop.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
      if (open && pop.getBoundingClientRect().right > window.innerWidth) { pop.style.left = "auto"; pop.style.right = "0"; }
    }
    all("details.menu[open]").forEach(function (menu) { if (!menu.contains(event.target)) { menu.open = false; } });
    if (!event.target.closest(".find")) { var found = $("#found"); if (found) { found.textContent = ""; } }
  });
  document.addEventListener("keydown", function (event) {
    if (composing(event)) { return; }
    if (event.key === "Escape") {
      closePops();
      all("details.menu[open]").forEach(function (menu) { menu.open = false; $("summary", menu).focus(); });
      if ($("#found")) { $("#found").textContent = ""; }
    }
    if ((event.ctrlKey || event.metaKey) && event.key === "k" && $("#find")) { event.preventDefault(); $("#find").focus(); $("#find").select(); }
    if ((event.ctrlKey || event.metaKey) && event.key === "s" && $("form[data-autosave]")) { event.preventDefault(); $("form[data-autosave] .btn-primary").click(); }
  });

  /* 防重复提交；本来就不能点的不去动它 */
  function pause(form) { all("button:not([disabled])", form).forEach(function (button) { button.disabled = true; button.dataset.paused = "1"; }); }
  function resume(form) {
    delete form.dataset.sent;
    all("button[data-paused]", form).forEach(function (button) { button.disabled = false; delete button.dataset.paused; });
  }
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.matches("[data-once]") || event.defaultPrevented) { return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(function () { pause(form); }, 0);
    setTimeout(function () { resume(form); }, 15000);
  });
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) { all("form[data-once]").forEach(resume); }
  });

  /* 自动保存：停手 1 秒存一次，存不上说明白，断网自动再试 */
  var form = $("form[data-autosave]"), timer = null, tries = 0, dirty = false, flying = false, leaving = false;
  function differs(control) {
    if (control.type === "checkbox" || control.type === "radio") { return control.checked !== control.defaultChecked; }
    if (!control.options) { return control.value !== control.defaultValue; }
    var sent = all("option[selected]", control)[0] || (control.multiple ? null : control.options[0]);
    return control.value !== (sent ? sent.value : "");
  }
  function later(delay) { clearTimeout(timer); timer = setTimeout(save, delay); }
  function save() { if (form && dirty && !flying && !leaving) { $("#saved").textContent = "正在保存…"; form.dispatchEvent(new Event("autosave")); } }
  if (form) {
    form.addEventListener("input", function () { dirty = true; later(1000); });
    form.addEventListener("change", function () { dirty = true; later(300); });
    form.addEventListener("htmx:beforeRequest", function (event) { if (event.detail.elt === form) { dirty = false; flying = true; } });
    /* 自动保存还在路上就点了保存：等它回来拿到新版本号再交，免得和自己撞上 */
    form.addEventListener("submit", function (event) {
      clearTimeout(timer); leaving = true;
      if (flying) { event.preventDefault(); $("#saved").textContent = "正在保存…"; }
    });
    form.addEventListener("htmx:afterRequest", function (event) {
      if (event.detail.elt !== form) { return; }
      flying = false;
      if (!event.detail.successful) { leaving = false; }
      if (event.detail.successful) {
        tries = 0;
        var saved = $("#saved [data-version]");
        if (saved) { $("#version").value = saved.dataset.version; }
        if (leaving) { form.requestSubmit(); } else if (dirty) { later(300); }
      } else if (event.detail.xhr.status === 0 || event.detail.xhr.status >= 500) {
        dirty = true; tries += 1;
        $("#saved").textContent = "未保存，网络不通，正在重试（第 " + tries + " 次）；您填的还在这一页上";
        later(Math.min(30000, 1000 * Math.pow(2, tries)));
      } else if (event.detail.xhr.status === 401) { dirty = true; }
    });
    form.addEventListener("submit", function () { dirty = false; clearTimeout(timer); });
    window.addEventListener("beforeunload", function (event) { if (dirty) { event.preventDefault(); event.returnValue = ""; } });
    /* 字打得比脚本到得早（网慢、浏览器还原了上次填的）：页面上的与送来的不同，也算改过 */
    if (all("input, textarea, select", form).some(differs)) { dirty = true; later(1000); }
  }

  /* 登录快到期：到期前五分钟提醒，点一下就延长；到期了当场重新登录 */
  var idle = Number(document.body.dataset.idle) * 1000, active = Date.now(), ahead = Math.min(300000, idle / 2);
  function awake() { active = Date.now(); if ($("#idle")) { $("#idle").hidden = true; } }
  if (idle) {
    document.addEventListener("htmx:afterRequest", function (event) { if (event.detail.successful) { awake(); } });
    setInterval(function () {
      var left = idle - (Date.now() - active), bar = $("#idle");
      if (left <= 0) { bar.hidden = true; if (!$("#relogin").open) { document.dispatchEvent(new Event("session-expired")); } return; }
      if (left > ahead) { return; }
      $("#idle-text").textContent = "再过 " + Math.ceil(left / 60000) + " 分钟没有操作就要重新登录。";
      if (bar.hidden) { bar.hidden = false; announce($("#idle-text").textContent); }
    }, 5000);
    $("#idle-more").addEventListener("click", function () {
      fetch("/me/awake/", { method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": token(), "HX-Request": "true" } })
        .then(function (response) { if (response.ok) { awake(); announce("登录已延长"); } else { document.dispatchEvent(new Event("session-expired")); } });
    });
  }

  /* 证据抽屉：链接本身是完整的一页，没有脚本、新标签页打开都看得到；开着时记在地址的 # 里 */
  var opener = null;
  function openDrawer(href) {
    var drawer = $("#drawer");
    $("#drawer-body").textContent = "正在取证据…";
    if (!drawer.open) { drawer.showModal(); }
    htmx.ajax("GET", href, { target: "#drawer-body", swap: "innerHTML" });
    history.replaceState(null, "", location.pathname + location.search + "#drawer=" + encodeURIComponent(href));
  }
  /* 打印时图换成数据表，折起来的长表展开 */
  window.addEventListener("beforeprint", function () { all(".chart details, details.fold").forEach(function (one) { one.open = true; }); });
  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[data-drawer]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); opener = link; openDrawer(link.getAttribute("href")); }
    if (event.target.closest("[data-print]")) { window.print(); }
    if (event.target.closest("[data-drawer-close]") || event.target === $("#drawer")) { $("#drawer").close(); }
  });
  if ($("#drawer")) {
    $("#drawer").addEventListener("close", function () { history.replaceState(null, "", location.pathname + location.search); if (opener) { opener.focus(); } });
    if (/^#drawer=%2F[a-z]/.test(location.hash)) { openDrawer(decodeURIComponent(location.hash.slice(8))); }
  }

  /* 可查找的下拉：名称、拼音首字母都能找 */
  if ($("select[data-choose]")) {
    var script = document.createElement("script"), look = document.createElement("link");
    look.rel = "stylesheet";
    look.href = "/static/vendor/tom-select-2.6.2/tom-select.min.css";
    document.head.insertBefore(look, $("link[rel=stylesheet]"));
    script.src = "/static/vendor/tom-select-2.6.2/tom-select.base.min.js";
    script.onload = function () { all("select[data-choose]").forEach(choose); };
    document.head.appendChild(script);
  }
  function choose(select) {
    var box = new TomSelect(select, {
      searchField: ["text", "py"], maxOptions: 50, allowEmptyOption: true, sortField: "$order",
      render: { no_results: function () { var none = document.createElement("div"); none.className = "no-results"; none.textContent = "没有找到，可输名称或拼音首字母"; return none; } }
    });
    var label = select.dataset.label;
    box.control_input.setAttribute("aria-label", label);
    select.setAttribute("aria-label", label);
    /* 选字时的回车不是选项的回车 */
    box.control_input.addEventListener("keydown", function (event) { if (composing(event)) { event.stopImmediatePropagation(); } }, true);
  }

  /* 登录失效：同一页上重新登录，重发刚才的请求 */
  document.addEventListener("session-expired", function () {
    var dialog = $("#relogin");
    $("#saved") && ($("#saved").textContent = "需重新登录，填过的还在这一页上");
    if (!dialog.open) { dialog.showModal(); $("input", dialog).focus(); }
  });
  if ($("#relogin form")) {
    $("#relogin form").addEventListener("submit", function (event) {
      event.preventDefault();
      var body = new URLSearchParams(new FormData(event.target));
      /* 先取一次登录页：令牌也过期了的话，由它补上 */
      fetch("/login/", { credentials: "same-origin" }).then(function () {
      return fetch("/login/", { method: "POST", body: body, credentials: "same-origin", headers: { "HX-Request": "true", "X-CSRFToken": token() } }); }).then(function (response) {
        if (response.status === 204) { all("input[name=csrfmiddlewaretoken]").forEach(function (box) { box.value = token(); }); $("#relogin").close(); awake(); dirty = true; save(); announce("已重新登录"); return; }
        $("#relogin-error").hidden = false;
        $("#relogin-error").textContent = "登录名或口令不对，请重新输入";
      });
    });
  }

  /* 逐行填的表：加行、复制、删除、回车向下、Ctrl+D 复制上格、整块粘贴 */
  var grid = $("#grid"), next = 1000;
  function addRow(values) {
    var row = document.importNode($("#row-template").content.querySelector("tr"), true), index = next++;
    all("[name]", row).forEach(function (cell) {
      cell.name = cell.name.replace("__", index);
      var key = cell.name.split(":")[2];
      if (values && values[key] !== undefined) { cell.value = values[key]; }
    });
    $("tbody", grid).appendChild(row);
    renumber();
    return row;
  }
  function renumber() { all("tbody tr", grid).forEach(function (row, index) { var head = $(".rowno", row); if (head) { head.textContent = index + 1; } }); }
  function changed() { form.dispatchEvent(new Event("change", { bubbles: true })); }
  function values(row) { var found = {}; all("[name]", row).forEach(function (cell) { found[cell.name.split(":")[2]] = cell.value; }); return found; }
  if (grid) {
    document.addEventListener("click", function (event) {
      var target = event.target;
      if (target.closest("[data-add-row]")) { var row = addRow({ type: "云主机", count: "1", ssd: "否", action: "新增" }); $("input:not([type=hidden]),select", row).focus(); }
      if (target.closest("[data-copy-row]")) { addRow(values(target.closest("tr"))); changed(); }
      if (target.closest("[data-delete-row]")) { target.closest("tr").remove(); renumber(); changed(); announce("已删除一行"); }
      var preset = target.closest("[data-preset]");
      if (preset) {
        var size = preset.dataset.preset.match(/(\d+)核(\d+)G/);
        addRow({ type: "云主机", count: "1", cores: size[1], memory: size[2], os: "麒麟 V10", system_disk: "0.1", ssd: "否", zone: "政务外网" }); changed();
      }
      var pick = target.closest("[data-pick]");
      if (pick) {
        var now = JSON.parse(pick.dataset.pick);
        now.action = pick.dataset.action; now.resource = pick.dataset.resource; now.base = pick.dataset.pick;
        addRow(now); dirty = true;
        var stay = document.createElement("input");
        stay.type = "hidden"; stay.name = "stay"; stay.value = "1"; form.appendChild(stay); form.requestSubmit();
      }
    });
    grid.addEventListener("keydown", function (event) {
      if (composing(event) || !event.target.matches(".cell")) { return; }
      var cell = event.target, row = cell.closest("tr"), column = cell.closest("td").cellIndex;
      if (event.key === "Enter") {
        event.preventDefault();
        var below = row.nextElementSibling || (event.target.value && addRow({ type: "云主机", count: "1", ssd: "否", action: "新增" }));
        if (below) { $(".cell", below.cells[column]).focus(); }
      }
      if (event.ctrlKey && event.key === "d" && row.previousElementSibling) {
        event.preventDefault();
        cell.value = $(".cell", row.previousElementSibling.cells[column]).value; changed();
      }
    });
    grid.addEventListener("paste", function (event) {
      var text = (event.clipboardData || window.clipboardData).getData("text");
      if (text.indexOf("\t") < 0 || !$("#paste-text")) { return; }
      event.preventDefault();
      $("#paste-text").value = text;
      htmx.trigger($("#paste-text").form, "submit");
    });
  }

  /* 服务清单：查找、只看已选、勾选填 1 */
  document.addEventListener("input", function (event) {
    var box = event.target;
    if (box.matches("[data-filter]")) { var text = box.value.trim().toLowerCase(); all(box.dataset.filter).forEach(function (row) { row.hidden = text && row.dataset.name.toLowerCase().indexOf(text) < 0; }); }
  });
  document.addEventListener("change", function (event) {
    var box = event.target;
    if (box.matches("[data-only-ticked]")) { all(box.dataset.onlyTicked + " tr[data-name]").forEach(function (row) { var tick = $("input[type=checkbox]", row); row.hidden = box.checked && !(tick ? tick.checked : $(".num.cell", row).value); }); }
    if (box.name && box.name.indexOf("tick:") === 0) { var quantity = $("[name='qty:" + box.name.slice(5) + "']"); if (box.checked && !quantity.value) { quantity.value = "1"; } if (!box.checked) { quantity.value = ""; } }
    var tick = box.name && box.name.indexOf("qty:") === 0 && $("[name='tick:" + box.name.slice(4) + "']");
    if (tick) { tick.checked = box.value.trim() !== ""; }
    if (box.matches("[data-all]")) { all("input[name='" + box.dataset.all + "']").forEach(function (one) { one.checked = box.checked; }); }
    conditions();
  });
  /* 要看别的栏才填的栏 */
  function conditions() {
    all("[data-when]").forEach(function (field) {
      var chosen = $("[name='" + field.dataset.when + "']:checked");
      field.hidden = !chosen || chosen.value !== field.dataset.is;
    });
  }
  conditions();

  /* 比例条的宽度：不用行内样式 */
  function meters() { all("[data-width]").forEach(function (bar) { bar.style.width = bar.dataset.width; }); }
  meters();

  /* 办理：常用语、指出补正处、回执填到每一行、复制编号 */
  document.addEventListener("click", function (event) {
    var target = event.target, opinion = $("#opinion");
    var phrase = target.closest("[data-phrase]");
    if (phrase) { opinion.value = opinion.value ? opinion.value + "\n" + phrase.textContent : phrase.textContent; }
    var marks = target.closest("[data-needs-marks]");
    if (marks && !$("#marks li")) {
      event.preventDefault();
      $("[data-marking]").hidden = false;
      document.body.classList.add("marking-on");
      $("[data-marking]").scrollIntoView({ block: "center" });
      announce("请点左边表格里要补正的栏或行");
    } else if (target.closest("[data-needs-opinion]") && !opinion.value.trim()) { event.preventDefault(); opinion.focus(); announce("请写明意见"); opinion.placeholder = "这个动作要写明意见"; }
    var place = document.body.classList.contains("marking-on") && target.closest("[data-place]");
    if (place && !target.closest("a,button")) { mark(place); }
    if (target.closest("[data-unmark]")) { var item = target.closest("li"), picked = $("[data-place='" + item.dataset.of + "']"); if (picked) { picked.classList.remove("picked"); } item.remove(); }
    if (target.closest("[data-fill]")) { fill(); }
    var copy = target.closest("[data-copy]");
    if (copy) { var area = document.createElement("textarea"); area.value = copy.dataset.copy; document.body.appendChild(area); area.select(); document.execCommand("copy"); area.remove(); copy.textContent = "已复制"; }
    var clear = target.closest("[data-clear]");
    if (clear) { $(clear.dataset.clear).textContent = ""; }
  });
  function mark(place) {
    var name = place.dataset.place;
    if (place.classList.contains("picked")) { return; }
    place.classList.add("picked");
    var item = document.createElement("li"), label = document.createElement("span"), box = document.createElement("input"), remove = document.createElement("button");
    item.dataset.of = name;
    label.textContent = place.dataset.label;
    box.className = "form-control"; box.name = "mark:" + name; box.placeholder = "要怎样补正"; box.required = true; box.setAttribute("aria-label", place.dataset.label + " 要怎样补正");
    remove.type = "button"; remove.className = "link"; remove.dataset.unmark = ""; remove.textContent = "去掉";
    item.appendChild(label); item.appendChild(box); item.appendChild(remove);
    $("#marks").appendChild(item);
    box.focus();
  }
  if ($("#marks li")) {
    document.body.classList.add("marking-on");
    all("#marks li").forEach(function (item) { var place = $("[data-place='" + item.dataset.of + "']"); if (place) { place.classList.add("picked"); } });
  }
  function fill() {
    var prefix = $("#fill-prefix").value.trim(), number = 1;
    all("[data-order]").forEach(function (box) { box.value = $("#fill-order").value.trim() || box.value; });
    all("[data-on]").forEach(function (box) { box.value = $("#fill-on").value || box.value; });
    all("[data-resource-code]").forEach(function (box) { if (!box.value && prefix) { box.value = prefix + ("000" + number++).slice(-3); } });
  }

  /* 后台出好了：没有正在填的就换新页，有就留着由人点 */
  document.addEventListener("made", function () {
    var typing = all("form[data-typed] input,form[data-typed] textarea").some(function (box) { return box.value !== box.defaultValue; });
    if (!typing) { location.reload(); }
  });

  /* 存视图：筛选不重载整页，以地址栏为准 */
  document.addEventListener("submit", function (event) { var box = event.target.matches("[data-current-query]") && $("[name=query]", event.target); if (box) { box.value = location.search.slice(1); } });

  /* htmx：忙、焦点 */
  document.addEventListener("htmx:beforeRequest", function (event) {
    event.detail.elt.setAttribute("aria-busy", "true");
    /* 旧的预览先收起来：新的没到之前点不到旧的“确认导入” */
    if (event.detail.target.id === "preview") { event.detail.target.textContent = ""; }
  });
  document.addEventListener("htmx:afterRequest", function (event) { event.detail.elt.removeAttribute("aria-busy"); });
  document.addEventListener("htmx:afterSettle", function (event) { meters(); var focus = $("[data-autofocus]", event.target.parentNode || document); if (focus && event.target.id === "preview") { focus.focus(); focus.scrollIntoView(); } });
  /* 没办成摆回来的页：地址栏写回这一页的，刷新、再交都对 */
  var page = $("main[data-page]");
  if (page) { history.replaceState(null, "", page.dataset.page); }
  var summary = $(".error-summary[data-autofocus]");
  if (summary) { summary.focus(); }
  /* 浏览器跳到锚点后会清掉焦点，等它跳完再聚焦到那一栏 */
  window.addEventListener("load", function () {
    var spot = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!spot) { return; }
    setTimeout(function () { var input = $("input,select,textarea", spot); spot.scrollIntoView({ block: "center" }); if (input) { input.focus(); } }, 50);
  });
})();
