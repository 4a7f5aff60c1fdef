"""The `qtts` command line, start-up, set-up, benchmarks and the writing of reference pages."""
