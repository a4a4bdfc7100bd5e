"""An emulated Binance USD-M futures market: positions on margin, orders that wait, funding and liquidation."""
