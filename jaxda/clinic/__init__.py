"""Conditions held against their controls."""

# Of a measurement, each as control and under the condition, unless others are asked for.
INDIVIDUALS = 2_000
