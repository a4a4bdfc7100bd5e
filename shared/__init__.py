"""What every process shares: settings, queue seam, inbox, documents, domain rules and venues."""
