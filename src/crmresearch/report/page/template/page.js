(function () {
  "use strict";
  // a region is a tab stop only while there is something to scroll to
  function regions() {
    document.querySelectorAll(".crm-scroll, .equation, pre").forEach(function (box) {
      if (box.scrollWidth > box.clientWidth + 1 || !box.clientWidth) {
        box.setAttribute("tabindex", "0");
      } else {
        box.removeAttribute("tabindex");
      }
    });
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
  window.addEventListener("resize", regions);
  window.addEventListener("load", regions);
  regions();
})();
