"""Who may connect: the accounts file, and the files made from it for mosquitto and its command line tools. Who may
sign in at the page: the people file.

accounts = Accounts(Path("accounts.json"))
password = accounts.add("pi-1", Role.NODE)
accounts.verify("pi-1", password)            # Role.NODE
"""

from .accounts import Accounts
from .entries import AccountsError, EntriesFile
from .mosquitto import client_options, mosquitto_files
from .people import LastAdminError, NobodyError, People, Person, PersonRole, TakenError
from .person_tokens import PersonToken, PersonTokens

__all__ = [
    "Accounts",
    "AccountsError",
    "EntriesFile",
    "LastAdminError",
    "NobodyError",
    "People",
    "Person",
    "PersonRole",
    "PersonToken",
    "PersonTokens",
    "TakenError",
    "client_options",
    "mosquitto_files",
]
