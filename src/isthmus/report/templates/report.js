/* Draws the charts of the page from the JSON beside it. Nothing is fetched, nothing evaluated. */
(function () {
  "use strict";
  var content = JSON.parse(document.getElementById("charts").textContent);
  var options = {
    ast: true,
    actions: false,
    mode: "vega-lite",
    renderer: "svg",
    defaultStyle: false,
    logLevel: 1,
    tooltip: { theme: "isthmus" }
  };
  document.querySelectorAll("[data-chart]").forEach(function (place) {
    var spec = content.charts[place.dataset.chart];
    /* Long names beside an axis give way before the marks do; the table has them in full. */
    var limit = Math.max(90, Math.min(250, 0.44 * place.clientWidth));
    var axis = Object.assign({}, content.config.axis, { labelLimit: limit });
    var config = Object.assign({}, content.config, { axis: axis });
    vegaEmbed(place, spec, Object.assign({}, options, { config: config })).then(
      function () { place.dataset.state = "drawn"; },
      function (fault) {
        place.dataset.state = "failed";
        place.closest("figure").querySelector("details").open = true;
        place.textContent = "This chart could not be drawn; its numbers are in the table below. (" + fault.message + ")";
      }
    );
  });
  /* On paper nothing can be unfolded; a drawn chart does without its table. */
  var opened = [];
  window.addEventListener("beforeprint", function () {
    opened = Array.from(document.querySelectorAll("details.fold:not([open])"));
    opened.forEach(function (fold) { fold.open = true; });
  });
  window.addEventListener("afterprint", function () {
    opened.forEach(function (fold) { fold.open = false; });
  });
})();
