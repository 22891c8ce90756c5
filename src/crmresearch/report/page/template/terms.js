(function () {
  "use strict";
  // what a term means shows while it is pointed at or has the focus; without this its title does
  var note = document.createElement("div");
  note.id = "gloss";
  note.setAttribute("role", "tooltip");
  note.hidden = true;
  document.body.appendChild(note);
  var timer;
  function hide() { note.hidden = true; }
  function later() { timer = setTimeout(hide, 200); }
  function show(term) {
    clearTimeout(timer);
    note.textContent = term.dataset.meaning;
    note.hidden = false;
    var place = term.getBoundingClientRect();
    var left = Math.min(place.left, document.documentElement.clientWidth - note.offsetWidth - 16);
    var above = place.bottom + note.offsetHeight + 6 > window.innerHeight && place.top > note.offsetHeight + 6;
    note.style.left = window.scrollX + Math.max(left, 8) + "px";
    note.style.top = window.scrollY + (above ? place.top - note.offsetHeight - 6 : place.bottom + 6) + "px";
  }
  document.querySelectorAll("a.term").forEach(function (term) {
    term.dataset.meaning = term.title;
    term.removeAttribute("title");
    term.addEventListener("mouseenter", function () { show(term); });
    term.addEventListener("focus", function () { show(term); });
    term.addEventListener("mouseleave", later);
    term.addEventListener("blur", hide);
  });
  note.addEventListener("mouseenter", function () { clearTimeout(timer); });
  note.addEventListener("mouseleave", later);
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") { hide(); } });
})();
