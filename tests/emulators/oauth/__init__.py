"""An OAuth2 provider on loopback: authorise, token, refresh, revoke, with faults on request and a log of its own."""
