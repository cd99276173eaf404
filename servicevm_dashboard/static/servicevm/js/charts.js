/* Live charts of a service: connections and traffic.

   The tab's box (live.js) is read every few seconds; what it brings has
   `stats`, whose counters only grow, and `at`, seconds. Rates are made of
   two readings. Where a counter is smaller than it was, or the `epoch` of
   the counters is another, counting began anew, and there is no rate. */
(function () {
  'use strict';

  var servicevm = window.servicevm = window.servicevm || {};
  //: Readings that are kept: five minutes of one every five seconds.
  var KEPT = 60;
  //: Seconds between them.
  var EVERY = 5;
  //: Services whose readings outlive a reload of their page, in this tab of
  //: the browser: a few kilobytes each.
  var SERVICES = 5;
  var STORE = 'servicevm.charts';
  var COUNTERS = ['connections_total', 'bytes_in', 'bytes_out'];

  function sum(stats, name) {
    return (stats.listeners || []).reduce(function (total, one) {
      return total + (one[name] || 0);
    }, 0);
  }

  /* What is drawn of a reading, given the one before; null where there is
     no rate. */
  servicevm.rates = function (before, now) {
    var found = {
      at: now.at, active: sum(now.stats, 'connections_active'),
      connections: null, 'in': null, out: null
    };
    if (!before || now.at <= before.at ||
        now.stats.epoch !== before.stats.epoch) {
      return found;
    }
    var grown = COUNTERS.map(function (name) {
      return (sum(now.stats, name) - sum(before.stats, name)) /
        (now.at - before.at);
    });
    if (grown.some(function (value) { return value < 0; })) { return found; }
    found.connections = grown[0];
    found['in'] = grown[1];
    found.out = grown[2];
    return found;
  };

  function bytes(value) {
    var amount = number(value);
    return interpolate(ngettext('%(amount)s byte per second',
      '%(amount)s bytes per second', amount === '1' ? 1 : 2),
      {amount: amount}, true);
  }

  /* Short, and without thousandths of a connection. */
  function number(value) {
    return value < 1000 ? String(Number(value.toFixed(2))) :
      d3.format('.3s')(value);
  }

  /* `unit` is that of what grows upwards. */
  function draw(box, points, names, unit) {
    var width = box.clientWidth || 400, height = box.clientHeight || 160;
    var left = 56, bottom = 34, top = 22;
    d3.select(box).select('svg').remove();
    var svg = d3.select(box).append('svg').attr('aria-hidden', 'true')
      .attr('viewBox', '0 0 ' + width + ' ' + height);
    var end = points[points.length - 1].at;
    var x = d3.time.scale().range([left, width - 32])
      .domain([new Date((end - KEPT * EVERY) * 1000), new Date(end * 1000)]);
    var most = d3.max(points, function (point) {
      return d3.max(names, function (name) { return point[name]; });
    });
    var y = d3.scale.linear().range([height - bottom, top])
      .domain([0, most || 1]).nice();
    svg.append('g').attr('class', 'servicevm-axis')
      .attr('transform', 'translate(0,' + (height - bottom) + ')')
      .call(d3.svg.axis().scale(x).orient('bottom').ticks(4)
        .tickFormat(d3.time.format('%H:%M')));
    svg.append('g').attr('class', 'servicevm-axis')
      .attr('transform', 'translate(' + left + ',0)')
      .call(d3.svg.axis().scale(y).orient('left').ticks(4)
        .tickFormat(number));
    svg.append('text').attr({'class': 'servicevm-unit', x: 0, y: 12})
      .text(unit);
    svg.append('text').attr({'class': 'servicevm-unit', x: width - 32,
      y: height - 2, 'text-anchor': 'end'}).text(gettext('Time of day'));
    names.forEach(function (name, index) {
      svg.append('path')
        .attr('class', 'servicevm-line servicevm-line-' + 'ab'[index])
        .attr('d', d3.svg.line()
          .defined(function (point) { return point[name] !== null; })
          .x(function (point) { return x(new Date(point.at * 1000)); })
          .y(function (point) { return y(point[name]); })(points));
    });
  }

  function tell(frame, name, text) {
    frame.querySelector('[data-servicevm-now="' + name + '"]').textContent =
      text;
  }

  /* What is kept, the newest first; nothing where the browser keeps nothing
     or somebody else wrote there. */
  function kept() {
    try {
      var found = JSON.parse(sessionStorage.getItem(STORE));
      return Array.isArray(found) ? found : [];
    } catch (error) { return []; }
  }

  function keep(points, last) {
    var here = {
      path: location.pathname, points: points,
      // As much as the next rate is made of.
      last: {at: last.at, stats: {
        epoch: last.stats.epoch, listeners: last.stats.listeners
      }}
    };
    var others = kept().filter(function (one) {
      return one && one.path !== here.path;
    });
    try {
      sessionStorage.setItem(STORE,
        JSON.stringify([here].concat(others).slice(0, SERVICES)));
    } catch (error) {
      // Full, or not allowed: then a reload begins anew, as it says.
    }
  }

  /* Readings from before the page was loaded, if they are of the minutes
     that are drawn. */
  function resume(box, now) {
    var found = kept().filter(function (one) {
      return one && one.path === location.pathname;
    })[0];
    if (!found || !Array.isArray(found.points) || !found.last ||
        !found.last.stats || !(found.last.at < now.at)) { return; }
    var begin = now.at - KEPT * EVERY;
    box.servicevmPoints = found.points.filter(function (point) {
      return point && point.at > begin;
    });
    if (found.last.at > begin) { box.servicevmLast = found.last; }
  }

  function add(box, data) {
    var frame = box.querySelector('[data-servicevm-charts]');
    if (!frame || !data.stats || !window.d3) { return; }
    if (!box.servicevmPoints) { resume(box, data); }
    var points = box.servicevmPoints = box.servicevmPoints || [];
    var point = servicevm.rates(box.servicevmLast, data);
    box.servicevmLast = data;
    points.push(point);
    points.splice(0, points.length - KEPT);
    keep(points, data);
    // Rates are made of two readings: before that there is nothing to draw.
    frame.querySelectorAll('[data-servicevm-waiting]').forEach(
      function (one) { one.hidden = points.length > 1; });
    if (points.length > 1) {
      draw(frame.querySelector('[data-servicevm-chart="connections"]'),
        points, ['active', 'connections'],
        gettext('Connections; new ones per second'));
      draw(frame.querySelector('[data-servicevm-chart="traffic"]'),
        points, ['in', 'out'], gettext('Bytes per second'));
    }
    tell(frame, 'active', String(point.active));
    tell(frame, 'connections', point.connections === null ?
      '-' : number(point.connections));
    tell(frame, 'in', point['in'] === null ? '-' : bytes(point['in']));
    tell(frame, 'out', point.out === null ? '-' : bytes(point.out));
  }

  /* The reading that the page came with. */
  document.addEventListener('servicevm:started', function (event) {
    var frame = event.target.querySelector('[data-servicevm-charts]');
    if (frame && frame.dataset.servicevmCharts) {
      add(event.target, JSON.parse(frame.dataset.servicevmCharts));
    }
  });
  document.addEventListener('servicevm:live', function (event) {
    add(event.target, event.detail);
  });
}());
