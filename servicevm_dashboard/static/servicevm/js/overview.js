/* Draws the quota's pies again where the overview was replaced. Horizon
   draws those that a page came with, and cannot draw a single one. */
(function () {
  'use strict';

  document.addEventListener('servicevm:live', function (event) {
    var fresh = event.target.querySelector('.pie-chart-usage');
    if (fresh && !fresh.querySelector('svg')) {
      horizon.d3_pie_chart_usage.init();
    }
  });
}());
