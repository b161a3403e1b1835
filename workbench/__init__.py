"""What people run by hand: the `glassline` command and its subcommands."""
