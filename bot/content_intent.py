"""Whether Discord sends the contents of messages: without the privileged intent they all come empty.

"No signals" must not be how anybody finds out. Two witnesses: the application's own switch, and the messages.
"""

import discord

_EMPTY_IN_A_ROW = 3
_WRITTEN = (discord.MessageType.default, discord.MessageType.reply)


class ContentIntent:
    """What is known of the message content intent."""

    def __init__(self) -> None:
        self._is_switched_on = True
        self._empty_in_a_row = 0

    @property
    def is_on(self) -> bool:
        """Whether contents arrive, as far as can be known."""
        return self._is_switched_on and self._empty_in_a_row < _EMPTY_IN_A_ROW

    def learn_flags(self, flags: discord.ApplicationFlags) -> None:
        """Note the application's switch; small bots have the limited form of it."""
        self._is_switched_on = flags.gateway_message_content or flags.gateway_message_content_limited

    def learn_refusal(self) -> None:
        """Note that Discord refused the session because of the intent."""
        self._is_switched_on = False

    def saw(self, message: discord.Message) -> None:
        """Weigh a message of a guild: nobody can post one with nothing in it.

        A message that mentions the bot arrives whole in any case, so it proves nothing; nor does one whose
        content is of another kind (a poll, a sticker, a forward).
        """
        if message.guild is None or message.type not in _WRITTEN or message.guild.me in message.mentions:
            return
        if message.content or message.embeds or message.attachments or message.components:
            self._empty_in_a_row = 0
        elif not (message.stickers or message.poll or message.message_snapshots):
            self._empty_in_a_row += 1
