"""Kill parts of the running system in the middle of a burst; the venue's own log is the judge."""
