"""The command line: `flask --app web <command>`; every command takes `--json` and fails in one line."""

from flask import Flask

from web.commands.account_life import disconnect, revoke_all
from web.commands.account_life import show as show_accounts
from web.commands.account_life import test as test_key
from web.commands.accounts import accounts
from web.commands.audit_log import audit
from web.commands.bot_life import change_terms, pause, show, start, stop
from web.commands.bot_questions import confirm, list_questions
from web.commands.bot_questions import refuse as refuse_question
from web.commands.bot_settings import settings
from web.commands.bots import bots
from web.commands.credentials import credentials
from web.commands.doctor import doctor
from web.commands.followers import followers
from web.commands.halts import halt, resume
from web.commands.idle import wait
from web.commands.jobs import jobs
from web.commands.ledger import fills, orders, positions, receipts, reservations
from web.commands.messages import messages
from web.commands.provider_followers import approve, change
from web.commands.provider_followers import followers as list_followers
from web.commands.provider_followers import refuse as refuse_follower
from web.commands.provider_hook import hook_secret
from web.commands.provider_profile import profile
from web.commands.provider_reach import reach
from web.commands.provider_record import record
from web.commands.providers import providers
from web.commands.setup import setup
from web.commands.trades import trades
from web.commands.users import users

for verb in (show_accounts, test_key, disconnect, revoke_all):
    accounts.add_command(verb)
for verb in (profile, reach, record, change, approve, refuse_follower, list_followers, hook_secret):
    providers.add_command(verb)
for verb in (show, start, pause, stop, change_terms, list_questions, confirm, refuse_question):
    bots.add_command(verb)

COMMANDS = (
    users,
    providers,
    accounts,
    credentials,
    bots,
    settings,
    followers,
    halt,
    resume,
    messages,
    receipts,
    orders,
    fills,
    positions,
    trades,
    reservations,
    audit,
    jobs,
    wait,
    doctor,
    setup,
)


def register(app: Flask) -> None:
    """Add every command to the app's command line."""
    for command in COMMANDS:
        app.cli.add_command(command)
