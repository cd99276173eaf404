"""A form out of a JSON Schema, and a document out of the form.

::

    form = SchemaForm(schema, "config", document={"listeners": [...]})
    {% include "servicevm/schema/_form.html" with form=form %}

    form = SchemaForm(schema, "config", data=request.POST)
    if form.is_valid():
        servicevm.call(request, Client.create_service, config=form.document)

Known are objects, lists, strings, numbers, booleans and enumerations; what
else there is (``anyOf``, free keys) is written as JSON text. Besides the
standard's own words a schema may say:

``title``, ``description``
    label and help of a field; without a title the key is made readable
``x-enum-titles``
    words for the values of an ``enum``: a list, or value to word
``x-reference``
    ``$.pools[*].name``: the value is one of those
``x-unique``
    of a list: fields in which no two of its items may be equal; those that
    may not be so together are a list of their own
``x-occupies``
    ``tcp`` or ``udp``: the value is a port of the device, which no other
    service of it may have
``x-sentence``
    beside a ``pattern``: what it asks for
``format``
    ``ipv4``, ``ipv6`` and ``hostname`` are checked in the browser as well;
    an ``anyOf`` of nothing but formats is a text that has one of them
``x-basic``
    ``true``: an optional field that is not put behind "More settings"
``x-multiline``
    ``true``: a text of several lines
"""

from servicevm_dashboard.schema_form.form import Problem, SchemaForm, sent_name
from servicevm_dashboard.schema_form.ports import occupied

__all__ = ["Problem", "SchemaForm", "occupied", "sent_name"]
