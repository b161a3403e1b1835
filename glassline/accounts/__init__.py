"""Who may connect: the accounts file, and the files made from it for mosquitto and its command line tools. Who may
sign in at the page: the people file.

accounts = Accounts(Path("accounts.json"))
password = accounts.add("pi-1", Role.NODE)
accounts.verify("pi-1", password)            # Role.NODE
"""

from .accounts import Accounts
from .entries import AccountsError, EntriesFile
from .mosquitto import client_options, mosquitto_files
from .people import People, Person, PersonRole

__all__ = [
    "Accounts",
    "AccountsError",
    "EntriesFile",
    "People",
    "Person",
    "PersonRole",
    "client_options",
    "mosquitto_files",
]
