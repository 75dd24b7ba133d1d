"""The `callrouter` command."""

import os

from callrouter.bootstrap import make_cli_context
from callrouter.cli.commands import cli


def main() -> None:
    """Run the command line with this process's environment."""
    cli(obj=make_cli_context(os.environ))


if __name__ == "__main__":
    main()
