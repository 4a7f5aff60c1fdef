"""The front: HTTP and WebSocket in, jobs out, audio relayed; stateless, and free of torch."""
