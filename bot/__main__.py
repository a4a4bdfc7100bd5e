"""`python -m bot`: exit status 0 after TERM or INT, 78 when the configuration must be changed first."""

import asyncio
import signal
import sys

from bot.service import BotService
from shared.database import connect
from shared.logs import configure_logging
from shared.settings import ConfigurationError, Settings, read_settings, stop_on_bad_configuration


async def _serve(settings: Settings) -> None:
    service = BotService(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, service.stop)
    await service.run()


def main() -> int:
    """Run until a signal ends it."""
    try:
        settings = read_settings("discord_bot_token")
        configure_logging("bot", settings.log_level)
        connect(settings.mongodb_uri)
        asyncio.run(_serve(settings))
    except ConfigurationError as error:
        stop_on_bad_configuration("bot", error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
