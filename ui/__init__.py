"""The dashboard: every task in a browser, over HTTP only."""
