/* Keeps what a page shows up to date.

   <div data-servicevm-live="URL" data-interval="5000">
     ... a table, or an element with data-servicevm-region
     <p role="status" data-servicevm-said></p>
     <p role="status" data-servicevm-stale data-minutes="30" hidden></p>
   </div>

   The URL answers {"rows": [{"id", "said", "html"}]} for a table, or
   {"html", "said"} for a region, {"gone": true} where there is nothing to
   show any more; "parts" are elements elsewhere on the page,
   by their data-servicevm-part. With interval 0 it asks only when somebody
   presses the box's data-servicevm-refresh. One request at a time; none while
   the page or the box is hidden, or a menu or a dialogue is open; nor once
   nobody did anything for the data-minutes of data-servicevm-stale, until
   somebody says that it is to go on. How what came is put on the page is in
   patch.js. */
(function () {
  'use strict';

  var SLOWEST = 60000;
  //: A laptop that slept may wait for an answer that never comes.
  var PATIENCE = 60000;
  var servicevm = window.servicevm = window.servicevm || {};

  //: When somebody last did something here, in milliseconds.
  var touched = Date.now();

  // Screen readers and voices click without a pointer.
  ['click', 'pointerdown', 'pointermove', 'keydown', 'wheel',
    'touchstart'].forEach(
    function (kind) {
      document.addEventListener(kind, function () { touched = Date.now(); },
        {capture: true, passive: true});
    });

  /* Whether the user could not see it, or is in the middle of something. */
  function busy(box) {
    return document.hidden || !box.offsetParent ||
      document.querySelector(
        '.servicevm .btn-group.open, .servicevm .open > .dropdown-menu,' +
        '.servicevm form[data-submitted], .modal.in');
  }

  function Refused(message, final) {
    this.message = message;
    this.final = final;
  }

  /* What the URL answers; a Refused that says why not. */
  function ask(url) {
    var given = new AbortController();
    var timer = setTimeout(function () { given.abort(); }, PATIENCE);
    var answered = fetch(url, {
      signal: given.signal,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {'X-Requested-With': 'XMLHttpRequest'}
    }).then(function (answer) {
      if (answer.redirected || answer.status === 401 ||
          answer.status === 403) {
        throw new Refused('', 'out');
      }
      return answer.json().catch(function () { return null; }).then(
        function (data) {
          if (data && data.gone) { throw new Refused('', 'gone'); }
          if (data && answer.ok) { return data; }
          throw new Refused(
            data && data.error || gettext('The dashboard did not answer.'),
            answer.status === 409 ? 'moved' : undefined);
        });
    }, function () {
      throw new Refused(gettext('The dashboard did not answer.'));
    });
    function over() { clearTimeout(timer); }
    answered.then(over, over);
    return answered;
  }

  function link(href, text) {
    var made = document.createElement('a');
    made.href = href;
    // Angular keeps links to where one is from being followed.
    made.target = '_self';
    made.textContent = text;
    return made;
  }

  function button(text, act) {
    var made = document.createElement('button');
    made.type = 'button';
    made.className = 'btn btn-default btn-sm';
    made.textContent = text;
    made.addEventListener('click', act);
    return made;
  }

  /* Of the list that a details page belongs to; else the page itself. */
  servicevm.listUrl = function () {
    var head = document.querySelector('[data-servicevm-index]');
    return head ? head.dataset.servicevmIndex : window.location.pathname;
  };

  function start(box) {
    if (box.servicevmStarted) { return; }
    box.servicevmStarted = true;
    var interval = Number(box.dataset.interval), wait = interval;
    var said = box.querySelector('[data-servicevm-said]');
    var note = box.querySelector('[data-servicevm-stale]');
    var seen = new Date(), timer = null, asking = false, ended = false;
    var minutes = Number(note.dataset.minutes);

    function announce(lines) {
      // The same words twice are only read if they were gone in between.
      said.textContent = '';
      said.textContent = lines.join('. ');
    }

    function fresh(data) {
      // Whoever began something meanwhile is not disturbed.
      if (busy(box)) { return; }
      var lines = servicevm.patch(box, data);
      if (!note.hidden) {
        note.hidden = true;
        note.textContent = '';
        lines.unshift(gettext('Up to date again'));
      }
      if (lines.length) { announce(lines); }
      seen = new Date();
      wait = interval;
      servicevm.toEnd(box);
      box.dispatchEvent(new CustomEvent('servicevm:live', {
        bubbles: true, detail: data}));
    }

    function stop(why) {
      ended = true;
      note.textContent = (why === 'out' ?
        gettext('You are no longer logged in.') :
        gettext('It is gone.')) + ' ';
      note.append(why === 'out' ?
        link(window.location.href, gettext('Log in again')) :
        link(servicevm.listUrl(),
          gettext('Back to the list')));
      note.hidden = false;
    }

    /* Nobody is here: the session is to end as it would without us. */
    function rest() {
      note.textContent = interpolate(ngettext(
        'Nothing was done here for %(count)s minute: what is shown is of ' +
        '%(time)s.',
        'Nothing was done here for %(count)s minutes: what is shown is of ' +
        '%(time)s.', minutes),
      {count: minutes, time: seen.toLocaleTimeString()}, true) + ' ';
      note.append(button(gettext('Go on refreshing'), function () {
        // The button goes; who used it is still here.
        box.tabIndex = -1;
        box.focus({preventScroll: true});
        document.dispatchEvent(new CustomEvent('servicevm:go-on'));
      }));
      note.hidden = false;
    }

    function stale(error) {
      if (error.final === 'moved') {
        // The page of the list is no more; the server knows which is.
        servicevm.reload();
        return false;
      }
      if (error.final) {
        stop(error.final);
        return false;
      }
      wait = Math.min(wait * 2, SLOWEST);
      var text = interpolate(
        gettext('Not up to date since %(time)s: %(why)s'),
        {time: seen.toLocaleTimeString(), why: error.message}, true);
      if (note.textContent !== text) { note.textContent = text; }
      note.hidden = false;
      return true;
    }

    function later(milliseconds) {
      if (ended) { return; }
      clearTimeout(timer);
      timer = setTimeout(tick, milliseconds);
    }

    /* Unless it is only read on demand. */
    function again(milliseconds) {
      if (interval) { later(milliseconds); }
    }

    function tick() {
      if (!document.contains(box)) { return; }
      if (interval && minutes && Date.now() - touched > minutes * 60000) {
        rest();
        return;
      }
      if (asking || busy(box)) {
        again(interval);
        return;
      }
      asking = true;
      ask(box.dataset.servicevmLive).then(function (data) {
        fresh(data);
        return true;
      }).catch(function (error) {
        if (!(error instanceof Refused)) { throw error; }
        return stale(error);
      }).then(function (goOn) {
        asking = false;
        if (goOn) { again(wait); }
      });
    }

    document.addEventListener('visibilitychange', function () {
      if (document.hidden) { return; }
      touched = Date.now();
      // What happened meanwhile is shown at once.
      if (!asking) { again(0); }
    });
    document.addEventListener('servicevm:go-on', function () { again(0); });
    // A tab that is opened again is read again.
    $(document).on('shown.bs.tab', function () {
      if (!asking && new Date() - seen > interval) { again(0); }
    });
    box.addEventListener('click', function (event) {
      if (event.target.closest('[data-servicevm-refresh]')) { later(0); }
    });
    again(interval);
    servicevm.toEnd(box);
    box.dispatchEvent(new CustomEvent('servicevm:started', {bubbles: true}));
  }

  /* Of what grows at its end, the end is shown. */
  servicevm.toEnd = function (box) {
    box.querySelectorAll('[data-servicevm-end]').forEach(function (one) {
      one.scrollTop = one.scrollHeight;
    });
  };

  servicevm.live = function (within) {
    within.querySelectorAll('[data-servicevm-live]').forEach(start);
  };

  document.addEventListener('DOMContentLoaded', function () {
    servicevm.live(document);
    horizon.tabs.addTabLoadFunction(function (pane) {
      servicevm.live($(pane)[0]);
    });
  });
}());
