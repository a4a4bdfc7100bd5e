"""The command: every check in turn, each within seconds, and an exit status that scripts can use."""

from collections.abc import Iterator

import click

from shared.settings import ConfigurationError
from web.commands.answers import plain, write_json
from web.commands.doctor.findings import Finding, Health, fail
from web.commands.doctor.ports import check_ports
from web.commands.doctor.processes import check_beat, check_bot, check_workers
from web.commands.doctor.secrets import check_secrets
from web.commands.doctor.servers import check_mongodb, check_redis
from web.commands.frame import Command, json_option
from web.commands.session import now, read_command_settings

_COLOURS = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "red"}


@click.command("doctor", cls=Command)
@json_option
@click.pass_context
def doctor(context: click.Context, *, as_json: bool) -> None:
    """Check servers, secrets, clocks, ports, workers, beat and bot; exit status 1 when something FAILs."""
    failed = False
    for finding in examine():
        failed = failed or finding.status is Health.FAIL
        if as_json:
            write_json(plain(finding))
        else:
            _write_line(finding)
    context.exit(1 if failed else 0)


def examine() -> Iterator[Finding]:
    """Run every check; what leans on a server that does not answer is left out, and said once."""
    try:
        settings = read_command_settings()
    except ConfigurationError as error:
        for problem in error.problems:
            yield fail("settings", problem, "run make setup; .env.example explains every variable")
        return
    mongodb = list(check_mongodb(settings))
    yield from mongodb
    redis = list(check_redis(settings))
    yield from redis
    yield from check_secrets(settings)
    yield from check_ports(settings)
    if redis[0].status is Health.FAIL or mongodb[0].status is Health.FAIL:
        yield fail("processes", "not looked at: a server does not answer", "mend the servers first")
        return
    yield from check_workers(settings)
    yield from check_beat(settings, now())
    yield from check_bot(settings, now())


def _write_line(finding: Finding) -> None:
    status = click.style(f"{finding.status:<5}", fg=_COLOURS[finding.status])
    advice = f" — {finding.advice}" if finding.advice else ""
    click.echo(f"{status} {finding.check:<20} {finding.detail}{advice}")
