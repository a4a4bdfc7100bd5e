"""The parser's version, stored with every reading: grows with each change that may read a message differently."""

PARSER_VERSION = "3"
