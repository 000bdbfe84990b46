"""One file per subcommand: ``configure(parser)`` declares its arguments, ``run(arguments)`` does it and returns the exit status."""
