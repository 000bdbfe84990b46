"""What two nodes must agree on: records and their legal states, names, messages, settings, time, and the stores they live in."""
