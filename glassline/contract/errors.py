"""The one error of the contract."""


class ContractError(ValueError):
    """Something that came over the wire is not what contract v1 says; the text says expected and got."""
