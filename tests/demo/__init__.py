"""`make demo`: the whole system on paper money, fed with about seventy messages, every one accounted for."""
