/* Horizon's dialogues on pages of ours: they have a name, take the focus,
   close with Escape, and give the focus back. Those that ask whether to do
   something tell its consequences, if the action has an address of them. */
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

  //: The button that was pressed last.
  var pressed = null;

  document.addEventListener('click', function (event) {
    pressed = event.target.closest('[data-servicevm-consequences]');
  }, true);

  /* Where the consequences are told, for what is selected. */
  function address(button) {
    var url = button.dataset.servicevmConsequences;
    var one = button.value.split('__')[2];
    var refs = one ? [one] : Array.prototype.map.call(
      button.form.querySelectorAll('[name=object_ids]:checked'),
      function (box) { return box.value; });
    return url + refs.map(function (ref) {
      return '&id=' + encodeURIComponent(ref);
    }).join('');
  }

  function line(tag, text) {
    var made = document.createElement(tag);
    made.textContent = text;
    return made;
  }

  function consequences(modal, button) {
    var place = document.createElement('div');
    place.setAttribute('role', 'status');
    place.append(line('p', gettext('Looking which services run there ...')));
    modal.querySelector('.modal-body').append(place);
    fetch(address(button), {
      credentials: 'same-origin',
      headers: {'X-Requested-With': 'XMLHttpRequest'}
    }).then(function (answer) {
      if (!answer.ok || answer.redirected) { throw new Error(); }
      return answer.json();
    }).then(function (data) {
      var list = document.createElement('ul');
      data.names.forEach(function (name) { list.append(line('li', name)); });
      place.replaceChildren(line('p', data.said));
      if (data.names.length) { place.append(list); }
      if (data.more) { place.append(line('p', data.more)); }
    }).catch(function () {
      place.replaceChildren(line('p',
        gettext('Which services run there could not be read.')));
    });
  }

  $(document).on('show.bs.modal', '.modal', function () {
    if (!ours(this)) { return; }
    if (pressed) {
      consequences(this, pressed);
      pressed = null;
    }
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
