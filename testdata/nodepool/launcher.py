"""nodepool-launcher, with the fake, static and metastatic drivers only and a fake cloud that costs nothing.

Its arguments are nodepool-launcher's. Four things are not as installed, none of them in how
requests are served:
"""

import os
import sys
import threading

from nodepool.cmd.launcher import main
from nodepool.driver import Drivers
from nodepool.driver.fake import FakeDriver
from nodepool.driver.fake.adapter import Dummy, FakeOpenStackCloud
from nodepool.driver.metastatic import MetastaticDriver
from nodepool.driver.static import StaticDriver

# To find one driver Nodepool loads all, and with them the SDK of every cloud.
Drivers.drivers['fake'] = FakeDriver()
Drivers.drivers['static'] = StaticDriver()
Drivers.drivers['metastatic'] = MetastaticDriver()

# The fake cloud refuses the 21st server. Nodepool's own tests replace its quota in the same way.
FakeOpenStackCloud._get_quota = staticmethod(lambda: (-1, -1, -1))

# The fake cloud describes all its servers, at length, at each deletion, for a debug log that
# nobody reads.
Dummy.__repr__ = object.__repr__


def die_with_parent():
    sys.stdin.read()
    os._exit(1)


threading.Thread(target=die_with_parent, daemon=True).start()
main()
