"""Plans: what a pipeline is going to say, line by line, before anything is spoken."""
