"""The parts of scripts/kill_matrix.py."""
