"""Codes: how they are stored and compared."""


def fold(code: str, case_sensitivity: str) -> str:
    """A code as the Application stores and compares it (core.md §6.1)."""
    if case_sensitivity == "insensitive-uppercase":
        return code.upper()
    return code.lower() if case_sensitivity == "insensitive-lowercase" else code
