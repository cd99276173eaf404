/* Forms out of a JSON Schema: items of lists come and go, parts are
   switched on and off, what is wrong is said next to its field.

   <div data-schema> ... templates/servicevm/schema/*.html

   All listeners are the document's: a form in a dialogue needs no start. */
(function () {
  'use strict';

  /* More inputs than a server takes: they are sent as one. */
  var MOST_INPUTS = 500;
  var FIELDS = 'input:not([type=hidden]), select, textarea';

  function form(element) {
    return element.closest('[data-schema]');
  }

  function say(box, sentence) {
    var said = box && box.querySelector('[data-schema-said]');
    if (said) { said.textContent = sentence; }
  }

  function named(what, values) {
    return interpolate(what, values, true);
  }

  /* -- lists ------------------------------------------------------------ */

  function items(list) {
    return Array.from(list.querySelectorAll(
      ':scope > [data-schema-items] > [data-schema-item]'));
  }

  function label(list, index) {
    return named(gettext('%(noun)s %(number)s'),
      {noun: list.dataset.noun, number: index + 1});
  }

  function renumber(list) {
    var all = items(list);
    all.forEach(function (item, index) {
      var text = label(list, index);
      var head = item.querySelector('[data-schema-label]');
      var remove = item.querySelector('[data-schema-remove]');
      item.setAttribute('aria-label', text);
      head.textContent = text;
      remove.setAttribute('aria-label',
        named(gettext('Remove %(what)s'), {what: text}));
      remove.disabled = all.length <= Number(list.dataset.least || 0);
    });
    var most = list.dataset.most;
    list.querySelector(':scope > [data-schema-add]').disabled =
      most !== undefined && all.length >= Number(most);
  }

  function add(list) {
    var blank = list.querySelector(':scope > [data-schema-blank]');
    var index = Number(list.dataset.next);
    var holder = document.createElement('div');
    list.dataset.next = index + 1;
    holder.innerHTML = blank.innerHTML.split(list.dataset.mark).join(index);
    var item = holder.querySelector('[data-schema-item]');
    list.querySelector(':scope > [data-schema-items]').append(item);
    item.querySelectorAll('[data-stem]').forEach(function (field) {
      if (field.closest('[data-schema-item]') === item) {
        field.value = field.dataset.stem + unused(list, field);
      }
    });
    item.querySelectorAll('[data-schema-list]').forEach(renumber);
    item.querySelectorAll('[data-reference]').forEach(function (field) {
      var names = referred(field);
      if (names.length === 1 && !field.value) { field.value = names[0]; }
    });
    renumber(list);
    say(form(list), named(gettext('%(what)s was added.'),
      {what: label(list, items(list).length - 1)}));
    var first = item.querySelector(FIELDS);
    if (first) { first.focus(); }
  }

  /* Another page leads to a new item of a list. */
  function begin(wizard) {
    var list = Array.from(wizard.querySelectorAll('[data-schema-list]')).find(
      function (one) {
        return one.dataset.name === wizard.dataset.schemaBegin;
      });
    if (!list) { return; }
    var button = list.querySelector(':scope > [data-schema-add]');
    open(list);
    if (button.disabled) { list.focus(); } else { add(list); }
  }

  /* The first number that makes a name which no other item has. */
  function unused(list, field) {
    var taken = {};
    list.querySelectorAll('input').forEach(function (other) {
      taken[other.value] = true;
    });
    var number = items(list).length;
    while (taken[field.dataset.stem + number]) { number += 1; }
    return number;
  }

  function remove(item) {
    var list = item.closest('[data-schema-list]');
    var gone = item.getAttribute('aria-label');
    var near = item.nextElementSibling || item.previousElementSibling;
    item.remove();
    renumber(list);
    var focus = near && near.querySelector('[data-schema-remove]');
    if (!focus || focus.disabled) {
      focus = list.querySelector(':scope > [data-schema-add]');
    }
    focus.focus();
    say(form(list), named(gettext('%(what)s was removed.'), {what: gone}));
  }

  /* -- references ------------------------------------------------------- */

  function sources(pattern, box) {
    var names = new RegExp('^' + pattern.split('/').map(function (step) {
      return step === '*' ? '\\d+' : step.replace(/[^\w-]/g, '\\$&');
    }).join('/') + '$');
    return Array.from(box.querySelectorAll('input')).filter(function (one) {
      return names.test(one.name);
    });
  }

  function referred(field) {
    return sources(field.dataset.reference, form(field)).map(
      function (one) { return one.value; }).filter(Boolean);
  }

  function offer(field) {
    var list = document.getElementById(field.getAttribute('list'));
    list.replaceChildren.apply(list, referred(field).map(function (name) {
      var option = document.createElement('option');
      option.value = name;
      return option;
    }));
  }

  /* What referred to the old name refers to the new one. */
  function rename(source, old, fresh) {
    form(source).querySelectorAll('[data-reference]').forEach(
      function (field) {
        if (old && field.value === old && field !== source &&
            sources(field.dataset.reference, form(field)).includes(source)) {
          field.value = fresh;
        }
      });
  }

  /* -- what is wrong ---------------------------------------------------- */

  function errors(field) {
    return document.getElementById(field.id + '-errors');
  }

  function complain(field, sentence) {
    var box = errors(field);
    if (!box) { return; }
    box.replaceChildren();
    field.closest('.form-group').classList.toggle('has-error', !!sentence);
    if (!sentence) {
      field.removeAttribute('aria-invalid');
      return;
    }
    var line = document.createElement('p');
    var icon = document.createElement('span');
    line.className = 'text-danger';
    icon.className = 'fa fa-circle-xmark';
    icon.setAttribute('aria-hidden', 'true');
    line.append(icon, ' ' + sentence);
    box.append(line);
    field.setAttribute('aria-invalid', 'true');
    var described = (field.getAttribute('aria-describedby') || '').split(' ');
    if (!described.includes(box.id)) {
      field.setAttribute('aria-describedby',
        described.concat(box.id).join(' ').trim());
    }
  }

  function open(element) {
    for (var box = element.closest('details'); box;
      box = box.parentElement.closest('details')) {
      box.open = true;
    }
  }

  function sentence(field) {
    if (field.validity.customError) { return field.validationMessage; }
    if (field.validity.patternMismatch && field.title) { return field.title; }
    return field.validationMessage;
  }

  var first = null;

  function refused(event) {
    var field = event.target;
    if (!field.closest('[data-schema]')) { return; }
    event.preventDefault();
    open(field);
    complain(field, sentence(field));
    if (!first) {
      first = field;
      setTimeout(function () { first.focus(); first = null; }, 0);
    }
  }

  var NUMBER = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
  var IPV4 = new RegExp('^' + NUMBER + '(\\.' + NUMBER + '){3}$');
  var LABEL = '[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
  var HOSTNAME = new RegExp(
    '^(?=.{1,253}$)' + LABEL + '(\\.' + LABEL + ')*$');

  /* As schema_form/formats.py has them. */
  var FORMATS = {
    ipv4: function (text) { return IPV4.test(text); },
    ipv6: function (text) {
      if (!/^[0-9A-Fa-f:.]+$/.test(text)) { return false; }
      try { return !!new URL('http://[' + text + ']/'); } catch (e) {
        return false;
      }
    },
    hostname: function (text) { return HOSTNAME.test(text); }
  };

  function formatted(field) {
    if (!field.dataset.format) { return; }
    var fits = !field.value || field.dataset.format.split(' ').some(
      function (name) { return FORMATS[name](field.value); });
    field.setCustomValidity(fits ? '' : field.dataset.formatSays);
  }

  function readable(field) {
    if (!('json' in field.dataset)) { return; }
    var message = '';
    try { if (field.value.trim()) { JSON.parse(field.value); } } catch (e) {
      message = gettext('This is not JSON.');
    }
    field.setCustomValidity(message);
  }

  /* -- sending ---------------------------------------------------------- */

  function pack(wizard) {
    var fields = Array.from(wizard.elements).filter(function (one) {
      return one.name && one.type !== 'submit' && !one.matches(':disabled') &&
        one.name !== 'csrfmiddlewaretoken';
    });
    if (fields.length <= MOST_INPUTS) { return; }
    var pairs = Array.from(new FormData(wizard)).filter(function (pair) {
      return pair[0] !== 'csrfmiddlewaretoken';
    });
    var packed = document.createElement('input');
    packed.type = 'hidden';
    packed.name = 'packed';
    packed.value = JSON.stringify(pairs);
    fields.forEach(function (one) { one.disabled = true; });
    wizard.append(packed);
  }

  function send(event) {
    var wizard = event.target;
    if (!('schemaForm' in wizard.dataset)) { return; }
    if (wizard.dataset.sent) { event.preventDefault(); return; }
    wizard.dataset.sent = '1';
    pack(wizard);
  }

  /* Horizon disables what a form was sent with before the browser reads the
     fields, so that the button's own value would not be among them. */
  function chosen(event) {
    var wizard = event.target, button = event.submitter;
    if (!('schemaForm' in wizard.dataset) || !button || !button.name) {
      return;
    }
    wizard.querySelectorAll('[data-schema-chosen]').forEach(
      function (one) { one.remove(); });
    var input = document.createElement('input');
    input.type = 'hidden';
    input.name = button.name;
    input.value = button.value;
    input.dataset.schemaChosen = '';
    wizard.append(input);
  }

  /* -- listeners -------------------------------------------------------- */

  function clicked(event) {
    var button = event.target.closest(
      '[data-schema-add], [data-schema-remove], [data-schema-copy],' +
      ' [data-schema-problem]');
    if (!button) { return; }
    if ('schemaAdd' in button.dataset) {
      add(button.closest('[data-schema-list]'));
    } else if ('schemaRemove' in button.dataset) {
      remove(button.closest('[data-schema-item]'));
    } else if ('schemaProblem' in button.dataset) {
      var field = document.getElementById(
        decodeURIComponent(button.hash.slice(1)));
      if (field) { event.preventDefault(); open(field); field.focus(); }
    } else {
      copy(button);
    }
  }

  function copy(button) {
    var source = document.getElementById(button.dataset.schemaCopy);
    var said = button.parentElement.querySelector('[role=status]');
    navigator.clipboard.writeText(source.textContent).then(function () {
      said.textContent = gettext('Copied.');
    }, function () {
      var range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      said.textContent = gettext('It is selected: copy it now.');
    });
  }

  function changed(event) {
    var field = event.target;
    if (field.dataset.schemaSwitch) {
      var inner = document.getElementById(field.dataset.schemaSwitch);
      inner.disabled = inner.hidden = !field.checked;
    } else if (form(field) && field.dataset.before !== undefined) {
      rename(field, field.dataset.before, field.value);
      field.dataset.before = field.value;
    }
    // Who has left it has written all of it.
    if (form(field) && field.validity && field.validity.customError) {
      complain(field, sentence(field));
    }
  }

  function entered(event) {
    var field = event.target;
    if (!field.closest || !form(field)) { return; }
    if (field.dataset.reference) { offer(field); }
    if (field.type === 'text') { field.dataset.before = field.value; }
  }

  function typed(event) {
    var field = event.target;
    if (!field.closest || !form(field)) { return; }
    readable(field);
    formatted(field);
    if (field.getAttribute('aria-invalid') && field.validity.valid) {
      complain(field, '');
    }
  }

  function start(root) {
    root.querySelectorAll('[data-schema-list]').forEach(renumber);
    root.querySelectorAll('[data-format]').forEach(formatted);
    var wanted = root.querySelector('[data-schema-begin]');
    if (wanted) { begin(wanted); return; }
    var focus = root.querySelector('[data-schema-focus]');
    if (focus) { focus.focus(); }
  }

  document.addEventListener('click', clicked);
  document.addEventListener('change', changed);
  document.addEventListener('focusin', entered);
  document.addEventListener('input', typed);
  document.addEventListener('invalid', refused, true);
  document.addEventListener('submit', chosen, true);
  document.addEventListener('submit', send);
  document.addEventListener('DOMContentLoaded', function () {
    start(document);
    horizon.modals.addModalInitFunction(function (modal) {
      start(modal instanceof Element ? modal : modal[0] || document);
    });
  });
  // A page out of the history may be sent again.
  window.addEventListener('pageshow', function () {
    document.querySelectorAll('[data-schema-form]').forEach(
      function (wizard) { delete wizard.dataset.sent; });
  });
}());
