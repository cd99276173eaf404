/* Menus of rows on small screens: where a table scrolls sideways it would
   cut them off, so they lie above it there, within the screen. */
(function () {
  'use strict';

  //: Pixels between a menu and the edge of the screen.
  var EDGE = 8;
  var open = null;

  function clipped(group) {
    var wrapper = group.closest('.table_wrapper');
    return wrapper && getComputedStyle(wrapper).overflowX !== 'visible';
  }

  function place() {
    var toggle = open.querySelector('.dropdown-toggle')
      .getBoundingClientRect();
    var menu = open.querySelector('.dropdown-menu');
    menu.style.position = 'fixed';
    menu.style.right = 'auto';
    menu.style.maxWidth = window.innerWidth - 2 * EDGE + 'px';
    var left = Math.min(toggle.right, window.innerWidth - EDGE) -
      menu.offsetWidth;
    var top = toggle.bottom;
    if (top + menu.offsetHeight > window.innerHeight - EDGE) {
      top = toggle.top - menu.offsetHeight;
    }
    menu.style.left = Math.max(left, EDGE) + 'px';
    menu.style.top = Math.max(top, EDGE) + 'px';
  }

  function moved() { if (open) { place(); } }

  document.addEventListener('DOMContentLoaded', function () {
    $(document).on('shown.bs.dropdown', '.servicevm .btn-group',
      function () {
        if (!clipped(this)) { return; }
        open = this;
        place();
      });
    $(document).on('hidden.bs.dropdown', '.servicevm .btn-group',
      function () {
        if (open !== this) { return; }
        open.querySelector('.dropdown-menu').removeAttribute('style');
        open = null;
      });
    // Also what scrolls within the page.
    document.addEventListener('scroll', moved, true);
    window.addEventListener('resize', moved);
  });
}());
