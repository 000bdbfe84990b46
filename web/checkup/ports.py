"""Are the ports ours, or free?"""

from storage.settings import Settings
from web.checkup.finding import Finding, fail, ok
from web.instance import roles_of_one_machine
from web.ports import bindable, holder, needed


def check_ports(settings: Settings, *, running: bool, whole: bool) -> list[Finding]:
    """One finding per port.

    ``running`` says that nodes of ours are up, so that taken ports are good news; ``whole`` that every role should be on this machine.
    """
    findings = []
    for port in needed(settings, roles_of_one_machine(settings)):
        free = bindable(port)
        if running and whole and free:
            meaning = "Fanlight is running, but nothing listens here."
            findings.append(fail(str(port), meaning, "Look at the log: the role behind this port may be restarting."))
        elif free:
            findings.append(ok(str(port), "Free."))
        elif running:
            findings.append(ok(str(port), f"Open, in use by {holder(port) or 'Fanlight'}."))
        else:
            who = holder(port) or "another program"
            findings.append(fail(str(port), f"Taken by {who}.", f"Stop it, or choose another port with {port.setting}."))
    return findings
