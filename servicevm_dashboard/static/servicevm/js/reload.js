/* What is typed into a list's filter outlives that the page loads itself
   again. */
(function () {
  'use strict';

  var KEY = 'servicevm-filter';
  var servicevm = window.servicevm = window.servicevm || {};

  function fields() {
    return Array.prototype.slice.call(document.querySelectorAll(
      '.servicevm-filter input:not([type=hidden]), .servicevm-filter select'));
  }

  function keep() {
    var active = document.activeElement;
    sessionStorage.setItem(KEY, JSON.stringify({
      url: window.location.href,
      values: fields().map(function (one) { return [one.name, one.value]; }),
      focus: active && active.closest('.servicevm-filter') ?
        [active.name, active.selectionStart, active.selectionEnd] : null
    }));
  }

  function restore() {
    var kept = JSON.parse(sessionStorage.getItem(KEY));
    sessionStorage.removeItem(KEY);
    if (!kept || kept.url !== window.location.href) { return; }
    var values = new Map(kept.values);
    fields().forEach(function (one) {
      if (!values.has(one.name)) { return; }
      var before = one.value;
      one.value = values.get(one.name);
      // It may not be offered any more.
      if (one.value !== values.get(one.name)) { one.value = before; }
      if (!kept.focus || kept.focus[0] !== one.name) { return; }
      one.focus({preventScroll: true});
      if (one.type === 'text') {
        one.setSelectionRange(kept.focus[1], kept.focus[2]);
      }
    });
  }

  /* Load the page again, because it is another by now. */
  servicevm.reload = function () {
    keep();
    window.location.reload();
  };

  document.addEventListener('DOMContentLoaded', restore);
}());
