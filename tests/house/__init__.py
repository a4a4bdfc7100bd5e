"""The whole system on real servers in a folder of its own: for the demo, the fault tests, the benchmarks, the browser."""
