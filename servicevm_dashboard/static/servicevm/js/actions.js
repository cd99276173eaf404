/* An action that is not possible says why, and does nothing; boxes that
   select rows have names. */
(function () {
  'use strict';

  function refuse(event) {
    var action = event.target.closest('.servicevm [aria-disabled="true"]');
    if (action) {
      event.preventDefault();
      event.stopImmediatePropagation();
      $(action).tooltip('show');
    }
  }

  function nameBoxes() {
    document.querySelectorAll('.servicevm .multi-select-header').forEach(
      function (box) { box.setAttribute('aria-label', gettext('Select all')); }
    );
  }

  document.addEventListener('click', refuse, true);
  document.addEventListener('DOMContentLoaded', function () {
    $('body').tooltip({
      selector: '[data-servicevm-why]',
      container: 'body',
      trigger: 'hover focus',
      title: function () { return this.dataset.servicevmWhy; }
    });
    // It is said in the page already; Bootstrap would take that away.
    $(document).on('inserted.bs.tooltip hidden.bs.tooltip',
      '[data-servicevm-why]', function () {
        this.setAttribute('aria-describedby', this.id + '__why');
      });
    horizon.tabs.addTabLoadFunction(nameBoxes);
    // After Horizon has made them.
    $(nameBoxes);
    horizon.addInitFunction(nameBoxes);
  });
}());
