"""What ``fanlight doctor`` looks at. Each check returns findings; none raises for what it came to look for."""
