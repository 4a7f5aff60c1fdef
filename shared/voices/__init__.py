"""The voices library: names, records with their files, what goes in and out."""
