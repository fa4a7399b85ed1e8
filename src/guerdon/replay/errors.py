"""Why a replay cannot go on."""


class ReplayError(Exception):
    """One plain sentence for the person at the terminal."""
