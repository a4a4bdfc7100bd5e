"""What emulated spot exchanges share: Binance's book, engine, faults and log under another venue's form."""
