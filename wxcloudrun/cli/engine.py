"""`flask engine run plan.json`: one plan at the terminal, without a project or a database."""

import click

from wxcloudrun.engine.console import run_plan_file


@click.group()
def engine() -> None:
    """The engine alone."""


@engine.command()
@click.argument("plan", type=click.Path(dir_okay=False))
@click.option(
    "--allow", multiple=True, metavar="RANGE", help="Address range to allow, as 127.0.0.1/32:8080; repeatable."
)
def run(plan: str, allow: tuple[str, ...]) -> None:
    """Run the plan in a JSON file and explain what failed.

    Ctrl-C cancels the run, whose teardown still runs; a second one ends it at once. Exits with 0 passed, 1 failed,
    2 the plan cannot work, 3 error, 4 canceled.
    """
    raise SystemExit(run_plan_file(plan, allow=allow, out=click.echo))
