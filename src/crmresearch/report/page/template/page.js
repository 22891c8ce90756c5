(function () {
  "use strict";
  // a region is a tab stop only while there is something to scroll to
  function regions() {
    document.querySelectorAll(".crm-scroll, .equation, pre").forEach(function (box) {
      var scrolls = box.scrollWidth > box.clientWidth + 1;
      if (scrolls || !box.clientWidth) {
        box.setAttribute("tabindex", "0");
      } else {
        box.removeAttribute("tabindex");
      }
      if (box.classList.contains("crm-scroll")) { hint(box, scrolls); }
    });
  }
  // and says so
  function hint(box, scrolls) {
    var before = box.previousElementSibling;
    var there = before && before.classList.contains("crm-hint");
    if (there && !scrolls) { before.remove(); }
    if (scrolls && !there) {
      var told = document.createElement("p");
      told.className = "crm-hint";
      told.textContent = document.body.dataset.scrolls;
      box.before(told);
    }
  }
  // the contents stand beside the text on a wide screen and are folded above it on a narrow one
  var contents = document.querySelector("#contents details");
  var wide = window.matchMedia("(min-width: 64rem)");
  function fold() { if (contents) { contents.open = wide.matches; } }
  fold();
  wide.addEventListener("change", fold);

  var toggle = document.getElementById("code-toggle");
  var blocks = document.querySelectorAll("details.code");
  if (toggle && blocks.length) {
    toggle.hidden = false;
    toggle.addEventListener("click", function () {
      var show = toggle.textContent === toggle.dataset.show;
      blocks.forEach(function (block) { block.open = show; });
      toggle.textContent = show ? toggle.dataset.hide : toggle.dataset.show;
    });
  }
  blocks.forEach(function (block) { block.addEventListener("toggle", regions); });

  // a figure is saved as it is drawn on the page, in its colours on white paper
  function save(name, address) {
    var link = document.createElement("a");
    link.download = name;
    link.href = address;
    link.click();
  }
  document.querySelectorAll("a.crm-save").forEach(function (link) {
    link.addEventListener("click", function (event) {
      var drawn = link.closest("figure").querySelector("svg");
      var text = new XMLSerializer().serializeToString(drawn).replace(/var\(--\w+,\s*(#\w+)\)/g, "$1");
      var address = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
      event.preventDefault();
      if (link.download.endsWith(".svg")) { save(link.download, address); return; }
      var picture = new Image();
      picture.onload = function () {
        var canvas = document.createElement("canvas"), dots = 200 / 96; // 200 an inch
        canvas.width = Math.round(drawn.width.baseVal.value * dots);
        canvas.height = Math.round(drawn.height.baseVal.value * dots);
        canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
        save(link.download, canvas.toDataURL("image/png"));
      };
      picture.src = address;
    });
  });
  window.addEventListener("resize", regions);
  window.addEventListener("load", regions);
  regions();
})();
