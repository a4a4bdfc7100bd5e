"""What we use of ccxt, typed where it enters our code."""
