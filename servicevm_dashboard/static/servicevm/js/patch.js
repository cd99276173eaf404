/* Puts what came from the server on the page, so that nobody is disturbed:
   only what is another is replaced; the focus stays, ticks stay. */
(function () {
  'use strict';

  var FOCUSABLE = 'a[href], button, input, select, textarea, [tabindex]';
  var servicevm = window.servicevm = window.servicevm || {};

  function parse(html, tag) {
    var holder = document.createElement(tag);
    holder.innerHTML = html.trim();
    return holder.firstElementChild;
  }

  /* Change `within` by `change()`; who had the focus there has it again. */
  function keepingFocus(within, change) {
    var active = document.activeElement;
    if (!active || active === document.body || !within.contains(active)) {
      change();
      return;
    }
    var id = active.id;
    var place = Array.prototype.indexOf.call(
      within.querySelectorAll(FOCUSABLE), active);
    change();
    if (document.contains(active)) {
      // It was moved: browsers forget the focus then.
      if (document.activeElement !== active) { active.focus(); }
      return;
    }
    var found = within.querySelectorAll(FOCUSABLE);
    var again = (id && document.getElementById(id)) || found[place] ||
      found[found.length - 1];
    if (again) { again.focus({preventScroll: true}); }
  }

  /* A reason that is shown beside what goes away would stay for ever. */
  function hush(old) {
    $(old).find('[data-servicevm-why]').tooltip('hide');
  }

  /* Make `old` show what `fresh` shows, where it does not. */
  function same(old, fresh) {
    if (old.innerHTML === fresh.innerHTML) { return; }
    hush(old);
    keepingFocus(old, function () { old.innerHTML = fresh.innerHTML; });
  }

  function row(old, fresh) {
    Array.prototype.forEach.call(fresh.cells, function (cell, index) {
      if (old.cells[index]) { same(old.cells[index], cell); }
    });
    Object.keys(fresh.dataset).forEach(function (name) {
      old.dataset[name] = fresh.dataset[name];
    });
  }

  function rows(box, data) {
    var table = box.querySelector('table');
    var body = table.tBodies[0], said = [], known = {}, before = null;
    var empty = body.querySelector('tr.empty');
    if (Boolean(empty) === Boolean(data.rows.length)) {
      // From nothing to something or back: actions and hints change too.
      servicevm.reload();
      return said;
    }
    body.querySelectorAll('tr[data-object-id]').forEach(function (one) {
      known[one.dataset.objectId] = one;
    });
    keepingFocus(body, function () {
      data.rows.forEach(function (one) {
        var fresh = parse(one.html, 'tbody'), old = known[one.id];
        delete known[one.id];
        if (!old || old.dataset.said !== one.said) { said.push(one.said); }
        if (old) { row(old, fresh); } else { old = fresh; }
        var place = before ? before.nextElementSibling :
          body.firstElementChild;
        if (place !== old) { body.insertBefore(old, place); }
        before = old;
      });
      Object.keys(known).forEach(function (id) {
        said.push(interpolate(gettext('%(name)s is no longer in this list'),
          {name: known[id].dataset.display}, true));
        hush(known[id]);
        known[id].remove();
      });
    });
    ticks(table);
    return said;
  }

  /* Horizon's buttons go by what is ticked. */
  function ticks(table) {
    var form = $(table).closest('form');
    horizon.datatables.update_header_checkbox($(table));
    if (form.length) { horizon.datatables.validate_button(form); }
  }

  function region(box, data) {
    var old = box.querySelector('[data-servicevm-region]');
    var fresh = document.createElement('div');
    fresh.innerHTML = data.html;
    same(old, fresh);
    var news = old.dataset.said !== data.said ? [data.said] : [];
    old.dataset.said = data.said;
    return news;
  }

  /* Show `data` in `box`, and its parts where they are on the page.

     Returns what is to be read to who can not see it. */
  servicevm.patch = function (box, data) {
    var said = data.rows ? rows(box, data) :
      data.html === undefined ? [] : region(box, data);
    Object.keys(data.parts || {}).forEach(function (name) {
      var old = document.querySelector(
        '[data-servicevm-part="' + CSS.escape(name) + '"]');
      if (!old) { return; }
      var fresh = document.createElement('div');
      fresh.innerHTML = data.parts[name];
      var part = fresh.querySelector('[data-servicevm-part]');
      same(old, part || fresh);
    });
    return said;
  };
}());
