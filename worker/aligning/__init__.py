"""When each word is heard: told by the engine or found by an aligner, and put as it is written."""
