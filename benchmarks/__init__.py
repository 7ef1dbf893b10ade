"""Benchmarks: every engine on every workload, side by side; ``make bench`` runs them."""
