"""Pages that ask for something in steps.

Each step is a page of its own that the browser sends to the same address;
what was filled in before travels along. So it works at any width and with
the keyboard alone, the back button of a step loses nothing, and what comes
next can depend on what was chosen.
"""

from servicevm_dashboard.wizard.choice import Choice
from servicevm_dashboard.wizard.pages import Wizard
from servicevm_dashboard.wizard.sent import Sent, unpacked
from servicevm_dashboard.wizard.step import FormStep, Step

__all__ = ["Choice", "FormStep", "Sent", "Step", "Wizard", "unpacked"]
