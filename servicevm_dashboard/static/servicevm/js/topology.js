/* Draws the topology: networks, devices, services and members, from left to
   right, and keeps the picture up to date with what the page's poll brings.

   <section data-servicevm-topology="ID"></section>
   <script type="application/json" id="ID">{"networks": ...}</script>

   Words and addresses come in the data; here is only where things are. */
(function () {
  'use strict';

  var WIDTH = 210, HEIGHT = 46, ROW = 58, COLUMN = 270, EDGE = 12;
  var LETTERS = 26;
  var READABLE = 0.8;
  var COLUMNS = ['network', 'device', 'service', 'member'];
  // What says the state without colour, 12 x 12 around the origin.
  var SIGNS = {
    success: 'M-5,0L-2,4L5,-4',
    danger: 'M-4,-4L4,4M-4,4L4,-4',
    warning: 'M0,-5L5,5L-5,5ZM0,-1L0,2',
    info: 'M5,0A5,5 0 1 1 0,-5'
  };

  function cut(text) {
    return text.length > LETTERS ? text.slice(0, LETTERS - 1) + '…' : text;
  }

  function words(node) {
    return [node.status, node.health].filter(Boolean).join(', ');
  }

  /* Nodes and edges with places: a device is as high as what it hosts. */
  function lay(graph) {
    var nodes = [], edges = [], row = 0;
    var hosted = d3.nest().key(function (one) { return one.device; })
      .map(graph.services);
    var members = d3.nest().key(function (one) { return one.service; })
      .map(graph.members);

    function add(kind, datum, y, label, above) {
      var node = {
        id: kind + ' ' + datum.id, kind: kind, name: datum.name,
        href: datum.href, tone: datum.tone, below: words(datum),
        y: y, x: COLUMNS.indexOf(kind) * COLUMN, label: label
      };
      nodes.push(node);
      if (above) {
        edges.push({
          id: above.id + ' ' + node.id, from: above, to: node,
          tone: node.tone
        });
      }
      return node;
    }

    function service(datum, device) {
      var top = row;
      var own = members[datum.id] || [];
      var node = add('service', datum, 0, [
        datum.type, datum.name, words(datum)].join(', '), device);
      own.forEach(function (member) {
        add('member', member, row * ROW, interpolate(
          gettext('Member %(name)s of %(service)s, %(health)s'), {
            name: member.name, service: datum.name, health: member.health
          }, true), node);
        row += 1;
      });
      if (datum.more) {
        add('member', {
          id: datum.id + ' more', tone: 'info', href: datum.href,
          name: interpolate(
            ngettext('%(count)s more', '%(count)s more', datum.more),
            {count: datum.more}, true)
        }, row * ROW, interpolate(
          gettext('The other members of %(service)s'),
          {service: datum.name}, true), node);
        row += 1;
      }
      row = Math.max(row, top + 1);
      node.y = (top + row - 1) / 2 * ROW;
    }

    var devices = graph.devices.map(function (datum) {
      var top = row;
      var node = add('device', datum, 0, interpolate(
        gettext('Device %(name)s, %(state)s'),
        {name: datum.name, state: words(datum)}, true));
      (hosted[datum.id] || []).forEach(function (one) { service(one, node); });
      row = Math.max(row, top + 1);
      node.y = (top + row - 1) / 2 * ROW;
      node.interfaces = datum.interfaces;
      return node;
    });

    networks(graph, devices, row, add, edges);
    return {
      nodes: nodes, edges: edges,
      height: Math.max(row, graph.networks.length) * ROW,
      width: (graph.services.length ? graph.members.length ? 3 : 2 : 1) *
        COLUMN + WIDTH
    };
  }

  function networks(graph, devices, rows, add, edges) {
    var all = graph.networks.length;
    graph.networks.forEach(function (datum, number) {
      var place = Math.max(rows, all) / all * (number + 0.5) - 0.5;
      var used = 0;
      var node = add('network', datum, place * ROW, '');
      devices.forEach(function (device) {
        device.interfaces.forEach(function (one) {
          if (one.network !== datum.name) { return; }
          used += 1;
          edges.push({
            id: node.id + ' ' + device.id + ' ' + one.role,
            from: node, to: device,
            said: one.role + (one.address ? ': ' + one.address : '')
          });
        });
      });
      node.below = interpolate(
        ngettext('%(count)s interface', '%(count)s interfaces', used),
        {count: used}, true);
      node.label = interpolate(
        gettext('Network %(name)s, %(used)s'),
        {name: datum.name, used: node.below}, true);
    });
  }

  function path(edge) {
    var x = edge.from.x + WIDTH, y = edge.from.y + HEIGHT / 2;
    var to = edge.to.y + HEIGHT / 2, middle = (x + edge.to.x) / 2;
    return 'M' + x + ',' + y + 'C' + middle + ',' + y + ' ' + middle + ',' +
      to + ' ' + edge.to.x + ',' + to;
  }

  function enter(node) {
    // A link where there is a page; else something that can be read.
    var made = document.createElementNS(
      'http://www.w3.org/2000/svg', node.href ? 'a' : 'g');
    var group = d3.select(made);
    if (!node.href) { group.attr('tabindex', 0).attr('role', 'img'); }
    group.append('title');
    group.append('rect').attr({width: WIDTH, height: HEIGHT, rx: 4});
    group.append('path').attr({'class': 'servicevm-sign',
      transform: 'translate(18,' + HEIGHT / 2 + ')'});
    var x = node.tone ? 34 : 14;
    group.append('text').attr({'class': 'servicevm-name', x: x, y: 19});
    group.append('text').attr({'class': 'servicevm-below', x: x, y: 36});
    return made;
  }

  function update(node) {
    var group = d3.select(this);
    group.attr('class', 'servicevm-node servicevm-' + node.kind +
      (node.tone ? ' servicevm-' + node.tone : ''));
    group.attr('aria-label', node.label);
    if (node.href) { group.attr('href', node.href); }
    group.attr('transform', 'translate(' + node.x + ',' + node.y + ')');
    group.select('title').text(node.label);
    group.select('.servicevm-sign').attr('d', SIGNS[node.tone] || '');
    group.select('.servicevm-name').text(cut(node.name));
    group.select('.servicevm-below').text(cut(node.below));
  }

  function draw(box, graph) {
    var found = lay(graph);
    box.hidden = !graph.devices.length;
    var svg = d3.select(box).select('svg');
    if (svg.empty()) {
      svg = d3.select(box).append('svg').attr('role', 'group')
        .attr('aria-label', gettext(
          'Networks, devices, services and members; the table below has ' +
          'the same'));
      svg.append('g').attr('class', 'servicevm-edges');
      svg.append('g').attr('class', 'servicevm-nodes');
    }
    svg.attr({
      width: found.width + 2 * EDGE, height: found.height + EDGE,
      viewBox: [-EDGE, -EDGE / 2, found.width + 2 * EDGE,
        found.height + EDGE].join(' ')
    });
    // It shrinks with the page as long as it can be read; then it scrolls.
    svg.style('min-width', Math.round(READABLE * found.width) + 'px');

    function key(one) { return one.id; }

    var edges = svg.select('.servicevm-edges').selectAll('path')
      .data(found.edges, key);
    edges.enter().append('path').append('title');
    edges.exit().remove();
    edges.attr('d', path).attr('class', function (edge) {
      return 'servicevm-edge' + (edge.tone ? ' servicevm-' + edge.tone : '');
    });
    edges.select('title').text(function (edge) { return edge.said || ''; });

    var nodes = svg.select('.servicevm-nodes').selectAll('.servicevm-node')
      .data(found.nodes, key);
    // Those that stay are the same elements: the focus stays, too.
    nodes.enter().append(enter);
    nodes.exit().remove();
    nodes.each(update).order();
  }

  function init() {
    document.querySelectorAll('[data-servicevm-topology]').forEach(
      function (box) {
        var data = document.getElementById(box.dataset.servicevmTopology);
        draw(box, JSON.parse(data.textContent));
        document.addEventListener('servicevm:live', function (event) {
          if (event.detail.graph) { draw(box, event.detail.graph); }
        });
      });
  }

  document.addEventListener('DOMContentLoaded', init);
}());
