"""Who may connect: the accounts file, and the files made from it for mosquitto and its command line tools.

accounts = Accounts(Path("accounts.json"))
password = accounts.add("pi-1", Role.NODE)
accounts.verify("pi-1", password)            # Role.NODE
"""

from .accounts import Accounts
from .entries import AccountsError
from .mosquitto import client_options, mosquitto_files

__all__ = ["Accounts", "AccountsError", "client_options", "mosquitto_files"]
