"""Jobs in, audio out: the queue's worker, the performers and the engines."""
