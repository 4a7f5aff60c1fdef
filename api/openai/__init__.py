"""The surface of OpenAI's speech API, as its clients call it."""
