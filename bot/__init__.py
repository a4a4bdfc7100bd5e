"""The Discord side, thin: what comes in goes into the inbox and the worker's bell is rung."""
