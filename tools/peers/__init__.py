"""Promotion cases of other platforms (../shared/vectors/peers.json), as rules of ours that the engine judges."""
