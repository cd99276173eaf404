/* Horizon's dialogues on pages of ours: they have a name, take the focus,
   close with Escape, and give the focus back. */
(function () {
  'use strict';

  var count = 0;

  /* What has the focus; of what is in a menu, which folds, its button. */
  function origin() {
    var active = document.activeElement;
    var menu = active && active.closest('.dropdown-menu');
    return menu ?
      menu.parentNode.querySelector('[data-toggle="dropdown"]') : active;
  }

  /* Spinners have nothing to choose. */
  function ours(modal) {
    return document.querySelector('.servicevm') &&
      modal.querySelector('.modal-footer');
  }

  $(document).on('show.bs.modal', '.modal', function () {
    if (!ours(this)) { return; }
    this.servicevmOrigin = origin();
    this.setAttribute('role', 'dialog');
    this.setAttribute('aria-modal', 'true');
    // Bootstrap hears Escape only where the focus is in it.
    this.setAttribute('tabindex', '-1');
    var title = this.querySelector('.modal-title');
    if (title) {
      title.id = title.id || 'servicevm-dialogue-' + (count += 1);
      this.setAttribute('aria-labelledby', title.id);
    }
    var close = this.querySelector('.modal-header > .close');
    if (close) { close.setAttribute('aria-label', gettext('Close')); }
  });

  $(document).on('shown.bs.modal', '.modal', function () {
    if (!ours(this) ||
        this.matches(':focus-within') && document.activeElement !== this) {
      return;
    }
    // Who presses Enter without reading has deleted nothing.
    (this.querySelector('.modal-footer .cancel') || this).focus();
  });

  $(document).on('hidden.bs.modal', '.modal', function () {
    var back = this.servicevmOrigin;
    if (back && document.contains(back)) { back.focus(); }
  });
}());
