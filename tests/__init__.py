"""What proves the product: unit, integration, faults, browser, with emulators of the outside world."""
