"""ccxt's asynchronous clients."""
