(function () {
  "use strict";
  // without this a table says what one step of one factor brings; with it, sliders say it of all at once
  function told(value) { return value.toFixed(1).replace(/^-(?=0\.0$)/, "").replace("-", "\u2212"); }
  document.querySelectorAll("form.crm-what-if").forEach(function (form) {
    var model = JSON.parse(form.dataset.model);
    var select = form.querySelector("select");
    var sliders = Array.from(form.querySelectorAll("input[type=range]"));
    var results = form.querySelectorAll(".results output");
    function within(value) { return Math.min(Math.max(value, model.ends[0]), model.ends[1]); }
    function apply() {
      var x = [1].concat(sliders.map(function (slider) {
        var value = Number(slider.value);
        var shown = (value > 0 ? "+" : "") + told(value);
        slider.nextElementSibling.textContent = shown;
        slider.setAttribute("aria-valuetext", shown);
        return value;
      }));
      model.choices[select.selectedIndex].outcomes.forEach(function (outcome, at) {
        var estimate = 0, variance = 0;
        x.forEach(function (one, i) {
          estimate += one * outcome[0][i];
          x.forEach(function (other, j) { variance += one * other * outcome[1][i][j]; });
        });
        var half = model.z * Math.sqrt(Math.max(variance, 0));
        results[at].textContent = form.dataset.result
          .replace("{estimate}", told(within(estimate)))
          .replace("{lower}", told(within(estimate - half)))
          .replace("{upper}", told(within(estimate + half)));
      });
    }
    function choose() {
      var choice = model.choices[select.selectedIndex];
      sliders.forEach(function (slider, i) {
        slider.min = choice.least[i];
        slider.max = choice.most[i];
      });
      apply();
    }
    form.hidden = false;
    select.addEventListener("change", choose);
    form.addEventListener("input", apply);
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.querySelector("button").addEventListener("click", function () {
      sliders.forEach(function (slider) { slider.value = 0; });
      apply();
    });
    choose();
  });
})();
