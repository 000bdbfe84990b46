"""Records of the domain. Standard library only: every other package may import these, they import nobody."""
