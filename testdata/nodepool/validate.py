"""Says for each file what Nodepool's own config-validate exits with.

The drivers' client libraries are not installed and not needed for that: what is
missing of them is replaced by a stand-in.
"""
import importlib.abc
import importlib.machinery
import logging
import sys
from unittest.mock import MagicMock

CLIENTS = {
    'boto3', 'botocore', 'google', 'googleapiclient', 'kubernetes', 'openshift',
    'ibm_vpc', 'ibm_platform_services', 'ibm_cloud_sdk_core', 'ibm_boto3',
    'ibm_botocore', 'azure', 'msrest',
}


class StandIn(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        if name.partition('.')[0] in CLIENTS:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = MagicMock()
        module.__path__ = []
        return module

    def exec_module(self, module):
        pass


sys.meta_path.append(StandIn())  # last: only for what nobody else finds
logging.disable(logging.CRITICAL)

from nodepool.cmd.config_validator import ConfigValidator  # noqa: E402

for path in sys.argv[1:]:
    try:
        code = int(ConfigValidator(path).validate())
    except Exception:  # the validator itself fails on some files
        code = 1
    print(code, path)
