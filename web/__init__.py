"""The composition root: command, nodes, pages, REST, and the delivery edge."""
