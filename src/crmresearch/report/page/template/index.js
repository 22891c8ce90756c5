(function () {
  "use strict";
  // without this the page lists every report; with it, those that fit what is chosen
  var form = document.getElementById("filter");
  if (!form) { return; }
  var told = form.querySelector("[role=status]");
  var reports = document.querySelectorAll(".reports > li");
  function apply() {
    var count = 0;
    reports.forEach(function (report) {
      report.hidden = Array.from(form.querySelectorAll("select")).some(function (select) {
        return select.value && report.dataset[select.dataset.of] !== select.value;
      });
      count += report.hidden ? 0 : 1;
    });
    document.querySelectorAll("main > section").forEach(function (section) {
      var listed = section.querySelectorAll(".reports > li");
      section.hidden = listed.length > 0 && !section.querySelector(".reports > li:not([hidden])");
    });
    told.textContent = told.dataset.told.replace("{count}", count);
  }
  form.hidden = false;
  form.addEventListener("change", apply);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  apply();
})();
