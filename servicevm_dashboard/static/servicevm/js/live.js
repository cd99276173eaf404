/* Keeps what a page shows up to date.

   <div data-servicevm-live="URL" data-interval="5000">
     ... a table, or an element with data-servicevm-region
     <p aria-live="polite" data-servicevm-said></p>
     <p data-servicevm-stale hidden></p>
   </div>

   The URL answers {"rows": [{"id", "said", "html"}]} for a table, or
   {"html", "said"} for a region. One request at a time; none while the page
   is hidden, a menu or a dialogue is open. */
(function () {
  'use strict';

  var SLOWEST = 60000;

  function busy(box) {
    return document.hidden ||
      box.querySelector('.btn-group.open, .open > .dropdown-menu') ||
      document.querySelector('.modal.in');
  }

  /* Replace `old`; the focus stays where it was, the ticks as they were. */
  function swap(old, html) {
    var holder = document.createElement(
      old.tagName === 'TR' ? 'tbody' : 'div');
    holder.innerHTML = html.trim();
    var fresh = holder.firstElementChild;
    var focused = old.contains(document.activeElement) ?
      document.activeElement.id : '';
    old.querySelectorAll('input[type=checkbox]:checked').forEach(
      function (box) {
        var same = fresh.querySelector(
          'input[type=checkbox][value="' + CSS.escape(box.value) + '"]');
        if (same) { same.checked = true; }
      });
    old.replaceWith(fresh);
    var again = focused && document.getElementById(focused);
    if (again) { again.focus(); }
    return fresh;
  }

  function rows(box, data, said) {
    var body = box.querySelector('table tbody');
    var known = {}, last = null;
    body.querySelectorAll('tr[data-object-id]').forEach(function (row) {
      known[row.dataset.objectId] = row;
    });
    data.rows.forEach(function (row) {
      var old = known[row.id];
      delete known[row.id];
      if (!old) {
        old = document.createElement('tr');
        said.push(row.said);
      } else if (old.dataset.said !== row.said) {
        said.push(row.said);
      }
      if (old.servicevmHtml !== row.html) {
        old = swap(body.contains(old) ? old : body.insertBefore(
          old, last ? last.nextElementSibling : body.firstElementChild),
        row.html);
        old.servicevmHtml = row.html;
      }
      last = old;
    });
    Object.keys(known).forEach(function (id) {
      var row = known[id];
      said.push(interpolate(
        gettext('%(name)s is gone'), {name: row.dataset.display}, true));
      row.remove();
    });
    var empty = body.querySelector('tr.empty');
    if (empty && data.rows.length) { empty.remove(); }
    // Nothing left: the page says what to do then.
    if (!data.rows.length && !empty) { window.location.reload(); }
  }

  function region(box, data, said) {
    var old = box.querySelector('[data-servicevm-region]');
    if (old.servicevmHtml === data.html) { return; }
    if (old.servicevmSaid !== undefined && data.said !== old.servicevmSaid) {
      said.push(data.said);
    }
    var fresh = swap(old, data.html);
    fresh.servicevmHtml = data.html;
    fresh.servicevmSaid = data.said;
  }

  function start(box) {
    var interval = Number(box.dataset.interval), wait = interval;
    var stale = box.querySelector('[data-servicevm-stale]');

    function show(data) {
      var said = [];
      (data.rows ? rows : region)(box, data, said);
      if (said.length) {
        box.querySelector('[data-servicevm-said]').textContent =
          said.join(', ');
      }
      box.dispatchEvent(new CustomEvent('servicevm:live', {
        bubbles: true, detail: data}));
    }

    function ask() {
      return fetch(box.dataset.servicevmLive, {
        credentials: 'same-origin',
        headers: {'X-Requested-With': 'XMLHttpRequest'}
      }).then(function (answer) {
        if (answer.redirected || answer.status === 401) {
          throw new Error(gettext('You are no longer logged in.'));
        }
        return answer.json().then(function (data) {
          if (!answer.ok) { throw new Error(data.error); }
          show(data);
        });
      });
    }

    function tick() {
      if (busy(box)) { setTimeout(tick, interval); return; }
      ask().then(function () {
        wait = interval;
        stale.hidden = true;
      }).catch(function (error) {
        wait = Math.min(wait * 2, SLOWEST);
        stale.textContent = interpolate(
          gettext('This is not up to date: %(why)s'),
          {why: error.message}, true);
        stale.hidden = false;
      }).then(function () { setTimeout(tick, wait); });
    }

    setTimeout(tick, interval);
  }

  /* An action that is not possible says why, and does nothing. */
  function refuse(event) {
    var action = event.target.closest('.servicevm [aria-disabled="true"]');
    if (action) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }

  document.addEventListener('click', refuse, true);
  document.addEventListener('DOMContentLoaded', function () {
    document.querySelectorAll('[data-servicevm-live]').forEach(start);
  });
}());
